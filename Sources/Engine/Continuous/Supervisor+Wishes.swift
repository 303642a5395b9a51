import Documents
import Execution
import Files
import Spool
import SystemPackage

/// What is wanted of the job: by its folder, by operators, by the end of the orchestrator.
extension Supervisor {
    /// Brings what runs in step with the job as it was found; nil = it is gone.
    func take(_ state: JobState<ContinuousJob>?) {
        guard rest != .shutdown else { return }
        switch state {
        case nil: halt(.removed, [])
        case .broken(let problems): halt(.broken, problems)
        case .ready(let job, let problems):
            tell(problems)
            let before = self.job
            self.job = job
            policy.backoff = job.restarts
            let isChanged = before.map { $0.fabric != job.fabric } ?? true
            if job.isDisabled || Self.exists(job.disableFile) { return halt(.disabled, problems) }
            if rest == .finished, !isChanged { return }
            if isChanged, current != nil { log.system("WebJob files or settings were updated, refreshing WebJob") }
            if isChanged || rest != nil { begin() }
        }
    }

    private static func exists(_ path: FilePath) -> Bool {
        guard let name = path.name, let folder = try? Folder.open(path.removingLastComponent()) else { return false }
        return folder.exists(RelativePath(name))
    }

    private func halt(_ reason: Rest, _ problems: [String]) {
        tell(problems)
        guard rest != reason else { return }
        rest = reason
        end()
    }

    private func begin() {
        rest = nil
        policy.reset()
        generation += 1
        if current == nil { show { $0.state = .initializing } }
        end()
    }

    /// An order is carried out once. `disable.job` says whether the job is to run; the order, that it is looked at now.
    func obey(_ order: JobOrders.Order) {
        guard order.id != report.order, rest != .shutdown else { return }
        let isStopped = job.map { $0.isDisabled || Self.exists($0.disableFile) } ?? true
        switch order.kind {
        case .stop: if isStopped, rest == nil || rest == .finished { halt(.disabled, report.problems) }
        case .start:
            if isStopped || rest == .broken || rest == .removed { break }
            if rest != nil { begin() } else if current == nil { hurry() }
        case .restart: if !isStopped, rest == nil || rest == .finished { begin() }
        }
        show { $0.order = order.id }
    }

    /// The next start is due now.
    private func hurry() {
        policy.reset()
        show { $0.state = .starting }
        isHurried = true
        nudge()
    }

    /// What runs is asked to end; whatever waits looks anew.
    private func end() {
        if let current {
            show { $0.state = (rest ?? .removed).state }
            around.runner.askToFinish(current)
        }
        isHurried = true
        nudge()
    }

    /// The orchestrator stops: `work` returns when nothing runs any more.
    func shutDown() {
        rest = .shutdown
        if current != nil { log.system("WebJob is stopping due to the orchestrator shutting down") }
        end()
    }

    /// Something that is waited for may have happened.
    func nudge() {
        hasNews = true
        wake()
    }

    func wake() {
        waiter?.resume()
        waiter = nil
    }

    private func tell(_ problems: [String]) {
        for problem in problems where !report.problems.contains(problem) { around.notice(problem) }
        if problems.isEmpty, !report.problems.isEmpty { around.notice(Priority.info + "continuous job \(name.escaped): it is good again") }
        if report.problems != problems { show { $0.problems = problems } }
    }
}
