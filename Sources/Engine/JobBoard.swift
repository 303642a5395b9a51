import Documents
import Execution
import Files
import ServiceLifecycle
import Spool
import SystemPackage
import Watching

/// Keeps one dispatcher for each job that can run, in step with the job folders.
actor JobBoard: Service {
    let layout: Layout
    var spool: Folder
    let runner: Runner
    let router: EventRouter
    let instances: Instances
    let coordinator: any Coordinator & RoleLocks
    let slots: RunSlots?
    let clocks: Clocks
    let notice: @Sendable (String) -> Void
    let onTransition: @Sendable (Transition) -> Void

    var seats: [FileName: Seat] = [:]
    /// Seats that take nothing new and finish what runs: of jobs that were removed, of folders that were moved away.
    var retired: [Seat] = []
    var absentees: [FileName: Absentee] = [:]
    var problems: [FileName: [String]] = [:]
    /// Held by an operator: they take nothing, as with the setting `disabled`.
    private var held: Set<FileName> = []
    /// As they were found, whether held or not.
    private var found: [FileName: Job] = [:]
    /// Those that are open, and why.
    var circuits: [FileName: (circuit: Circuit, why: String?)] = [:]
    /// What `writeState` wrote last.
    var shown: [FileName: JSON] = [:]
    private(set) var isStopping = false
    private var isLoaded = false
    /// Jobs are there that are not ready to be taken.
    private var hasMore = false
    private var lastChange: Task<Void, Never>?
    /// To be worked by `run`: not the seats themselves, whose jobs would stay, with the snapshots they hold.
    typealias Newcomer = (dispatcher: Dispatcher, queue: FolderQueue)
    private let newcomers: AsyncStream<Newcomer>
    let newcomer: AsyncStream<Newcomer>.Continuation
    /// Ends when the jobs have been read for the first time.
    private let loading: AsyncStream<Void>
    private let loaded: AsyncStream<Void>.Continuation

    init(
        layout: Layout, spool: Folder, runner: Runner, router: EventRouter, instances: Instances,
        coordinator: any Coordinator & RoleLocks, slots: RunSlots? = nil, clocks: Clocks, notice: @escaping @Sendable (String) -> Void,
        onTransition: @escaping @Sendable (Transition) -> Void
    ) {
        self.layout = layout
        self.spool = spool
        self.runner = runner
        self.router = router
        self.instances = instances
        self.coordinator = coordinator
        self.slots = slots
        self.clocks = clocks
        self.notice = notice
        self.onTransition = onTransition
        (newcomers, newcomer) = AsyncStream.makeStream()
        (loading, loaded) = AsyncStream.makeStream()
    }

    func run() async {
        await withGracefulShutdownHandler {
            let follower = Task { await self.followQueueFolders() }
            await withDiscardingTaskGroup { group in
                for await (dispatcher, queue) in newcomers {
                    group.addTask { await dispatcher.run() }
                    group.addTask { _ = await queue.recover() }
                }
            }
            follower.cancel()
            await follower.value
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

    /// Cancels an item that rests or runs.
    func cancel(_ item: ItemID, in queue: FileName) async { _ = await seats[queue]?.queue.control(item, .cancel) }

    var historyLimits: [FileName: Retention.Limit] { seats.mapValues(\.job.historyLimit) }

    /// Whether nothing can start within `horizon`.
    func isDrained(horizon: Duration) async -> Bool {
        guard isLoaded, !hasMore else { return false }
        for seat in seats.values {
            guard await seat.dispatcher.isIdle, await seat.queue.isDrained(horizon: horizon) || seat.job.isDisabled else { return false }
        }
        return retired.isEmpty
    }

    // MARK: Jobs

    /// Whether jobs are on their way.
    func expectMore(_ hasMore: Bool) { self.hasMore = hasMore }

    /// Brings what runs in step with the jobs there are now.
    func take(_ found: [FileName: JobState<Job>]) async {
        await change { await $0.follow(found) }
        isLoaded = true
        loaded.finish()
    }

    private func follow(_ found: [FileName: JobState<Job>]) async {
        self.found = [:]
        for (name, state) in found {
            switch state {
            case .ready(let job, let problems):
                self.found[name] = job
                await seat(unlessHeld(job))
                report(name, problems)
            case .broken(let problems):
                // Its queue is made all the same: what is dropped there waits until the job is mended.
                _ = try? QueueLayout.make(name, in: spool)
                await hold(name)
                report(name, problems)
            }
        }
        for name in seats.keys where found[name] == nil {
            notice(Priority.info + "job \(name.escaped) stops: its folder is gone; its queue stays")
            await retire(name)
        }
        for name in absentees.keys where found[name] == nil { forgetAbsence(name) }
        for name in problems.keys where found[name] == nil { problems[name] = nil }
    }

    private func unlessHeld(_ job: Job) -> Job {
        var job = job
        if held.contains(job.name) { job.isDisabled = true }
        return job
    }

    /// Holds these jobs and no others.
    func hold(_ names: Set<FileName>) async {
        await change { board in
            let changed = names.symmetricDifference(board.held)
            board.held = names
            for job in board.found.values where changed.contains(job.name) {
                await board.seat(board.unlessHeld(job))
                board.writeState(job.name)
            }
        }
    }

    /// A job that cannot run any more starts nothing until it is mended; what runs ends by itself.
    private func hold(_ name: FileName) async {
        guard var job = seats[name]?.job else { return }
        job.isDisabled = true
        await seat(job)
    }

    private func report(_ name: FileName, _ found: [String]) {
        if problems[name] ?? [] != found {
            for problem in found { notice(problem) }
            if found.isEmpty, problems[name] != nil { notice(Priority.info + "job \(name.escaped): its settings are good again") }
            problems[name] = found
        }
        writeState(name)
    }
}
