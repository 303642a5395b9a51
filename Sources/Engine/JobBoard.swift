import Documents
import Execution
import Files
import ServiceLifecycle
import Spool
import SystemPackage
import Watching

/// Keeps one dispatcher for each job that can run, in step with the job folders.
actor JobBoard: Service {
    /// A job at work.
    private struct Seat {
        var job: Job
        let queue: FolderQueue
        let folder: Folder
        let dispatcher: Dispatcher
        let tokens: [WatchToken]
    }

    /// A change of a job's folder is acted on when it has been quiet for this long, but not later than the ceiling.
    private static let quietTime = Duration.seconds(1)
    private static let ceiling = Duration.seconds(10)

    private let layout: Layout
    private let source: any JobSource
    private let spool: Folder
    private let runner: Runner
    private let router: EventRouter
    private let instances: Instances
    private let clocks: Clocks
    private let notice: @Sendable (String) -> Void
    private let onTransition: @Sendable (Transition) -> Void

    private var seats: [FileName: Seat] = [:]
    private var problems: [FileName: [String]] = [:]
    private var jobTokens: [String: WatchToken] = [:]
    private var isStopping = false
    /// Queues of removed jobs that still finish what runs.
    private var retirements: [Task<Void, Never>] = []
    /// Dispatchers to be run by `run`.
    private let newcomers: AsyncStream<FileName>
    private let newcomer: AsyncStream<FileName>.Continuation
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
            loaded.finish()
            let followers = [Task { await self.followJobFolders() }, Task { await self.followQueueFolders() }]
            onReady()
            await withDiscardingTaskGroup { group in
                for await name in newcomers {
                    guard let seat = seats[name] else { continue }
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
        for retirement in retirements { await retirement.value }
        for seat in seats.values { await seat.queue.close() }
    }

    /// Starts nothing more and asks what runs to finish; `run` returns when all of it has ended and is committed.
    private func stop() async {
        isStopping = true
        for seat in seats.values { await seat.dispatcher.stop() }
        runner.askAllToFinish()
        for seat in seats.values { seat.queue.stopHinting() }
        newcomer.finish()
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
        for seat in seats.values {
            guard await seat.dispatcher.isIdle, await seat.queue.isDrained(horizon: horizon) || seat.job.isDisabled else { return false }
        }
        return true
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
            if isStopping { return }
            await reload()
        }
    }

    private func newestChange() -> [Instant] {
        source.watchedFolders().compactMap { path in (try? Folder.open(FilePath(path)).file.stamp())?.changed }
    }

    /// Reads the jobs anew, and brings what runs in step with them.
    func reload() async {
        let source = source
        let found = await Offload.run { source.load() }
        if isStopping { return }
        for (name, state) in found {
            switch state {
            case .ready(let job, let problems):
                await seat(job)
                report(name, problems, isWorking: true)
            case .broken(let problems):
                // Its queue is made all the same: what is dropped there waits until the job is mended.
                _ = try? QueueLayout.make(name, in: spool)
                report(name, problems, isWorking: false)
            }
        }
        for (name, seat) in seats where found[name] == nil { await remove(name, seat, because: "its folder is gone") }
        await watchJobFolders()
    }

    private func watchJobFolders() async {
        let wanted = source.watchedFolders()
        for path in wanted where jobTokens[path] == nil { jobTokens[path] = await router.add(FilePath(path), .jobs) }
        for (path, token) in jobTokens where !wanted.contains(path) {
            router.remove(token)
            jobTokens[path] = nil
        }
    }

    private func report(_ name: FileName, _ found: [String], isWorking: Bool) {
        if problems[name] ?? [] != found {
            for problem in found { notice(problem) }
            if found.isEmpty, problems[name] != nil { notice("job \(name.escaped): its settings are good again") }
            problems[name] = found
        }
        if isWorking == (seats[name] != nil) { writeState(name, circuit: nil, why: nil) }
    }

    // MARK: Seats

    private func seat(_ job: Job) async {
        if var seat = seats[job.name] {
            guard Set(seat.job.inboxes) == Set(job.inboxes) else {
                await remove(job.name, seat, because: nil)
                return await open(job)
            }
            seat.job = job
            seats[job.name] = seat
            await seat.queue.apply(job.rules)
            await seat.dispatcher.apply(job)
            seat.queue.nudge()
        } else {
            await open(job)
        }
    }

    private func open(_ job: Job) async {
        do throws(FileError) {
            let folder = try QueueLayout.make(job.name, in: spool)
            var inboxes: [Folder] = []
            let device = try folder.file.stamp().device
            for path in job.inboxes {
                let inbox = try Folder.open(path)
                guard try inbox.file.stamp().device == device else {
                    // Items are moved by rename.
                    throw FileError(.move, "\(path.escaped) (setting inbox) to \(folder.path.escaped)", .improperLink)
                }
                inboxes.append(inbox)
            }
            _ = try Folder.make(layout.jobData(job.name), mode: 0o750)
            let queue = FolderQueue(
                name: job.name, spool: spool, folder: folder, inboxes: inboxes, rules: job.rules, around: surroundings(of: job))
            let name = job.name
            let dispatcher = Dispatcher(
                job: job, queue: queue, runner: runner, layout: layout, instance: instances.own, clocks: clocks, notice: notice,
                onCircuit: { circuit, why in Task { await self.writeState(name, circuit: circuit, why: why) } })
            var tokens = [
                await router.add(folder.path, .inbox(queue, index: 0)),
                await router.add(folder.path.appending("retry"), .retry(queue)),
            ]
            for (index, inbox) in inboxes.enumerated() { tokens.append(await router.add(inbox.path, .inbox(queue, index: index + 1))) }
            seats[name] = Seat(job: job, queue: queue, folder: folder, dispatcher: dispatcher, tokens: tokens)
            newcomer.yield(name)
        } catch {
            report(job.name, ["job \(job.name.escaped): its queue cannot be opened: \(error)"], isWorking: false)
        }
    }

    private func surroundings(of job: Job) -> FolderQueue.Surroundings {
        let (runner, clocks, notice, grace) = (runner, clocks, notice, job.grace)
        return FolderQueue.Surroundings(
            clocks: clocks, instances: instances,
            endOrphans: { orphans in
                let prey = orphans.map { OrphanHunter.Prey(run: $0.run, payloadPath: $0.payloadPath, grace: min(grace, .seconds(5))) }
                let (ended, survivors) = await OrphanHunter(clocks: clocks).end(prey)
                if !ended.isEmpty { notice("ended \(ended.count) processes left behind by an orchestrator that is gone") }
                return survivors
            },
            onTransition: onTransition, cancelRun: { runner.cancel($0) }, notice: notice)
    }

    private func remove(_ name: FileName, _ seat: Seat, because reason: String?) async {
        seats[name] = nil
        if let reason { notice("job \(name.escaped) stops: \(reason); its queue stays") }
        for token in seat.tokens { router.remove(token) }
        await seat.dispatcher.stop()
        seat.queue.stopHinting()
        let retirement = Task {
            // Runs that are under way end by themselves; only then does the queue let go.
            while await !seat.dispatcher.isIdle { try? await Task.sleep(for: .milliseconds(100)) }
            await seat.queue.close()
        }
        retirements.append(retirement)
    }

    /// A queue folder that was renamed, removed or replaced is opened anew; its job goes on with what is there now.
    private func followQueueFolders() async {
        for await name in router.replacedQueues {
            guard !isStopping, let seat = seats[name], !seat.folder.isStillAtPath() else { continue }
            notice("queue \(name.escaped): \(seat.folder.path.escaped) was moved, removed or replaced; it is opened anew")
            await remove(name, seat, because: nil)
            await open(seat.job)
        }
    }

    // MARK: State for those who look

    /// `data/jobs/triggered/NAME/state.json`: what `bobbin jobs` shows beside what it reads from the folders itself.
    private func writeState(_ name: FileName, circuit: Circuit?, why: String?) {
        var members: [JSON.Member] = [
            .init("job", .string(name.escaped)),
            .init("state", .string(seats[name] == nil ? "Stopped" : seats[name]?.job.isDisabled == true ? "Stopped" : "Running")),
            .init("problems", .array((problems[name] ?? []).map(JSON.string))),
            .init("instance", .string(instances.own.description)),
            .init("at", JSON(clocks.now())),
        ]
        if let circuit, circuit.state != .closed {
            members.append(.init("circuit", ["state": "open", "trips": JSON(circuit.trips), "reason": JSON(why)]))
        }
        do throws(FileError) {
            let folder = try Folder.make(layout.jobData(name), mode: 0o750)
            try folder.replace(RelativePath("state.json"), with: JSON.object(members).prettyBytes, mode: 0o644)
        } catch {
            notice("job \(name.escaped): its state cannot be shown: \(error)")
        }
    }
}
