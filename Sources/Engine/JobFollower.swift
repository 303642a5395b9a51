import Documents
import Files
import Hosting
import ServiceLifecycle
import SystemPackage
import Watching

/// Reads the job folders at the start and whenever something in them changes, and keeps the boards in step with them.
actor JobFollower: Service {
    /// Looks are not made more often, whatever happens in the folders.
    private static let pause = Duration.milliseconds(100)
    /// Jobs that were changed just before the start are waited for, since they have to be quiet for a second.
    private static let startPatience = Duration.milliseconds(1500)

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
    private var lookAgainAt: Duration?
    private var alarm: Task<Void, Never>?
    private var lastLook: Task<Void, Never>?

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
        await cancelWhenGracefulShutdown {
            await self.begin()
            await self.follow()
        }
        alarm?.cancel()
    }

    private func begin() async {
        await reload()
        await onReady()
    }

    /// Reads all jobs anew, and brings what runs in step with them: also those that were changed a moment before, and have
    /// to be quiet first.
    func reload() async {
        await look(at: nil)
        let end = clocks.uptime() + Self.startPatience
        while let due = lookAgainAt, due < end, !Task.isCancelled {
            try? await Task.sleep(for: max(due - clocks.uptime(), .milliseconds(1)))
            await look(at: [])
        }
    }

    /// One look after the other.
    private func look(at changed: Set<JobKey>?) async {
        let before = lastLook
        let task = Task {
            await before?.value
            await read(changed)
        }
        lastLook = task
        await task.value
    }

    private func read(_ changed: Set<JobKey>?) async {
        let source = source
        let found = await Offload.run { source.load(changed) }
        lookAgainAt = found.lookAgainAt
        setAlarm()
        await board.expectMore(found.hasMore)
        if found.hasNews {
            await board.take(found.triggered)
            // Their queues are there now.
            await timekeeper?.take(found.triggered.compactMapValues(\.schedule))
            await continuous?.take(found.continuous)
        }
        await watch()
        onRead()
    }

    private func setAlarm() {
        alarm?.cancel()
        alarm = lookAgainAt.map { due in
            Task { [router, clocks] in
                do { try await Task.sleep(for: max(due - clocks.uptime(), .milliseconds(1))) } catch { return }
                router.askForLook()
            }
        }
    }

    private func follow() async {
        for await _ in router.jobChanges {
            await look(at: router.takeChangedJobs())
            do { try await Task.sleep(for: Self.pause) } catch { return }
        }
    }

    private func watch() async {
        let wanted = source.watchedFolders()
        for (path, job) in wanted where tokens[path] == nil {
            tokens[path] = await router.add(FilePath(path), job.map { .job($0) } ?? .jobs)
        }
        let paths = Set(wanted.map(\.path))
        for (path, token) in tokens where !paths.contains(path) {
            router.remove(token)
            tokens[path] = nil
        }
    }
}
