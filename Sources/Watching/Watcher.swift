import Files
import Glibc
import Synchronization
import SystemPackage

/// Tells of changes in folders, by events where the kernel gives them and by saying "look again" where it does not.
///
/// Add folders, read `changes` from one task, and have another call `run()`. A folder that is added is told of with
/// `lost(.started)`, `lost(.polling)` or `lost(.replaced)`, always once it is covered: whoever looks through it at that
/// moment, and at every later `lost`, misses nothing.
package final class Watcher: Sendable {
    /// What happens, in batches, in order for each folder. One reader. Ends when `run()` ends.
    ///
    /// A change of a folder may come before `add` has returned its token, and some may follow its removal: keep the
    /// first until the token is known, ignore the latter.
    package let changes: AsyncStream<[FolderChange]>

    private let loop: WatcherLoop
    private let life = Life()

    private final class Life: Sendable {
        struct State {
            enum Phase { case new, running, ended }
            var lastToken = 0
            var phase = Phase.new
            /// Those who wait for the end.
            var waiters: [CheckedContinuation<Void, Never>] = []
        }
        let state = Mutex(State())

        func end() {
            let waiters = state.withLock { state in
                defer { state.waiters = [] }
                state.phase = .ended
                return state.waiters
            }
            for waiter in waiters { waiter.resume() }
        }
    }

    /// - Parameters:
    ///   - program: bobbin-watch; nil = every folder is polled, because that is wanted.
    ///   - clocks: `uptime` is used; it must agree with the pace of time since boot, unless time may stand still.
    ///   - onNotice: called with what the operator should know, once for each matter, in one sentence or two with the
    ///     mend. Called in the watcher's turn: it must not wait.
    package init(
        program: FilePath?, settings: WatcherSettings = WatcherSettings(), clocks: Clocks = .system,
        onNotice: @escaping @Sendable (String) -> Void
    ) {
        let loop = WatcherLoop(program, settings, clocks, onNotice: onNotice, onEnd: { [life] in life.end() })
        self.loop = loop
        changes = AsyncStream(unfolding: { await loop.outbox.next() }, onCancel: { loop.outbox.finish() })
    }

    /// Adds a folder, which need not exist yet. Returns without waiting for the file system.
    ///
    /// - Parameter isWhole: removals and hidden names count, too. Not for an inbox, which everything leaves.
    package func add(path: FilePath, isWhole: Bool = false) async -> WatchToken {
        let token = life.state.withLock { state in
            state.lastToken += 1
            return WatchToken(number: state.lastToken)
        }
        loop.post(.add(token, path, isWhole: isWhole))
        return token
    }

    package func remove(_ token: WatchToken) { loop.post(.remove(token)) }

    /// Proves that events of the folder arrive, or that they do not: makes a hidden file and waits for its event, at
    /// most `probeTimeout` once the file is made. A failed probe makes the folders of that file system polled.
    package func probe(_ token: WatchToken) async -> ProbeResult {
        await withCheckedContinuation { continuation in
            if !loop.post(.probe(token, continuation)) {
                continuation.resume(returning: .impossible("the watcher has ended"))
            }
        }
    }

    package var health: WatcherHealth {
        var health = loop.machine.withLock { $0.snapshot() }
        health.watchLimit = .watches
        return health
    }

    /// Watches until the task is cancelled or `shutdown()` is called; then bobbin-watch has ended, too. A watcher runs
    /// once: a second call returns when the first does, a call after the end returns at once.
    package func run() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let phase = life.state.withLock { state in
                    defer { if state.phase == .new { state.phase = .running } }
                    if state.phase != .ended { state.waiters.append(continuation) }
                    return state.phase
                }
                switch phase {
                case .new: loop.start()
                case .running: break
                case .ended: continuation.resume()
                }
            }
        } onCancel: {
            loop.post(.stop)
        }
    }

    /// Ends `run()` and waits for its end. Before `run()`: it will not start any more.
    package func shutdown() async {
        loop.post(.stop)
        await withCheckedContinuation { continuation in
            let isRunning = life.state.withLock { state in
                if state.phase == .running { state.waiters.append(continuation) } else { state.phase = .ended }
                return state.phase == .running
            }
            if !isRunning {
                loop.close()
                continuation.resume()
            }
        }
    }
}
