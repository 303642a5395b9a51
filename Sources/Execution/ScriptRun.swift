import CLinux
import Documents
import Files
import Glibc
import SystemPackage
import Threads

/// One run from start to end: process, pipes, deadlines, survivors. Everything happens in the reactor's turn, hence the
/// unchecked Sendable.
///
/// The run is over when the script has ended, its output is read, and none of its processes is left.
final class ScriptRun: @unchecked Sendable {
    /// Between SIGTERM and SIGKILL (contract §7).
    static let killDelay = Duration.seconds(5)

    /// How long the pipes may stay open after the script has ended, while none of its processes is to be seen.
    private static let pipeDelay = Duration.milliseconds(100)

    /// How long output may wait to be read at first; a pipe holds 64 KiB (pipe(7)).
    private static let listenDelay = Duration.milliseconds(5)

    private enum Stage { case running, asked, terminating, killed }

    let script: Script
    private let reactor: Reactor
    private let clocks: Clocks
    private let onEnd: (ScriptResult) -> Void
    private let startedAt: Instant
    private let pid: pid_t
    private let process: OpenFile
    private var pipes: [LineLog.Level: OpenFile]
    private var log: LineLog
    private var end: ScriptResult.End?
    private var cutOff: ScriptResult.CutOff?
    private var stage = Stage.running
    private var deadlines: [Int] = []
    private var idleDeadline: Int?
    private var listening = 0
    private var lastSign: Duration
    private var hasEnded = false
    private var isWaitingForSurvivors = false
    private var isWaitingForPipes = false

    init(
        _ script: Script, pid: pid_t, process: OpenFile, output: OpenFile, error: OpenFile, startedAt: Instant, reactor: Reactor,
        clocks: Clocks, onEnd: @escaping (ScriptResult) -> Void
    ) {
        self.script = script
        self.pid = pid
        self.process = process
        pipes = [.output: output, .error: error]
        self.startedAt = startedAt
        self.reactor = reactor
        self.clocks = clocks
        self.onEnd = onEnd
        log = LineLog(script, clocks: clocks)
        lastSign = clocks.uptime()
    }

    /// Starts following the run. Called once, by who started it; from here on everything happens in the reactor's turn.
    func begin() {
        // Most small runs have ended by then, and what they wrote is read at their end: two events less for each.
        listening = reactor.after(Self.listenDelay) { self.listen() }
        if script.timeout != nil || script.idleTimeout != nil { reactor.perform { self.setDeadlines() } }
        reactor.watch(process.descriptor) { self.reap() }
    }

    /// Output is read as it comes, from now on.
    private func listen() {
        guard end == nil else { return }
        for (level, pipe) in pipes { reactor.watch(pipe.descriptor) { self.read(level) } }
    }

    private func setDeadlines() {
        guard !hasEnded else { return }
        if let timeout = script.timeout {
            deadlines.append(reactor.after(timeout) { self.cut(.timeout, "it ran longer than the timeout allows") })
        }
        if script.idleTimeout != nil { watchIdleness() }
    }

    // MARK: Output

    private func read(_ level: LineLog.Level) {
        guard let pipe = pipes[level] else { return }
        // A few buffers at a time: one loud script must not keep the others waiting.
        for _ in 0..<8 {
            let count = reactor.read(pipe.descriptor) { log.append($0, level) }
            if count > 0 {
                lastSign = clocks.uptime()
                continue
            }
            if count < 0 && errno == EINTR { continue }
            if count < 0 && errno == EAGAIN { break }
            reactor.unwatch(pipe.descriptor)
            pipes[level] = nil
            break
        }
        log.flush()
        endIfOver()
    }

    // MARK: End

    private func reap() {
        var isSignalled: Int32 = 0
        var value: Int32 = 0
        Step.runEnd.before()
        guard clinux_reap(process.descriptor, &isSignalled, &value) == 1 else { return }
        Step.runEnd.after()
        end = isSignalled == 0 ? .exited(Int(value)) : .signalled(Int(value))
        reactor.unwatch(process.descriptor)
        reactor.cancel(listening)
        for level in Array(pipes.keys) { read(level) }
        // What holds a pipe still may write to it.
        for (level, pipe) in pipes where !reactor.isWatching(pipe.descriptor) {
            reactor.watch(pipe.descriptor) { self.read(level) }
        }
        endIfOver()
    }

    private func endIfOver() {
        guard end != nil, !hasEnded else { return }
        if hasSurvivors { return endSurvivors() }
        if pipes.isEmpty { return finish() }
        if stage == .terminating || stage == .killed { return endSurvivors() }
        // A process that is just being started elsewhere holds a copy of the pipe until it has become its program. If
        // the pipe stays open for longer, a descendant has it.
        guard !isWaitingForPipes else { return }
        isWaitingForPipes = true
        deadlines.append(reactor.after(Self.pipeDelay) { if !self.hasEnded, !self.pipes.isEmpty { self.endSurvivors() } })
    }

    /// Members of the process group, and, where the item may run again, descendants that left it and lost their
    /// parents. After a success the latter are ended a moment later (`Runner.sweepAdopted`): looking for them here would
    /// cost every small run more than all the rest of its supervision.
    private var hasSurvivors: Bool {
        if kill(-pid, 0) == 0 {
            // Members that lost their parents became our children: what has ended of them would answer until it is reaped.
            // The script itself has been collected by then: nobody else waits for them.
            while end != nil, waitpid(-pid, nil, WNOHANG) > 0 {}
            if kill(-pid, 0) == 0 { return true }
        }
        guard end != .exited(0) || stage != .running else { return false }
        return ProcessTree.children().contains { child in
            guard !Runner.isRunning(child), ProcessTree.look(child)?.isZombie == false else { return false }
            guard let run = ProcessTree.run(of: child) else {
                // It has emptied its environment, and still reads the payload.
                return ProcessTree.standardInput(of: child).map { $0 == payloadPath } ?? false
            }
            return run == script.run
        }
    }

    /// Where the payload lies now, as the kernel tells it.
    private var payloadPath: FilePath? { ProcessTree.path(ofOwn: script.input.descriptor) }

    /// The script has ended, but left processes behind: a run does not outlive its script, so they are told to end, and
    /// made to if they do not.
    private func endSurvivors() {
        guard !isWaitingForSurvivors else { return }
        isWaitingForSurvivors = true
        // A run that was cut has been told already, with all its processes; the script was only the first to end.
        if stage == .running || stage == .asked {
            if hasSurvivors { log.system("the script ended and left processes behind; they are ended too") }
            terminate()
        }
        waitForSurvivors(.milliseconds(5))
    }

    private func waitForSurvivors(_ pause: Duration) {
        deadlines.append(
            reactor.after(pause) { [self] in
                guard !hasEnded else { return }
                if stage == .killed, hasSurvivors {
                    // Started between the look at the processes and the signal.
                    signal(SIGKILL)
                } else if stage == .killed {
                    // Whatever still holds the pipe is not of this run, or cannot die: its output is not waited for.
                    for pipe in pipes.values { reactor.unwatch(pipe.descriptor) }
                    pipes = [:]
                }
                if pipes.isEmpty && !hasSurvivors { return finish() }
                waitForSurvivors(min(pause * 2, .milliseconds(200)))
            })
    }

    private func finish() {
        guard !hasEnded, let end else { return }
        hasEnded = true
        for deadline in deadlines { reactor.cancel(deadline) }
        if let idleDeadline { reactor.cancel(idleDeadline) }
        if end != .exited(0) { log.system(Self.words(end), isError: true) }
        log.finish()
        onEnd(
            ScriptResult(
                end: end, cutOff: cutOff, startedAt: startedAt, finishedAt: clocks.now(), errorTail: log.errorText,
                hasLog: log.isBegun))
    }

    private static func words(_ end: ScriptResult.End) -> String {
        switch end {
        case .exited(let code): "exit code \(code)"
        case .signalled(let number): "ended by \(SignalName.of(number))"
        case .notStarted(let step, let code): "\(step) failed: \(code)"
        }
    }

    // MARK: Stopping

    /// The orchestrator stops: the run may finish for its grace, then it is told to.
    func askToFinish() {
        guard stage == .running, end == nil else { return }
        stage = .asked
        log.system("the orchestrator stops; the run may finish within \(DurationText.text(script.grace))")
        log.flush()
        createShutdownFile()
        deadlines.append(reactor.after(script.grace) { self.cut(.stopped, "its grace is over") })
    }

    /// Written in place, not renamed: WebJobs programs watch for the creation (reference/webjobs.md §3.6).
    private func createShutdownFile() {
        try? script.itemFolder.overwrite(script.shutdownFile, mode: 0o644).write(Array(clocks.now().rfc3339.utf8))
    }

    func cut(_ reason: ScriptResult.CutOff, _ words: String) {
        guard end == nil, stage == .running || stage == .asked else { return }
        cutOff = reason
        log.system("\(words); it gets SIGTERM now and SIGKILL in \(DurationText.text(Self.killDelay))", isError: true)
        log.flush()
        terminate()
    }

    private func terminate() {
        stage = .terminating
        signal(SIGTERM)
        deadlines.append(reactor.after(Self.killDelay) { self.killTree() })
    }

    func killNow() {
        guard !hasEnded else { return }
        if end == nil, cutOff == nil { cutOff = .stopped }
        killTree()
    }

    private func killTree() {
        guard !hasEnded else { return }
        stage = .killed
        signal(SIGKILL)
    }

    /// To the process group, and to every process of the run outside it.
    private func signal(_ number: Int32) {
        // A stopped process takes notice of SIGTERM only once it goes on.
        kill(-pid, number)
        if number != SIGKILL { kill(-pid, SIGCONT) }
        let members = ProcessTree().members(run: script.run, payloadPath: payloadPath, root: end == nil ? pid : nil)
        for member in members where getpgid(member.pid) != pid {
            kill(member.pid, number)
            if number != SIGKILL { kill(member.pid, SIGCONT) }
        }
    }

    // MARK: Idleness

    private func watchIdleness() {
        guard let limit = script.idleTimeout, end == nil else { return }
        let quiet = clocks.uptime() - lastSign
        if quiet >= limit, !hasProgressed(within: limit) {
            return cut(.idleTimeout, "no output and no progress for \(DurationText.text(limit))")
        }
        idleDeadline = reactor.after(quiet >= limit ? limit : limit - quiet) { self.watchIdleness() }
    }

    private func hasProgressed(within limit: Duration) -> Bool {
        guard let stamp = try? script.itemFolder.stamp(script.progressPlace) else { return false }
        return clocks.now() - stamp.modified < limit
    }
}
