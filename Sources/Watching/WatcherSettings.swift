/// Intervals and limits of a `Watcher`. The defaults are what Bobbin runs with; tests shorten them.
package struct WatcherSettings: Sendable {
    /// How often a folder without events is told to be looked at.
    package var pollInterval: Duration = .seconds(1)
    /// How often every folder is told to be looked at, whatever events say. Everything else that need not happen at
    /// once (is the path still this folder, is there room for one more watch) waits for it, so that an idle watcher
    /// wakes up once in this time.
    package var rescanInterval: Duration = .seconds(60)
    /// How long the event of a probe file may take.
    package var probeTimeout: Duration = .seconds(2)
    /// The first and the longest pause before a missing folder is looked for, or a dead bobbin-watch is started, again;
    /// in between it doubles.
    package var firstPause: Duration = .milliseconds(100)
    package var longestPause: Duration = .seconds(10)
    /// A bobbin-watch that lived this long was fine: the next pause is the first again.
    package var stableAfter: Duration = .seconds(60)
    /// How long bobbin-watch may take to say that it is ready.
    package var startTimeout: Duration = .seconds(10)
    /// Changes kept for a slow reader before the names of a folder become one `lost(.overflow)`; about 150 bytes each.
    package var bufferLimit = 16_384

    package init() {}

    func pause(after pause: Duration?) -> Duration {
        guard let pause else { return firstPause }
        return min(pause * 2, longestPause)
    }
}
