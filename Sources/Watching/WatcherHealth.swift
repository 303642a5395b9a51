import SystemPackage

/// How the watching is going, at one moment: for `doctor`, metrics and tests.
package struct WatcherHealth: Sendable, Equatable {
    /// The process of bobbin-watch; nil while there is none.
    package var watcherProcess: Int32?
    /// It runs and has said that it is ready.
    package var isWatcherAlive = false
    /// The last attempt to start it failed, so there will be no events until somebody mends it.
    package var isUnstartable = false
    /// How often it was started again after it had ended.
    package var restarts = 0
    /// How often the kernel's queue overflowed (settable: fs.inotify.max_queued_events).
    package var overflows = 0
    /// How often the names of a folder were coalesced because the reader of `changes` was slow.
    package var coalesced = 0
    /// Folders this watcher has a watch on; the folders that contain them, often one for all, are watched besides.
    package var watchesInUse = 0
    /// Nil when unknown.
    package var watchLimit: InotifyLimit?
    /// In the order in which they were added.
    package var folders: [FolderHealth] = []

    package init() {}
}

package struct FolderHealth: Sendable, Equatable {
    package var folder: WatchToken
    package var path: FilePath
    package var mode: Mode
    /// What the last probe on this folder's file system told; nil before the first.
    package var lastProbe: ProbeResult?

    package enum Mode: Sendable, Equatable {
        /// Events are on.
        case events
        /// Told to be looked at every poll interval; the text says why there are no events.
        case polling(String)
        /// There is no folder at the path, or none that can be watched; the text says why.
        case missing(String)
    }
}

/// What came of a probe: a hidden file, made and removed at once, whose event must arrive.
package enum ProbeResult: Sendable, Equatable {
    /// Events work; this is how long the event took.
    case delivered(after: Duration)
    /// The file was made, and no event came in time.
    case silent
    /// The probe proves nothing; the text says why (the folder is polled or missing, the file cannot be made).
    case impossible(String)
}
