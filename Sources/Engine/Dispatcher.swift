import Documents
import Execution
import Files
import Spool

/// Runs the items of one queue: claims while there are free places, runs, commits, and claims again.
///
/// Each place is a task that works item after item; hints from the queue fill the places that are free.
actor Dispatcher {
    typealias Queue = any WorkQueue & PayloadStore

    let queue: Queue
    private let runner: Runner
    private let layout: Layout
    private let instance: ItemID
    private let seat: SingletonSeat
    /// Shared with all jobs; nil = each has its own limit only.
    private let slots: RunSlots?
    /// The job is a singleton, and its role has been taken.
    private var isSeated = false
    private let clocks: Clocks
    private let notice: @Sendable (String) -> Void
    private var job: Job
    private var plan: RunPlan
    private(set) var circuit = Circuit()
    private var running = 0
    private var isStopping = false
    /// A hint came while all places were taken or a claim was under way.
    private var hasMissedHint = false
    private var circuitTimer: Task<Void, Never>?
    /// Told when the circuit changes, so that it can be shown.
    private let onCircuit: @Sendable (Circuit, String?) -> Void

    init(
        job: Job, queue: Queue, runner: Runner, layout: Layout, instance: ItemID, seat: SingletonSeat, slots: RunSlots?, clocks: Clocks,
        notice: @escaping @Sendable (String) -> Void, onCircuit: @escaping @Sendable (Circuit, String?) -> Void
    ) {
        self.job = job
        plan = RunPlan(job: job, layout: layout, instance: instance)
        self.queue = queue
        self.runner = runner
        self.layout = layout
        self.instance = instance
        self.seat = seat
        self.slots = slots
        slots?.join(job.name) { queue.nudge() }
        self.clocks = clocks
        self.notice = notice
        self.onCircuit = onCircuit
    }

    /// Puts a changed job in force for the items that start from now on.
    func apply(_ job: Job) {
        let mayBeMended = job.changed != self.job.changed || job.deployment !== self.job.deployment
        self.job = job
        plan = RunPlan(job: job, layout: layout, instance: instance)
        guard mayBeMended else { return }
        circuit = Circuit()
        onCircuit(circuit, nil)
    }

    /// Works until `stop`, then until the last run has been committed.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await _ in queue.hints {
                for grant in await fill() { group.addTask { await self.work(from: grant) } }
            }
        }
    }

    /// Starts nothing more. `run` returns when what runs has ended.
    func stop() async {
        isStopping = true
        slots?.withdraw(job.name)
        circuitTimer?.cancel()
        await seat.close()
    }

    var isIdle: Bool { running == 0 }

    private var free: Int {
        guard !isStopping, !job.isDisabled else { return 0 }
        return circuit.allowance(limit: job.isSingleton ? 1 : job.maxConcurrency, at: clocks.uptime()) - running
    }

    /// Claims for all free places.
    private func fill() async -> [Grant] {
        let limit = free
        guard limit > 0 else {
            hasMissedHint = true
            slots?.withdraw(job.name)
            return []
        }
        let wanted = slots?.take(job.name, weight: job.weight, upTo: limit) ?? limit
        guard wanted > 0 else { return [] }
        running += wanted
        // Taken before anything is claimed: whoever does not get it leaves the items to the one that has it.
        if job.isSingleton {
            isSeated = await seat.take()
            guard isSeated else {
                giveBack(wanted)
                running -= wanted
                return []
            }
        }
        let grants = await queue.claim(upTo: wanted)
        if grants.count < wanted { giveBack(wanted - grants.count) }
        if grants.isEmpty { await leaveSeat() }
        running -= wanted - grants.count
        return grants
    }

    /// Works one place, item after item, until there is nothing to do for it. The next item starts before the outcome of
    /// the last one is filed: the place is free once the run has ended, and filing takes as long as a small run's start.
    private nonisolated func work(from first: Grant) async {
        await withTaskGroup(of: Void.self) { group in
            var next = Next.grant(first)
            while case .grant(let grant) = next {
                let ended = await perform(grant)
                // What blames the job or the machine decides whether anything may start, and is looked at first.
                if !ended.isOrdinary { await file(ended) }
                next = await nextGrant()
                // One outcome at a time is under way for a place, whatever holds it up.
                await group.waitForAll()
                if ended.isOrdinary { group.addTask { await self.file(ended) } }
            }
            await group.waitForAll()
            await leave(hasSlot: next == .nothing)
        }
    }

    /// What a place does next.
    private enum Next: Equatable {
        case grant(Grant)
        case nothing
        /// Another job has been given the place.
        case displaced

        static func == (left: Next, right: Next) -> Bool {
            switch (left, right) {
            case (.nothing, .nothing), (.displaced, .displaced): true
            case (.grant(let left), .grant(let right)): left.run == right.run
            case (.grant, _), (.nothing, _), (.displaced, _): false
            }
        }
    }

    private func nextGrant() async -> Next {
        // This place counts as running all the while.
        guard free >= 0, !isStopping, !job.isDisabled else { return .nothing }
        if let slots, !slots.keep(job.name, weight: job.weight) { return .displaced }
        if job.isSingleton, await !seat.keep(unless: runner.mayHaveOrphans) {
            hasMissedHint = true
            return .nothing
        }
        return await queue.claim(upTo: 1).first.map(Next.grant) ?? .nothing
    }

    /// Places that there is nothing for at present.
    private func giveBack(_ count: Int) { slots?.give(job.name, count) }

    private func leaveSeat() async {
        guard isSeated else { return }
        isSeated = false
        await seat.leave()
    }

    /// The place has nothing more to do.
    private func leave(hasSlot: Bool) async {
        await leaveSeat()
        if hasSlot { giveBack(1) }
        running -= 1
        if hasMissedHint, running == 0 || free > 0 {
            hasMissedHint = false
            queue.nudge()
        }
    }

    private struct Ended: Sendable {
        let grant: Grant
        /// nil = nothing was started.
        let outcome: (result: ScriptResult, judgement: ExitPolicy.Judgement, deployment: String)?

        var isOrdinary: Bool {
            switch outcome?.judgement.meaning {
            case .success, .failure, .badInput, .again, .cancelled: true
            case .jobBroken, .stopped, .shortage, nil: false
            }
        }
    }

    private nonisolated func perform(_ grant: Grant) async -> Ended {
        guard let (script, job) = await plan(grant) else { return Ended(grant: grant, outcome: nil) }
        let result = await runner.run(script)
        // Until here the run has a share of its snapshot's lock.
        return withExtendedLifetime(job.deployment) {
            Ended(grant: grant, outcome: (result, job.policy.judge(result), job.deploymentID))
        }
    }

    /// Has the queue decide what the ending means for the item, and draws the conclusions for the job.
    private nonisolated func file(_ ended: Ended) async {
        let grant = ended.grant
        guard let (result, judgement, deployment) = ended.outcome else { return await queue.giveBack([grant], reason: .stopped) }
        guard judgement.meaning != .shortage else { return await shortage(result, grant) }
        let runResult = RunResult(
            ending: RunEnding(judgement.queueMeaning, reason: judgement.reason, exitCode: judgement.exitCode, signal: judgement.signal),
            startedAt: result.startedAt, finishedAt: result.finishedAt, error: result.errorTail, hasLog: result.hasLog,
            deployment: deployment)
        _ = await queue.commit([(grant, runResult)])
        if judgement.meaning == .jobBroken {
            await broken(judgement, result)
        } else if judgement.meaning != .stopped {
            await worked()
        }
    }

    /// What to start for a grant; nil when nothing may start any more.
    private func plan(_ grant: Grant) async -> (Script, Job)? {
        guard !isStopping, let site = await queue.localise(grant, deployment: job.deploymentID) else { return nil }
        let role = isSeated ? await seat.lock : nil
        guard !job.isSingleton || role != nil else { return nil }
        return (plan.script(grant, site, role: role), job)
    }

    // MARK: Trouble

    private func shortage(_ result: ScriptResult, _ grant: Grant) async {
        notice("job \(job.name.escaped): \(result.errorTail); the item waits, and it is tried again")
        await queue.giveBack([grant], reason: .shortage)
        try? await Task.sleep(for: .seconds(1))
    }

    private func broken(_ judgement: ExitPolicy.Judgement, _ result: ScriptResult) {
        let wasClosed = circuit.state == .closed
        let until = circuit.trip(backoff: job.rules.limits.backoff, at: clocks.uptime())
        let pause = until - clocks.uptime()
        let why = result.errorTail.isEmpty ? judgement.exitCode.map { "exit code \($0)" } ?? judgement.reason : result.errorTail
        if wasClosed {
            notice(
                "job \(job.name.escaped) is broken (\(why)); its items wait without using an attempt; one item tries again in \(DurationText.text(pause))"
            )
        }
        onCircuit(circuit, why)
        circuitTimer?.cancel()
        circuitTimer = Task { [queue] in
            try? await Task.sleep(for: pause + .milliseconds(1))
            if !Task.isCancelled { queue.nudge() }
        }
    }

    private func worked() {
        if circuit.succeed() {
            notice(Priority.info + "job \(job.name.escaped) works again")
            onCircuit(circuit, nil)
            queue.nudge()
        }
    }
}

extension ExitPolicy.Judgement {
    /// The same in the words of the queue.
    fileprivate var queueMeaning: RunEnding.Meaning {
        switch meaning {
        case .success: .success
        case .failure: .failure
        case .badInput: .badInput
        case .jobBroken: .jobBroken
        case .again: .again
        case .cancelled: .cancelled
        case .stopped, .shortage: .stopped
        }
    }
}
