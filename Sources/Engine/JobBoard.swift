import Documents
import Execution
import Files
import ServiceLifecycle
import Spool
import SystemPackage
import Watching

/// Keeps one dispatcher for each job that can run, in step with the job folders.
actor JobBoard: Service {
    /// A change of a job's folder is acted on when it has been quiet for this long, but not later than the ceiling.
    private static let quietTime = Duration.seconds(1)
    private static let ceiling = Duration.seconds(10)

    let layout: Layout
    private let source: any JobSource
    var spool: Folder
    let runner: Runner
    let router: EventRouter
    let instances: Instances
    let clocks: Clocks
    let notice: @Sendable (String) -> Void
    let onTransition: @Sendable (Transition) -> Void

    var seats: [FileName: Seat] = [:]
    /// Seats that take nothing new and finish what runs: of jobs that were removed, of folders that were moved away.
    var retired: [Seat] = []
    var absentees: [FileName: Absentee] = [:]
    var problems: [FileName: [String]] = [:]
    /// Those that are open, and why.
    var circuits: [FileName: (circuit: Circuit, why: String?)] = [:]
    private var jobTokens: [String: WatchToken] = [:]
    /// What `writeState` wrote last.
    var shown: [FileName: JSON] = [:]
    private(set) var isStopping = false
    private var isLoaded = false
    private var lastChange: Task<Void, Never>?
    /// Seats to be worked by `run`.
    private let newcomers: AsyncStream<Seat>
    let newcomer: AsyncStream<Seat>.Continuation
    private let onReady: @Sendable () -> Void
    /// Ends when the jobs have been read for the first time.
    private let loading: AsyncStream<Void>
    private let loaded: AsyncStream<Void>.Continuation

    init(
        layout: Layout, source: any JobSource, spool: Folder, runner: Runner, router: EventRouter, instances: Instances,
        clocks: Clocks, notice: @escaping @Sendable (String) -> Void,
        onTransition: @escaping @Sendable (Transition) -> Void, onReady: @escaping @Sendable () -> Void
    ) {
        self.layout = layout
        self.source = source
        self.spool = spool
        self.runner = runner
        self.router = router
        self.instances = instances
        self.clocks = clocks
        self.notice = notice
        self.onTransition = onTransition
        self.onReady = onReady
        (newcomers, newcomer) = AsyncStream.makeStream()
        (loading, loaded) = AsyncStream.makeStream()
    }

    func run() async {
        await withGracefulShutdownHandler {
            await reload()
            isLoaded = true
            loaded.finish()
            let followers = [Task { await self.followJobFolders() }, Task { await self.followQueueFolders() }]
            onReady()
            await withDiscardingTaskGroup { group in
                for await seat in newcomers {
                    group.addTask { await seat.dispatcher.run() }
                    group.addTask { _ = await seat.queue.recover() }
                }
            }
            for follower in followers {
                follower.cancel()
                await follower.value
            }
        } onGracefulShutdown: {
            Task { await self.stop() }
        }
        for seat in seats.values + retired { await seat.queue.close() }
    }

    /// Starts nothing more and asks what runs to finish; `run` returns when all of it has ended and is committed.
    private func stop() async {
        isStopping = true
        for seat in seats.values + retired { await seat.dispatcher.stop() }
        runner.askAllToFinish()
        for seat in seats.values + retired { seat.queue.stopHinting() }
        newcomer.finish()
    }

    /// Makes changes of the board one after the other: each waits for files, and for other actors, in between.
    func change(_ body: @escaping @Sendable (isolated JobBoard) async -> Void) async {
        let before = lastChange
        let task = Task {
            await before?.value
            if !isStopping { await body(self) }
        }
        lastChange = task
        await task.value
    }

    nonisolated func waitUntilLoaded() async {
        for await _ in loading {}
    }

    /// The queues at work, for the housekeeper.
    var queues: [(queue: FolderQueue, folder: Folder, rules: QueueRules)] {
        seats.values.map { ($0.queue, $0.folder, $0.job.rules) }
    }

    var historyLimits: [FileName: Retention.Limit] { seats.mapValues(\.job.historyLimit) }

    /// Whether nothing can start within `horizon`.
    func isDrained(horizon: Duration) async -> Bool {
        guard isLoaded else { return false }
        for seat in seats.values {
            guard await seat.dispatcher.isIdle, await seat.queue.isDrained(horizon: horizon) || seat.job.isDisabled else { return false }
        }
        return retired.isEmpty
    }

    // MARK: Job folders

    private func followJobFolders() async {
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

    /// Reads the jobs anew, and brings what runs in step with them.
    func reload() async { await change { await $0.readJobs() } }

    private func readJobs() async {
        let source = source
        let found = await Offload.run { source.load() }
        for (name, state) in found {
            switch state {
            case .ready(let job, let problems):
                await seat(job)
                report(name, problems)
            case .broken(let problems):
                // Its queue is made all the same: what is dropped there waits until the job is mended.
                _ = try? QueueLayout.make(name, in: spool)
                await hold(name)
                report(name, problems)
            }
        }
        for name in seats.keys where found[name] == nil {
            notice("job \(name.escaped) stops: its folder is gone; its queue stays")
            await retire(name)
        }
        for name in absentees.keys where found[name] == nil { forgetAbsence(name) }
        await watchJobFolders()
    }

    /// A job that cannot run any more starts nothing until it is mended; what runs ends by itself.
    private func hold(_ name: FileName) async {
        guard var job = seats[name]?.job else { return }
        job.isDisabled = true
        await seat(job)
    }

    private func watchJobFolders() async {
        let wanted = source.watchedFolders()
        for path in wanted where jobTokens[path] == nil { jobTokens[path] = await router.add(FilePath(path), .jobs) }
        for (path, token) in jobTokens where !wanted.contains(path) {
            router.remove(token)
            jobTokens[path] = nil
        }
    }

    private func report(_ name: FileName, _ found: [String]) {
        if problems[name] ?? [] != found {
            for problem in found { notice(problem) }
            if found.isEmpty, problems[name] != nil { notice("job \(name.escaped): its settings are good again") }
            problems[name] = found
        }
        writeState(name)
    }
}
