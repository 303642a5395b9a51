import CLinux
import Documents
import Files
import Glibc
import Synchronization
import SystemPackage
import Threads

/// Starts scripts and follows them to their end.
package final class Runner: Sendable {
    private let reactor = Reactor()
    private let instance: ItemID
    private let clocks: Clocks
    private let memoryKills = MemoryKills()
    private let ownsAllOrphans: Bool
    private let onChange: @Sendable () -> Void
    private let runs = Mutex<[ItemID: ScriptRun]>([:])
    /// Runs of this program, whichever runner has them: all adopt the orphans of all.
    private static let underWay = Mutex<Set<ItemID>>([])
    private let isSweepScheduled = Mutex(false)
    private let isKilling = Mutex(false)
    /// Orphans that were told to end, and since when. Only touched in the reactor's turn.
    private nonisolated(unsafe) var adoptedSince: [pid_t: Duration] = [:]
    /// To which runs an orphan without a mark may belong. Only touched in the reactor's turn.
    private nonisolated(unsafe) var suspects: [pid_t: Set<ItemID>] = [:]

    static func isRunning(_ pid: pid_t) -> Bool { clinux_is_own(pid) != 0 }

    /// Children that nobody in this program has started: adopted orphans. nil when a start came in between, and nothing
    /// is certain.
    private static func adopted() -> [pid_t]? {
        let before = clinux_spawn_mark()
        guard before >= 0 else { return nil }
        let children = ProcessTree.children()
        guard clinux_spawn_mark() == before else { return nil }
        return children.filter { !isRunning($0) }
    }

    /// The limit of descriptors that this program was started with: scripts get that one, not our own.
    private static let originalLimit: clinux_limit? = {
        // Each run needs three, and the runtime's own threads end the program when there are none left.
        var before = clinux_limit()
        return clinux_raise_descriptor_limit(&before) == 0 ? before : nil
    }()

    /// - Parameters:
    ///   - instance: the orchestrator, by which the processes that it leaves behind when it dies are known; nil = nobody's.
    ///   - ownsAllOrphans: every orphan that this program adopts comes from a run, also one that does not say so.
    ///     False only where other parts of the program start processes that leave orphans: in tests.
    ///   - onChange: told when `count` has changed.
    package init(
        instance: ItemID? = nil, clocks: Clocks = .system, ownsAllOrphans: Bool = true, onChange: @escaping @Sendable () -> Void = {}
    ) {
        self.instance = instance ?? .make(at: clocks.now())
        self.clocks = clocks
        self.ownsAllOrphans = ownsAllOrphans
        self.onChange = onChange
        clinux_ignore_signals()
        _ = Self.originalLimit
        // Where the kernel refuses, orphans go to init; they are still found by their environment when it matters.
        _ = clinux_become_subreaper()
    }

    deinit { reactor.stop() }

    /// Runs under way.
    package var count: Int { runs.withLock { $0.count } }

    /// Runs a script to its end; the result tells everything, also that it could not be started. Is not cancelled with
    /// the calling task: a run ends by `askToFinish`, `cancel` or `killAll`.
    ///
    /// - Parameter onStart: told the script's process when it has started.
    package func run(_ script: Script, onStart: @Sendable (pid_t) -> Void = { _ in }) async -> ScriptResult {
        await withCheckedContinuation { continuation in
            start(script, onStart) { continuation.resume(returning: $0) }
        }
    }

    private func start(_ script: Script, _ onStart: (pid_t) -> Void, onEnd: @escaping @Sendable (ScriptResult) -> Void) {
        let startedAt = clocks.now()
        func couldNotStart(_ step: String, _ code: Errno) {
            var log = LineLog(script, clocks: clocks)
            log.system("\(step) failed: \(code)", isError: true)
            log.finish()
            onEnd(
                ScriptResult(
                    end: .notStarted(step: step, code), cutOff: nil, startedAt: startedAt, finishedAt: clocks.now(),
                    errorTail: "\(step) failed: \(code): \(Escaped.text(script.arguments.first ?? []))", hasLog: log.isBegun))
        }
        guard let output = Pipe(), let error = Pipe() else { return couldNotStart("making a pipe", Errno(rawValue: errno)) }
        // Before the start: its orphans may come sooner than we go on.
        _ = Self.underWay.withLock { $0.insert(script.run) }
        Step.runStart.before()
        switch spawn(script, output: output.writing.descriptor, error: error.writing.descriptor) {
        case .failure(let step, let code):
            _ = Self.underWay.withLock { $0.remove(script.run) }
            couldNotStart(step, code)
        case .success(let pid, let process):
            Step.runStart.after()
            let run = ScriptRun(
                script, of: instance, pid: pid, process: process, output: output.reading, error: error.reading, startedAt: startedAt,
                reactor: reactor, clocks: clocks,
                onEnd: { [self] result in
                    var result = result
                    memoryKills.judge(&result)
                    clinux_forget(pid)
                    runs.withLock { $0[script.run] = nil }
                    _ = Self.underWay.withLock { $0.remove(script.run) }
                    scheduleSweep()
                    onChange()
                    onEnd(result)
                })
            runs.withLock { $0[script.run] = run }
            onChange()
            onStart(pid)
            run.begin()
        }
    }

    /// Both ends of a pipe; the reading end does not block.
    private struct Pipe {
        let reading: OpenFile
        let writing: OpenFile

        init?() {
            var ends: [Int32] = [-1, -1]
            guard clinux_output_pipe(&ends) == 0 else { return nil }
            reading = OpenFile(adopting: ends[0], subject: "a pipe")
            writing = OpenFile(adopting: ends[1], subject: "a pipe")
        }
    }

    private enum Spawned {
        case success(pid_t, OpenFile)
        case failure(step: String, Errno)
    }

    private func spawn(_ script: Script, output: Int32, error: Int32) -> Spawned {
        let arguments = CStrings(script.arguments)
        let environment = CStrings(script.environment)
        var request = clinux_start()
        request.program = arguments.first
        request.arguments = UnsafePointer(arguments.pointers)
        request.environment = UnsafePointer(environment.pointers)
        request.input = script.input?.descriptor ?? -1
        request.keep = (script.locks.first?.descriptor ?? 0, script.locks.dropFirst().first?.descriptor ?? 0)
        request.output = output
        request.error = error
        request.folder = script.folder.descriptor
        request.umask = script.umask.map { Int32($0) } ?? -1
        request.nice = Int32(script.nice)
        let limits = [Self.originalLimit, RunMark(run: script.run, of: instance).limit].compactMap { $0 } + script.limits.map(\.raw)
        let pid = withExtendedLifetime((arguments, environment)) {
            limits.withUnsafeBufferPointer { limits in
                request.limits = limits.baseAddress
                request.limit_count = Int32(limits.count)
                return script.identity.become(&request) { clinux_spawn(&$0) }
            }
        }
        guard pid > 0 else { return .failure(step: String(cString: clinux_step_name(request.failed_step)), Errno(rawValue: -pid)) }
        return .success(pid, OpenFile(adopting: request.pidfd, subject: "process \(pid)"))
    }

    // MARK: Adopted orphans

    /// How soon after the end of a run its escaped descendants are looked for; many ends share one look. While runs end
    /// one after another and nothing escapes, looks become rarer: each costs as much as several small runs.
    private static let sweepDelay = Duration.milliseconds(100)
    private static let longestSweepDelay = Duration.seconds(1)
    /// Only touched in the reactor's turn.
    private nonisolated(unsafe) var sweepDelay = Runner.sweepDelay
    private nonisolated(unsafe) var lastSweep = Duration.zero

    /// In the reactor's turn.
    private func scheduleSweep() {
        let isFirst = isSweepScheduled.withLock { isScheduled in
            defer { isScheduled = true }
            return !isScheduled
        }
        guard isFirst else { return }
        if clocks.uptime() - lastSweep > Self.longestSweepDelay { sweepDelay = Self.sweepDelay }
        _ = reactor.after(sweepDelay) { [self] in sweepAdopted() }
    }

    /// Reaps orphans that have ended, and ends those whose run is over: SIGTERM first, SIGKILL at a later look.
    private func sweepAdopted() {
        isSweepScheduled.withLock { $0 = false }
        lastSweep = clocks.uptime()
        guard let adopted = Self.adopted() else { return scheduleSweep() }
        sweepDelay = adopted.isEmpty ? min(sweepDelay * 2, Self.longestSweepDelay) : Self.sweepDelay
        var isAnyLeft = false
        for child in adopted {
            guard let process = ProcessTree.child(child) else { continue }
            if process.isZombie {
                _ = waitpid(child, nil, WNOHANG)
                adoptedSince[child] = nil
                suspects[child] = nil
            } else if hasOutlivedItsRun(child) {
                isAnyLeft = true
                let began = adoptedSince[child] ?? clocks.uptime()
                adoptedSince[child] = began
                let isPatienceOver = isKilling.withLock { $0 } || clocks.uptime() - began > ScriptRun.killDelay
                kill(child, isPatienceOver ? SIGKILL : SIGTERM)
                if !isPatienceOver { kill(child, SIGCONT) }
            }
        }
        if isAnyLeft { scheduleSweep() }
        if adopted.isEmpty {
            adoptedSince = [:]
            suspects = [:]
        }
    }

    /// An orphan that has emptied its environment and is rid of its mark does not say whose it is: of one of the runs that were under way when
    /// it was first seen, or of one that had just ended. When none of those is left, it has no owner.
    private func hasOutlivedItsRun(_ child: pid_t) -> Bool {
        let underWay = Self.underWay.withLock { $0 }
        if let run = ProcessTree.run(of: child) { return !underWay.contains(run) }
        if let mark = RunMark(of: child) { return !underWay.contains(where: mark.isOf(run:)) }
        guard ownsAllOrphans else { return false }
        let possible = (suspects[child] ?? underWay).intersection(underWay)
        suspects[child] = possible
        return possible.isEmpty
    }

    /// Descendants that have left their runs are alive still, or may be.
    package var mayHaveOrphans: Bool { Self.adopted()?.isEmpty != true }

    // MARK: Ending runs

    /// Asks all runs of items to finish: shutdown file, grace, SIGTERM, SIGKILL; each by its own times, all at once. Whoever
    /// keeps a job running asks its run itself, lest it be started again.
    package func askAllToFinish() { each { if $0.script.stopping == .mayFinish { $0.askToFinish() } } }

    /// Asks one run to finish, in the same way.
    package func askToFinish(_ run: ItemID) {
        guard let found = runs.withLock({ $0[run] }) else { return }
        reactor.perform { found.askToFinish() }
    }

    /// Everything is being ended at once: nothing is to be started any more.
    package var isKillingAll: Bool { isKilling.withLock { $0 } }

    /// Ends all runs at once, and what they have left behind.
    package func killAll() {
        isKilling.withLock { $0 = true }
        each { $0.killNow() }
    }

    /// Returns when nothing is left of any run, or only what cannot be killed. To be called when the last run has ended:
    /// daemons that left their runs, hide whose they are and do not listen must not outlive this program.
    package func endOrphans() async {
        let limit = clocks.uptime() + ScriptRun.killDelay + .seconds(5)
        while clocks.uptime() < limit {
            if let adopted = Self.adopted(), adopted.isEmpty { return }
            reactor.perform { [self] in sweepAdopted() }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Ends one run because an operator wants it; false when it is not running here.
    @discardableResult
    package func cancel(_ run: ItemID) -> Bool {
        guard let found = runs.withLock({ $0[run] }) else { return false }
        reactor.perform { found.cut(.cancelled, "cancelled by an operator") }
        return true
    }

    private func each(_ order: @escaping @Sendable (ScriptRun) -> Void) {
        for run in runs.withLock({ Array($0.values) }) { reactor.perform { order(run) } }
    }
}

/// A NULL-terminated array of C strings, for execve(2).
private final class CStrings {
    let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let storage: UnsafeMutablePointer<CChar>
    var first: UnsafePointer<CChar>? { UnsafePointer(pointers[0]) }

    init(_ strings: [[UInt8]]) {
        let size = strings.reduce(0) { $0 + $1.count + 1 }
        storage = .allocate(capacity: max(size, 1))
        pointers = .allocate(capacity: strings.count + 1)
        var next = storage
        for (index, string) in strings.enumerated() {
            pointers[index] = next
            for byte in string {
                next.pointee = CChar(bitPattern: byte)
                next += 1
            }
            next.pointee = 0
            next += 1
        }
        pointers[strings.count] = nil
    }

    deinit {
        storage.deallocate()
        pointers.deallocate()
    }
}
