import Documents
import Files
import Glibc
import SystemPackage
import Testing

@testable import Execution

/// Real processes, started by a runner as the orchestrator does.
@Suite(.timeLimit(.minutes(4))) struct RunnerTests {
    private let runner: Runner
    private let scratch: Scratch

    init() throws {
        runner = Runner(ownsAllOrphans: false)
        scratch = try Scratch()
    }

    // MARK: Ends

    @Test(arguments: [0, 1, 2, 64, 75, 85, 125, 126, 127, 128, 255]) func exitCode_isReported(_ code: Int) async throws {
        let result = await runner.run(try scratch.shell("exit \(code)"))
        #expect(result.end == .exited(code))
        #expect(result.cutOff == nil)
        #expect(scratch.log.contains("exit code \(code)") == (code != 0))
    }

    @Test(arguments: [SIGTERM, SIGKILL, SIGSEGV, SIGHUP, SIGPIPE, SIGUSR1, realTimeSignal]) func signal_isReported(_ number: Int32)
        async throws
    {
        let result = await runner.run(try scratch.shell("kill -\(number) $$"))
        #expect(result.end == .signalled(Int(number)))
    }

    @Test func missingProgram_isNotStarted() async throws {
        let result = await runner.run(try scratch.script(["/no/such/program"]))
        #expect(result.end == .notStarted(step: "starting the program", .noSuchFileOrDirectory))
        #expect(result.errorTail.contains("/no/such/program"))
        #expect(scratch.log.contains("starting the program failed"))
    }

    /// Runs a file that the test has just written. A process that another test is starting at this moment holds a copy
    /// of the descriptor it was written through until it has become its program; then the kernel says ETXTBSY.
    private func runProgram(_ name: String) async throws -> ScriptResult {
        var result = await runner.run(try scratch.script(["\(scratch.text)/\(name)"]))
        for _ in 0..<1000 where result.end == .notStarted(step: "starting the program", .textFileBusy) {
            result = await runner.run(try scratch.script(["\(scratch.text)/\(name)"]))
        }
        return result
    }

    @Test func programThatMayNotBeExecuted_isNotStarted() async throws {
        try scratch.folder.write(Array("#!/bin/sh\n".utf8), toNew: "plain", mode: 0o644)
        let result = try await runProgram("plain")
        #expect(result.end == .notStarted(step: "starting the program", .permissionDenied))
    }

    @Test func missingInterpreter_isNotStarted() async throws {
        try scratch.folder.write(Array("#!/no/such/interpreter\n".utf8), toNew: "script", mode: 0o755)
        let result = try await runProgram("script")
        #expect(result.end == .notStarted(step: "starting the program", .noSuchFileOrDirectory))
    }

    @Test func fileThatIsNoProgram_isNotStarted() async throws {
        try scratch.folder.write(Array("just text".utf8), toNew: "text", mode: 0o755)
        let result = try await runProgram("text")
        #expect(result.end == .notStarted(step: "starting the program", .execFormatError))
    }

    @Test func argumentsBeyondTheKernelsLimit_areNotStarted() async throws {
        let result = await runner.run(try scratch.script(["/bin/true", String(repeating: "x", count: 200_000)]))
        #expect(result.end == .notStarted(step: "starting the program", .argListTooLong))
    }

    // MARK: Surroundings

    @Test func standardInput_isThePayload() async throws {
        let result = await runner.run(try scratch.shell("cat > copy", payload: "line one\nline two"))
        #expect(result.end == .exited(0))
        #expect(scratch.read("copy") == "line one\nline two")
    }

    @Test func environment_isExactlyWhatWasGiven() async throws {
        let script = try scratch.script(["/usr/bin/env"], environment: ["PATH=/bin", "A=1", "EMPTY=", "TEXT=a b=c\\d"])
        #expect(await runner.run(script).end == .exited(0))
        let lines = scratch.log.split(separator: "\n").dropFirst().compactMap { line in
            line.range(of: "INFO] ").map { String(line[$0.upperBound...]) }
        }
        #expect(lines == ["PATH=/bin", "A=1", "EMPTY=", "TEXT=a b=c\\d", "BOBBIN_RUN_ID=\(script.run)"])
    }

    @Test func argumentsAndEnvironment_arePassedByteForByte() async throws {
        var script = try scratch.script(["/bin/sh", "-c", "printf '%s' \"$1\" > argument; printf '%s' \"$V\" > variable", "sh"])
        let bytes: [UInt8] = [0x2D, 0x20, 0xFF, 0x0A, 0x24, 0x28, 0x29, 0x27, 0x22, 0x60, 0xC3, 0x5C]
        script.arguments.append(bytes)
        script.environment.append(Array("V=".utf8) + bytes)
        #expect(await runner.run(script).end == .exited(0))
        #expect(try scratch.folder.read("argument") == bytes)
        #expect(try scratch.folder.read("variable") == bytes)
    }

    @Test func workingDirectory_isTheScriptsFolder() async throws {
        _ = await runner.run(try scratch.shell("pwd > here"))
        #expect(scratch.read("here") == "\(scratch.text)\n")
    }

    @Test func descriptors_aboveTwoDoNotLeak() async throws {
        // A descriptor without close-on-exec, as libraries open them.
        let leaking = open("/dev/null", O_RDONLY)
        defer { close(leaking) }
        _ = await runner.run(try scratch.script(["/bin/ls", "/proc/self/fd"]))
        // The fourth is the folder that ls reads.
        let shown = scratch.log.split(separator: "\n").dropFirst().map { $0.split(separator: " ").last ?? "" }
        #expect(shown == ["0", "1", "2", "3"])
    }

    @Test func signals_areNeitherBlockedNorIgnored() async throws {
        _ = await runner.run(try scratch.shell("grep -E 'SigBlk|SigIgn' /proc/self/status > signals"))
        let lines = scratch.read("signals")?.split(separator: "\n").map { $0.split(whereSeparator: \.isWhitespace).last ?? "" } ?? []
        #expect(lines.first == "0000000000000000")
        // Signals 32 and 33 belong to the C library, which lets nobody change them.
        #expect(lines.last.flatMap { UInt64($0, radix: 16) }.map { $0 & ~0x1_8000_0000 } == 0)
    }

    @Test func umaskAndNice_areSet() async throws {
        var script = try scratch.shell("umask > mask; nice > niceness")
        script.umask = 0o027
        script.nice = 3
        _ = await runner.run(script)
        #expect(scratch.read("mask") == "0027\n")
        #expect(scratch.read("niceness") == "3\n")
    }

    @Test("the lock on the payload is held until the last process of the run is gone")
    func lock_belongsToTheProcesses() async throws {
        let other: OpenFile
        let task: Task<ScriptResult, Never>
        do {
            let script = try scratch.shell("echo up > started; while [ ! -e go ]; do sleep 0.01; done")
            let name = RelativePath(try #require(FileName("payload-\(script.run)")))
            #expect(try script.input?.tryLock() == true)
            other = try scratch.folder.open(name)
            task = Task { [runner] in await runner.run(script) }
        }
        _ = await scratch.waitFor("started")
        #expect(try !other.tryLock())
        try scratch.folder.write([], toNew: "go")
        #expect(await task.value.end == .exited(0))
        await waitUntil("the lock is free") { (try? other.tryLock()) == true }
    }

    // MARK: Output

    @Test func bothStreams_of2MBEach_endWithoutDeadlock() async throws {
        let result = await runner.run(
            try scratch.shell("head -c 2000000 /dev/zero | tr '\\0' o; echo; head -c 2000000 /dev/zero | tr '\\0' e >&2; echo last >&2"))
        #expect(result.end == .exited(0))
        #expect(result.errorTail.hasSuffix("last"))
        #expect(scratch.log.utf8.count { $0 == UInt8(ascii: "o") } >= 2_000_000)
    }

    @Test func runs_inParallel_allEnd() async throws {
        let codes = try await withThrowingTaskGroup(of: (Int, ScriptResult).self) { group in
            for number in 0..<64 {
                let script = try scratch.shell("echo $0; exit \(number)")
                group.addTask { [runner] in (number, await runner.run(script)) }
            }
            var codes: [Int: ScriptResult.End] = [:]
            for try await (number, result) in group { codes[number] = result.end }
            return codes
        }
        #expect(codes == Dictionary(uniqueKeysWithValues: (0..<64).map { ($0, .exited($0)) }))
    }

    // MARK: Stopping

    @Test func timeout_endsATreeThatIgnoresTERM() async throws {
        let script = try scratch.shell(
            "trap '' TERM; (trap '' TERM; echo $$ > /dev/null; sleep 600) & echo $! > child; echo $$ > self; wait; sleep 600",
            timeout: .milliseconds(300))
        let result = await runner.run(script)
        #expect(result.cutOff == .timeout)
        #expect(result.end == .signalled(Int(SIGKILL)))
        #expect(await !lives(scratch.waitFor("child")))
        #expect(await !lives(scratch.waitFor("self")))
        #expect(scratch.log.contains("it ran longer than the timeout allows"))
    }

    @Test func timeout_ofAScriptThatObeysTERM_takesNoKill() async throws {
        let result = await runner.run(try scratch.shell("trap 'exit 3' TERM; sleep 600 & wait", timeout: .milliseconds(200)))
        #expect(result.cutOff == .timeout)
        #expect(result.end == .exited(3))
    }

    @Test func timeout_thatIsNotReached_changesNothing() async throws {
        let result = await runner.run(try scratch.shell("exit 0", timeout: .seconds(3600), idleTimeout: .seconds(3600)))
        #expect(result.end == .exited(0) && result.cutOff == nil)
    }

    @Test func stoppedProcess_isEndedByTheTimeout() async throws {
        let result = await runner.run(try scratch.shell("kill -STOP $$", timeout: .milliseconds(200)))
        #expect(result.cutOff == .timeout)
        #expect(result.end == .signalled(Int(SIGTERM)))
    }

    @Test func idleTimeout_endsASilentRun() async throws {
        let result = await runner.run(try scratch.shell("exec sleep 600", idleTimeout: .milliseconds(300)))
        #expect(result.cutOff == .idleTimeout)
        #expect(result.end == .signalled(Int(SIGTERM)))
    }

    @Test func idleTimeout_isPutOffByOutputAndByProgress() async throws {
        // Longer than the limit as a whole, and each silence far from it, also on a machine under load.
        let command = "for i in $(seq 17); do sleep 0.2; %; done"
        let speaking = try scratch.shell(command.replacing("%", with: "echo $i"), idleTimeout: .seconds(3))
        #expect(await runner.run(speaking).cutOff == nil)
        let writing = try scratch.shell(command.replacing("%", with: "echo $i > progress"), idleTimeout: .seconds(3))
        #expect(await runner.run(writing).cutOff == nil)
    }

    @Test func grandchildThatKeepsThePipe_doesNotHoldUpTheRun() async throws {
        let result = await runner.run(try scratch.shell("sleep 600 & echo $! > child; exit 0"))
        #expect(result.end == .exited(0))
        #expect(await !lives(scratch.waitFor("child")))
        #expect(scratch.log.contains("left processes behind"))
    }

    @Test func backgroundChildWithoutThePipe_isEndedWithTheRun() async throws {
        let result = await runner.run(try scratch.shell("sleep 600 < /dev/null > /dev/null 2>&1 & echo $! > child; exit 0"))
        #expect(result.end == .exited(0))
        let child = await scratch.waitFor("child")
        await waitUntil("the background child is ended") { !lives(child) }
    }

    @Test func backgroundChildThatIgnoresTERM_isKilled() async throws {
        let result = await runner.run(
            try scratch.shell(
                "(trap '' TERM; echo up > ready; sleep 600) & echo $! > child; while [ ! -e ready ]; do sleep 0.01; done; exit 1"))
        #expect(result.end == .exited(1))
        let child = await scratch.waitFor("child")
        await waitUntil("the background child is killed") { !lives(child) }
    }

    @Test(arguments: [0, 1]) func setsidGrandchild_isEndedToo(_ code: Int) async throws {
        let result = await runner.run(
            try scratch.shell(
                "setsid sh -c 'echo $$ > child.new; mv child.new child; exec sleep 600' < /dev/null > /dev/null 2>&1 & while [ ! -e child ]; do sleep 0.01; done; exit \(code)"
            ))
        #expect(result.end == .exited(code))
        let child = await scratch.waitFor("child")
        await waitUntil("the grandchild in a session of its own is ended") { !lives(child) }
    }

    @Test func setsidGrandchildThatKeepsThePipe_doesNotHoldUpTheRun() async throws {
        let result = await runner.run(
            try scratch.shell(
                "setsid sh -c 'echo $$ > child.new; mv child.new child; exec sleep 600' & while [ ! -e child ]; do sleep 0.01; done; exit 0"
            ))
        #expect(result.end == .exited(0))
        let child = await scratch.waitFor("child")
        await waitUntil("the grandchild is ended") { !lives(child) }
    }

    @Test func cancel_endsTheRunAndOnlyThatOne() async throws {
        let first = try scratch.shell("echo up > one; exec sleep 600")
        let second = try scratch.shell("echo up > two; while [ ! -e go ]; do sleep 0.01; done")
        let runs = [first, second].map { script in Task { [runner] in await runner.run(script) } }
        _ = await scratch.waitFor("one")
        _ = await scratch.waitFor("two")
        #expect(!runner.cancel(ItemID.make(at: Clocks.system.now())))
        #expect(runner.cancel(first.run))
        let result = await runs[0].value
        #expect(result.cutOff == .cancelled)
        #expect(result.end == .signalled(Int(SIGTERM)))
        try scratch.folder.write([], toNew: "go")
        let other = await runs[1].value
        #expect(other.end == .exited(0) && other.cutOff == nil)
        #expect(!runner.cancel(first.run))
    }

    @Test func askAllToFinish_createsTheShutdownFileAndWaits() async throws {
        let script = try scratch.shell("echo up > ready; while [ ! -e stop ]; do sleep 0.01; done; sleep 0.2; exit 0")
        let task = Task { [runner] in await runner.run(script) }
        _ = await scratch.waitFor("ready")
        runner.askAllToFinish()
        let result = await task.value
        #expect(result.end == .exited(0))
        #expect(result.cutOff == nil)
        #expect(Instant(rfc3339: scratch.read("stop") ?? "") != nil)
    }

    @Test func askAllToFinish_endsWhatDoesNotFinishWithinItsGrace() async throws {
        let script = try scratch.shell("echo up > ready; exec sleep 600", grace: .milliseconds(300))
        let task = Task { [runner] in await runner.run(script) }
        _ = await scratch.waitFor("ready")
        runner.askAllToFinish()
        let result = await task.value
        #expect(result.cutOff == .stopped)
        #expect(result.end == .signalled(Int(SIGTERM)))
    }

    /// It carries no mark, and is found by the payload that it reads: the run may be tried again only when it is gone.
    @Test func daemonWithoutEnvironment_ofAFailedRun_isEndedBeforeTheRunIsOver() async throws {
        let script = try scratch.shell(
            "exec 3<&0; (setsid env -i /bin/sh -c 'echo $$ > child.new; mv child.new child; exec sleep 600' <&3 > /dev/null 2>&1 &); until [ -e child ]; do sleep 0.01; done; exit 1"
        )
        let result = await runner.run(script)
        #expect(result.end == .exited(1))
        #expect(!lives(await scratch.waitFor("child")))
    }

    /// Nothing tells whose it is but the mark that the run was started with.
    @Test func daemonThatHidesAndLetsGo_ofAFailedRun_isEndedBeforeTheRunIsOver() async throws {
        let script = try scratch.shell(
            "(setsid env -i /bin/sh -c 'echo $$ > child.new; mv child.new child; exec sleep 600 <&- >&- 2>&-' < /dev/null > /dev/null 2>&1 &); until [ -e child ]; do sleep 0.01; done; exit 1"
        )
        let result = await runner.run(script)
        #expect(result.end == .exited(1))
        #expect(!lives(await scratch.waitFor("child")))
    }

    @Test func killAll_endsTreesAtOnce() async throws {
        let script = try scratch.shell(
            "trap '' TERM; setsid sh -c 'trap \"\" TERM; echo $$ > child.new; mv child.new child; sleep 600' & echo $$ > self; wait; sleep 600"
        )
        let task = Task { [runner] in await runner.run(script) }
        let child = await scratch.waitFor("child")
        let own = await scratch.waitFor("self")
        runner.killAll()
        let result = await task.value
        #expect(result.cutOff == .stopped)
        #expect(result.end == .signalled(Int(SIGKILL)))
        #expect(!scratch.log.contains("it gets SIGTERM"))
        #expect(!lives(own))
        await waitUntil("the grandchild is killed") { !lives(child) }
    }

    @Test func forkStorm_isEndedByTheTimeout() async throws {
        let script = try scratch.shell(
            "i=0; while [ $i -lt 200 ]; do sleep 600 & i=$((i+1)); done; echo up > ready; wait", timeout: .seconds(2))
        let result = await runner.run(script)
        #expect(result.cutOff == .timeout)
        #expect(ProcessTree().members(run: script.run).isEmpty)
    }
}

private let realTimeSignal: Int32 = 64
