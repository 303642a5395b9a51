import Documents
import Execution
import Files
import Glibc
import Spool
import SystemPackage

/// Keeps one continuous job running: starts it, starts it again when it has ended, stops it when it is to stop.
///
/// `work` is the one line of events; everything else only says what is wanted and gives it a nudge.
actor Supervisor {
    /// What a supervisor needs around it.
    struct Surroundings: Sendable {
        let layout: Layout
        let runner: Runner
        let places: RunPlaces
        let coordinator: any Coordinator & RoleLocks
        let instances: Instances
        let clocks: Clocks
        let notice: @Sendable (String) -> Void
    }

    /// Why the job does not run.
    enum Rest: Equatable {
        case disabled, broken, removed
        /// Exit code 125.
        case finished
        case shutdown

        var state: ContinuousState { self == .disabled ? .disabling : .stopping }

        var words: String? {
            switch self {
            case .disabled: "disabled"
            case .broken: "it cannot be run"
            case .removed: "its folder is gone"
            case .finished: "exit code 125: stopped for good, until it is started or changed"
            case .shutdown: nil
            }
        }
    }

    let name: FileName
    let around: Surroundings
    let log: RolledLog
    let data: Folder
    var job: ContinuousJob?
    /// nil = it is to run, as soon as it is known.
    var rest: Rest?
    /// Grows whenever what runs must not go on: the job was changed, somebody wants it started anew.
    var generation = 0
    var current: ItemID?
    var policy = RestartPolicy(Backoff())
    /// The wait for the next start is over before its time.
    var isHurried = false
    var hasNews = false
    var waiter: CheckedContinuation<Void, Never>?
    var report: ContinuousReport
    /// The reason that the operator was last told.
    var toldReason: String?

    init(_ name: FileName, _ around: Surroundings) throws(FileError) {
        self.name = name
        self.around = around
        data = try Folder.make(around.layout.continuousData(name), mode: 0o750)
        log = RolledLog(in: data, instance: around.instances.own, clocks: around.clocks)
        report = ContinuousReport(since: around.clocks.now())
    }

    // MARK: Work

    /// Returns after `shutDown`.
    func work() async {
        removeStatusOfTheDead()
        while rest != .shutdown {
            if rest != nil {
                await restUntilNews()
            } else if let job {
                await live(job)
            } else {
                await pause()
            }
        }
        show { $0.state = .stopped }
        removeStatus()
    }

    private func restUntilNews() async {
        show {
            $0.state = .stopped
            $0.reason = rest?.words
            ($0.nextStart, $0.pid, $0.run) = (nil, nil, nil)
        }
        if rest == .removed { removeStatus() }
        await pause()
    }

    func isWanted(_ generation: Int) -> Bool { rest == nil && generation == self.generation }

    /// From a start to the time when it must not go on as it is.
    private func live(_ job: ContinuousJob) async {
        let generation = generation
        show {
            $0.state = .initializing
            $0.starts = 0
            ($0.reason, $0.nextStart, $0.lastEnd, $0.pid, $0.run) = (nil, nil, nil, nil, nil)
        }
        guard await isFree(generation) else { return }
        let tenure = job.isSingleton ? await takeRole(generation) : nil
        if tenure != nil || !job.isSingleton { await keepRunning(job, tenure, generation) }
        guard let tenure else { return }
        // Stopped for good is stopped everywhere: the others do not get it.
        while rest == .finished { await restUntilNews() }
        await around.coordinator.release(tenure)
        log.system("WebJob singleton lock is released")
    }

    private func keepRunning(_ job: ContinuousJob, _ tenure: Tenure?, _ generation: Int) async {
        while isWanted(generation) {
            let began = around.clocks.uptime()
            let result = await runOnce(job, tenure, generation)
            guard isWanted(generation) else { break }
            let ending = Ending(result)
            if ending.isForGood {
                around.notice(Priority.info + "continuous job \(name.escaped) has stopped for good (exit code 125)")
                rest = .finished
                break
            }
            let delay = policy.delay(afterLife: around.clocks.uptime() - began)
            wentDown(ending, delay)
            await wait(delay, generation)
        }
    }

    private func runOnce(_ job: ContinuousJob, _ tenure: Tenure?, _ generation: Int) async -> ScriptResult {
        show {
            $0.state = .starting
            $0.starts += 1
            $0.reason = nil
            $0.nextStart = nil
        }
        let place: RunPlace
        do throws(FileError) {
            place = try around.places.make(of: name, grace: job.grace)
            if let group = job.identity?.group {
                for folder in [data, place.folder] {
                    try Reach.share(folder, with: group)
                    try Reach.open(from: around.layout.data, to: folder.path)
                }
            }
        } catch {
            let now = around.clocks.now()
            log.system("\(error)", isError: true)
            return ScriptResult(
                end: .notStarted(step: "making the run's folder", error.code), cutOff: nil, startedAt: now, finishedAt: now,
                errorTail: "\(error)")
        }
        let plan = ContinuousPlan(job: job, layout: around.layout, instance: around.instances.own, log: log)
        let role = tenure.flatMap { around.coordinator.lock(of: $0) }
        current = place.run
        // The start is told from within the runner's own work, which cannot wait for an actor.
        let result = await around.runner.run(plan.script(place, role: role)) { pid in
            Task { await self.started(place.run, pid, generation) }
        }
        current = nil
        around.places.remove(place.run)
        // Until here the run has a share of its snapshot's lock.
        return withExtendedLifetime(job.deployment) { result }
    }

    private func started(_ run: ItemID, _ pid: pid_t, _ generation: Int) {
        guard current == run else { return }
        // What was wanted meanwhile did not reach a run that had not begun.
        guard isWanted(generation) else { return around.runner.askToFinish(run) }
        show {
            $0.state = .running
            $0.pid = pid
            $0.run = run
        }
    }

    private func wentDown(_ ending: Ending, _ delay: Duration) {
        log.system("Process went down (\(ending.words)), waiting for \(DurationText.text(delay))", isError: !ending.isGood)
        show {
            $0.state = .pendingRestart
            $0.reason = ending.isBroken ? "the job is broken: \(ending.words)" : ending.words
            $0.lastEnd = ending.words
            $0.nextStart = around.clocks.now() + delay
            $0.pid = nil
            $0.run = nil
        }
        // A crash loop is told once; how it goes on stands in its state and its log.
        guard toldReason != ending.words else { return }
        toldReason = ending.words
        around.notice(
            "continuous job \(name.escaped) \(ending.isBroken ? "is broken" : "went down") (\(ending.words)); it is started again in \(DurationText.text(delay))"
        )
    }
}
