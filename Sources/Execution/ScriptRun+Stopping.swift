import Documents
import Files
import Glibc
import Threads

/// The ends that are made: by the stop protocol (contract §7), by an operator, by time.
extension ScriptRun {
    /// The run is to end: it may finish for its grace, then it is told to; or it is told at once.
    func askToFinish() {
        guard stage == .running, end == nil else { return }
        guard script.stopping == .mayFinish else {
            createShutdownFile()
            return cut(.stopped, "it is asked to stop")
        }
        stage = .asked
        log.system("the orchestrator stops; the run may finish within \(DurationText.text(script.grace))")
        log.flush()
        createShutdownFile()
        deadlines.append(reactor.after(script.grace) { self.cut(.stopped, "its grace is over") })
    }

    /// Written in place, not renamed: WebJobs programs watch for the creation (reference/webjobs.md §3.6).
    private func createShutdownFile() {
        try? script.site.overwrite(script.shutdownFile, mode: 0o644).write(Array(clocks.now().rfc3339.utf8))
    }

    func cut(_ reason: ScriptResult.CutOff, _ words: String) {
        // It may have ended in time, while this program stood still.
        if reason == .timeout || reason == .idleTimeout { reap() }
        guard end == nil, stage == .running || stage == .asked else { return }
        cutOff = reason
        log.system("\(words); it gets SIGTERM now and SIGKILL in \(DurationText.text(killDelay))", isError: reason != .stopped)
        log.flush()
        terminate()
    }

    /// Between SIGTERM and SIGKILL.
    private var killDelay: Duration { script.stopping == .atOnce ? script.grace : Self.killDelay }

    func terminate() {
        stage = .terminating
        signal(SIGTERM)
        deadlines.append(reactor.after(killDelay) { self.killTree() })
    }

    func killNow() {
        guard !hasEnded else { return }
        if end == nil, cutOff == nil { cutOff = .stopped }
        killTree()
    }

    func killTree() {
        guard !hasEnded else { return }
        stage = .killed
        signal(SIGKILL)
    }

    /// To the process group, and to every process of the run outside it.
    func signal(_ number: Int32) {
        // A stopped process takes notice of SIGTERM only once it goes on.
        kill(-pid, number)
        if number != SIGKILL { kill(-pid, SIGCONT) }
        let members = ProcessTree().members(
            run: script.run, of: instance, payloadPath: payloadPath, lockPath: lockPath, root: end == nil ? pid : nil)
        for member in members where getpgid(member.pid) != pid {
            kill(member.pid, number)
            if number != SIGKILL { kill(member.pid, SIGCONT) }
        }
    }

    // MARK: Idleness

    func watchIdleness() {
        guard let limit = script.idleTimeout, end == nil else { return }
        // This program stood still, alone or with the machine: nobody listened, and what was said may still be on its way.
        if idleDue > .zero, clocks.uptime() - idleDue > .milliseconds(500) { lastSign = clocks.uptime() }
        let quiet = clocks.uptime() - lastSign
        if quiet >= limit, !hasProgressed(within: limit) {
            return cut(.idleTimeout, "no output and no progress for \(DurationText.text(limit))")
        }
        let pause = quiet >= limit ? limit : limit - quiet
        idleDue = clocks.uptime() + pause
        idleDeadline = reactor.after(pause) { self.watchIdleness() }
    }

    private func hasProgressed(within limit: Duration) -> Bool {
        guard let place = script.progressPlace, let stamp = try? script.site.stamp(place) else { return false }
        return clocks.now() - stamp.modified < limit
    }
}
