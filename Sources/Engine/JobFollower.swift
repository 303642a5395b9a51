import Documents
import Files
import ServiceLifecycle
import SystemPackage
import Watching

/// Reads the job folders at the start and whenever something in them changes, and keeps the boards in step with them.
actor JobFollower: Service {
    /// A change of a job's folder is acted on when it has been quiet for this long, but not later than the ceiling.
    private static let quietTime = Duration.seconds(1)
    private static let ceiling = Duration.seconds(10)

    private let source: any JobSource
    private let board: JobBoard
    private let timekeeper: Timekeeper?
    /// nil = continuous jobs are left alone.
    private let continuous: ContinuousBoard?
    private let router: EventRouter
    private let clocks: Clocks
    private let onReady: @Sendable () async -> Void
    private let onRead: @Sendable () -> Void
    private var tokens: [String: WatchToken] = [:]
    private var lastReload: Task<Void, Never>?

    /// - Parameters:
    ///   - onReady: told when the jobs have been read for the first time.
    ///   - onRead: told whenever they have been read.
    init(
        source: any JobSource, board: JobBoard, timekeeper: Timekeeper?, continuous: ContinuousBoard?, router: EventRouter,
        clocks: Clocks, onReady: @escaping @Sendable () async -> Void, onRead: @escaping @Sendable () -> Void
    ) {
        self.source = source
        self.board = board
        self.timekeeper = timekeeper
        self.continuous = continuous
        self.router = router
        self.clocks = clocks
        self.onReady = onReady
        self.onRead = onRead
    }

    func run() async {
        await reload()
        await onReady()
        await cancelWhenGracefulShutdown { await self.follow() }
    }

    /// Reads all jobs anew, and brings what runs in step with them. One reading after the other.
    func reload() async {
        let before = lastReload
        let task = Task {
            await before?.value
            await read()
        }
        lastReload = task
        await task.value
    }

    private func read() async {
        let source = source
        let found = await Offload.run { source.load() }
        await board.take(found.triggered)
        // Their queues are there now.
        await timekeeper?.take(found.triggered.compactMapValues(\.schedule))
        await continuous?.take(found.continuous)
        await watch()
        onRead()
    }

    private func follow() async {
        for await _ in router.jobChanges {
            let began = clocks.uptime()
            // A steady writer must not put it off for ever.
            while clocks.uptime() - began < Self.ceiling {
                let before = newestChange()
                do { try await Task.sleep(for: Self.quietTime) } catch { return }
                if newestChange() == before { break }
            }
            await reload()
        }
    }

    private func newestChange() -> [Instant] {
        source.watchedFolders().compactMap { path in (try? Folder.open(FilePath(path)).file.stamp())?.changed }
    }

    private func watch() async {
        let wanted = source.watchedFolders()
        for path in wanted where tokens[path] == nil { tokens[path] = await router.add(FilePath(path), .jobs) }
        for (path, token) in tokens where !wanted.contains(path) {
            router.remove(token)
            tokens[path] = nil
        }
    }
}
