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

    enum Stage { case running, asked, terminating, killed }

    let script: Script
    /// The orchestrator, as the marks of its processes name it.
    let instance: ItemID
    let reactor: Reactor
    let clocks: Clocks
    private let onEnd: (ScriptResult) -> Void
    private let startedAt: Instant
    let pid: pid_t
    private let process: OpenFile
    var pipes: [LineLog.Level: OpenFile]
    var log: LineLog
    var end: ScriptResult.End?
    var cutOff: ScriptResult.CutOff?
    var stage = Stage.running
    var deadlines: [Int] = []
    var idleDeadline: Int?
    var idleDue = Duration.zero
    private var listening = 0
    var lastSign: Duration
    var hasEnded = false
    var isWaitingForSurvivors = false
    private var isWaitingForPipes = false

    init(
        _ script: Script, of instance: ItemID, pid: pid_t, process: OpenFile, output: OpenFile, error: OpenFile, startedAt: Instant,
        reactor: Reactor, clocks: Clocks, onEnd: @escaping (ScriptResult) -> Void
    ) {
        self.script = script
        self.instance = instance
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

    var mark: RunMark { RunMark(run: script.run, of: instance) }

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

    func setDeadlines() {
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

    func reap() {
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

    func finish() {
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
}
