import Documents
import Execution
import Files
import Glibc
import Logging
import ServiceLifecycle
import Spool
import SystemPackage
import Threads
import Watching

/// The running program: puts the parts together, serves until it is told to stop, and takes them down in order.
package struct Orchestrator: Sendable {
    package var layout: Layout
    package var source: any JobSource
    /// `bobbin-watch`; nil = look at the folders every second instead.
    package var watcherProgram: FilePath?
    /// Work off what is there, then end.
    package var isDraining: Bool
    package var clocks: Clocks
    package var notice: @Sendable (String) -> Void
    /// Items that run at a time, of all triggered jobs together; nil = as many as each job may.
    package var maxRuns: Int?
    /// Of the program, for those who look at who is at work.
    package var version: String?
    /// Told of every change of an item's state.
    package var recorder: any TransitionRecorder
    /// Who has started this program and wants to know how it goes; nil = nobody.
    package var serviceManager: ServiceManager?
    /// Told of SIGHUP, before the jobs are read.
    package var onHangUp: @Sendable () -> Void

    package init(
        layout: Layout, source: any JobSource, watcherProgram: FilePath?, isDraining: Bool, maxRuns: Int? = nil, version: String? = nil,
        clocks: Clocks = .system, recorder: any TransitionRecorder, serviceManager: ServiceManager? = nil,
        onHangUp: @escaping @Sendable () -> Void = {}, notice: @escaping @Sendable (String) -> Void
    ) {
        self.layout = layout
        self.source = source
        self.watcherProgram = watcherProgram
        self.isDraining = isDraining
        self.maxRuns = maxRuns
        self.version = version
        self.clocks = clocks
        self.recorder = recorder
        self.serviceManager = serviceManager
        self.onHangUp = onHangUp
        self.notice = notice
    }

    /// What an operator says by signals. To be held (`Signals.hold`) before the program starts a thread.
    package static let signals = [SIGTERM, SIGINT, SIGHUP]

    /// A drain leaves items that rest longer than this to a later start.
    private static let drainHorizon = Duration.seconds(5)

    /// Returns when a signal (or the end of a drain) has ended it and everything is put away.
    ///
    /// - Throws: `StartCheck.Refusal`, or what keeps the parts from starting.
    package func run(onReady: @escaping @Sendable () -> Void) async throws {
        let spool = try StartCheck.run(layout)
        let instances = try Instances.register(dataFolder: layout.data, clocks: clocks, version: version)
        defer {
            instances.removeDead(afterRecovery: true)
            instances.resign()
        }
        let coordinator = try FolderCoordinator(dataFolder: layout.data, instances: instances, clocks: clocks)
        let report = serviceManager.map { ServiceReport($0, clocks: clocks) }
        let runner = Runner(instance: instances.own, clocks: clocks, onChange: { report?.changed() })
        let watcher = Watcher(program: watcherProgram, clocks: clocks, onNotice: notice)
        let router = EventRouter(watcher: watcher)
        let board = JobBoard(
            layout: layout, spool: spool, runner: runner, router: router, instances: instances, coordinator: coordinator,
            slots: maxRuns.map { RunSlots(limit: $0) }, clocks: clocks, notice: notice, onTransition: { [recorder] in recorder.record($0) })
        let timekeeper =
            isDraining
            ? nil
            : Timekeeper(
                layout: layout, coordinator: coordinator, clocks: clocks, notice: notice,
                cancel: { await board.cancel($1, in: $0) })
        // Who works off what is there and ends starts nothing that runs for ever.
        let places = try RunPlaces(layout.runs, instances: instances, clocks: clocks)
        let continuous =
            isDraining
            ? nil
            : ContinuousBoard(
                Supervisor.Surroundings(
                    layout: layout, runner: runner, places: places, coordinator: coordinator, instances: instances, clocks: clocks,
                    notice: notice))
        await report?.follow { await board.numbers + (continuous?.numbers ?? .init()) }
        let follower = JobFollower(
            source: source, board: board, timekeeper: timekeeper, continuous: continuous, router: router, clocks: clocks,
            onReady: {
                onReady()
                await report?.ready()
            }, onRead: { report?.changed() })
        let housekeeper = Housekeeper(
            board: board, continuous: continuous, router: router, instances: instances, spool: layout.spool, clocks: clocks, notice: notice,
            pruneHistory: { [recorder] in await recorder.prune($0) })

        // Taken down from the last to the first: jobs before the watcher, the recorder at the very end.
        var logger = Logger(label: "bobbin")
        logger.logLevel = .warning
        let group = ServiceGroup(
            configuration: .init(
                services: [
                    .init(service: RecorderService(recorder: recorder)),
                    .init(service: router),
                    .init(service: RoleFollower(coordinator: coordinator, router: router), successTerminationBehavior: .ignore),
                    .init(service: housekeeper, successTerminationBehavior: .ignore),
                    .init(service: Boards(triggered: board, continuous: continuous), successTerminationBehavior: .gracefullyShutdownGroup),
                    .init(service: follower, successTerminationBehavior: .ignore),
                    .init(
                        service: OrderFollower(orders: try JobOrders(layout), board: board, continuous: continuous, router: router),
                        successTerminationBehavior: .ignore),
                ] + [timekeeper].compactMap { $0.map { .init(service: $0, successTerminationBehavior: .ignore) } }, logger: logger))
        let signals = Task { await followSignals(group, follower, runner, report) }
        let drain = isDraining ? Task { await waitUntilDrained(board, housekeeper, group, report) } : nil
        let watchdog = report.map { report in Task { await report.feedWatchdog() } }
        defer {
            signals.cancel()
            drain?.cancel()
            watchdog?.cancel()
        }
        try await group.run()
        await runner.endOrphans()
        await report?.end()
    }

    /// SIGHUP reads the jobs anew. The first SIGTERM or SIGINT stops in order, a second one at once.
    private func followSignals(_ group: ServiceGroup, _ follower: JobFollower, _ runner: Runner, _ report: ServiceReport?) async {
        var count = 0
        for await number in Signals.sequence(Self.signals) {
            let signal = SignalName.of(Int(number))
            if number == SIGHUP {
                onHangUp()
                notice(Priority.info + "\(signal): reading the jobs anew")
                await report?.reloading()
                await follower.reload()
                await report?.ready()
                continue
            }
            count += 1
            if count == 1 {
                notice(Priority.info + "\(signal): stopping; what runs may finish within its stopping_wait_time (once more stops at once)")
                await report?.stop()
                await group.triggerGracefulShutdown()
            } else {
                notice(Priority.info + "\(signal) again: stopping at once")
                runner.killAll()
            }
        }
    }

    private func waitUntilDrained(
        _ board: JobBoard, _ housekeeper: Housekeeper, _ group: ServiceGroup, _ report: ServiceReport?
    ) async {
        // Twice in a row: between two looks nothing may have been on its way from one state to another.
        var quietLooks = 0
        while quietLooks < 3 {
            do { try await Task.sleep(for: .milliseconds(50)) } catch { return }
            quietLooks = await board.isDrained(horizon: Self.drainHorizon) ? quietLooks + 1 : 0
        }
        // Whoever only ever drains would otherwise never be swept.
        await housekeeper.sweep()
        await housekeeper.bury()
        await report?.stop()
        await group.triggerGracefulShutdown()
    }
}

/// All jobs, of both kinds: they stop side by side, and so within the longest grace.
private struct Boards: Service {
    let triggered: JobBoard
    let continuous: ContinuousBoard?

    func run() async {
        async let other: Void? = continuous?.run()
        await triggered.run()
        await other
    }
}

/// Keeps what happened, for history. Must not block.
package protocol TransitionRecorder: Sendable {
    func record(_ transition: Transition)
    /// Forgets what is over the limits of each queue.
    func prune(_ limits: [FileName: Retention.Limit]) async
    /// Writes what is still in memory.
    func flush() async
}

/// Writes the last records when everything else has ended.
private struct RecorderService: Service {
    let recorder: any TransitionRecorder

    func run() async throws {
        try? await gracefulShutdown()
        await recorder.flush()
    }
}
