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
        job: Job, queue: Queue, runner: Runner, layout: Layout, instance: ItemID, clocks: Clocks,
        notice: @escaping @Sendable (String) -> Void, onCircuit: @escaping @Sendable (Circuit, String?) -> Void
    ) {
        self.job = job
        plan = RunPlan(job: job, layout: layout, instance: instance)
        self.queue = queue
        self.runner = runner
        self.layout = layout
        self.instance = instance
        self.clocks = clocks
        self.notice = notice
        self.onCircuit = onCircuit
    }

    /// Puts a changed job in force for the items that start from now on.
    func apply(_ job: Job) {
        let mayBeMended = job.changed != self.job.changed
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
    func stop() {
        isStopping = true
        circuitTimer?.cancel()
    }

    var isIdle: Bool { running == 0 }

    private var free: Int {
        guard !isStopping, !job.isDisabled else { return 0 }
        return circuit.allowance(limit: job.maxConcurrency, at: clocks.uptime()) - running
    }

    /// Claims for all free places.
    private func fill() async -> [Grant] {
        let wanted = free
        guard wanted > 0 else {
            hasMissedHint = true
            return []
        }
        running += wanted
        let grants = await queue.claim(upTo: wanted)
        running -= wanted - grants.count
        return grants
    }

    /// Works one place, item after item, until there is nothing to do for it.
    private nonisolated func work(from first: Grant) async {
        var next: Grant? = first
        while let grant = next {
            await perform(grant)
            next = await nextGrant()
        }
    }

    private func nextGrant() async -> Grant? {
        // This place counts as running all the while.
        if free >= 0, !isStopping, !job.isDisabled, let grant = await queue.claim(upTo: 1).first { return grant }
        running -= 1
        if hasMissedHint, running == 0 || free > 0 {
            hasMissedHint = false
            queue.nudge()
        }
        return nil
    }

    private nonisolated func perform(_ grant: Grant) async {
        guard let (script, policy) = await plan(grant) else {
            await queue.giveBack([grant], reason: .stopped)
            return
        }
        let result = await runner.run(script)
        let judgement = policy.judge(result)
        if judgement.meaning == .shortage {
            await shortage(result, grant)
            return
        }
        let runResult = RunResult(
            ending: RunEnding(judgement.queueMeaning, reason: judgement.reason, exitCode: judgement.exitCode, signal: judgement.signal),
            startedAt: result.startedAt, finishedAt: result.finishedAt, error: result.errorTail, hasLog: result.hasLog)
        _ = await queue.commit([(grant, runResult)])
        if judgement.meaning == .jobBroken {
            await broken(judgement, result)
        } else if judgement.meaning != .stopped {
            await worked()
        }
    }

    /// What to start for a grant; nil when nothing may start any more.
    private func plan(_ grant: Grant) async -> (Script, ExitPolicy)? {
        guard !isStopping, let site = await queue.localise(grant) else { return nil }
        return (plan.script(grant, site), job.policy)
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
            notice("job \(job.name.escaped) works again")
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
