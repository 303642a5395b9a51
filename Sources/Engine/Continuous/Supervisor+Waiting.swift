import Documents
import Execution
import Files
import Spool

/// What a start waits for: the end of what was there before, the role of a singleton, time, news.
extension Supervisor {
    /// Nothing of an earlier run, of an orchestrator that is gone, may be left.
    func isFree(_ generation: Int) async -> Bool {
        while isWanted(generation) {
            let (ended, areSomeLeft) = await around.places.endAbandoned(of: name)
            if ended > 0 {
                log.system("ended \(ended) processes left behind by an orchestrator that is gone")
                around.notice("continuous job \(name.escaped): ended \(ended) processes left behind by an orchestrator that is gone")
            }
            guard areSomeLeft else { return isWanted(generation) }
            show { $0.reason = "processes of an earlier run cannot be ended" }
            await wait(.seconds(10), generation)
        }
        return false
    }

    /// Waits until this instance is the one that runs the job; nil = it is not to run any more.
    func takeRole(_ generation: Int) async -> Tenure? {
        let role = Role.continuous(job: name)
        let hints = around.coordinator.hints(of: role)
        let listener = Task { for await _ in hints { nudge() } }
        defer { listener.cancel() }
        while isWanted(generation) {
            // Those of the dead may have it.
            guard await isFree(generation) else { return nil }
            switch await around.coordinator.acquire(role) {
            case .granted(let tenure):
                log.system("WebJob singleton lock is acquired")
                return tenure
            case .held(let holder): await waitForRole(holder.map { "instance \($0.instance) runs it" } ?? "another instance runs it")
            case .unknown(let why): await waitForRole("nobody knows who runs it: \(why)", .seconds(10))
            }
        }
        return nil
    }

    func waitForRole(_ reason: String, _ time: Duration? = nil) async {
        show {
            $0.state = .inactiveInstance
            $0.reason = reason
        }
        await pause(time)
    }

    func wait(_ delay: Duration, _ generation: Int) async {
        let until = around.clocks.uptime() + delay
        isHurried = false
        while isWanted(generation), !isHurried, case let left = until - around.clocks.uptime(), left > .zero { await pause(left) }
    }

    /// Returns when there is news, or after a time.
    func pause(_ time: Duration? = nil) async {
        if !hasNews {
            let alarm = time.map { time in
                Task {
                    try? await Task.sleep(for: time)
                    if !Task.isCancelled { wake() }
                }
            }
            await withCheckedContinuation { waiter = $0 }
            alarm?.cancel()
        }
        hasNews = false
    }
}
