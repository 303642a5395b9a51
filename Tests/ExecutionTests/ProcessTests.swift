import Documents
import Files
import Glibc
import SystemPackage
import Testing
import Threads

@testable import Execution

/// Processes that nobody follows: as an orchestrator finds them that starts after another was killed.
@Suite(.timeLimit(.minutes(4))) struct ProcessTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
        parents = try Parents()
    }

    /// Starts a shell in a session of its own; its number comes through a file. Its parent, a run without a mark, lives
    /// until the test ends: as an adopted orphan the shell would be ended by the runners of other tests.
    private func launch(_ command: String, run: ItemID?, input: String = "/dev/null", pid file: String) async throws -> String {
        let mark = run.map { "BOBBIN_RUN_ID=\($0) " } ?? ""
        let line =
            "\(mark)setsid sh -c 'echo $$ > \(file).new; mv \(file).new \(file); \(command)' < \(input) > /dev/null 2>&1 & exec sleep 600"
        let parent = try scratch.shell(line, marked: false)
        Task { [parents] in await parents.runner.run(parent) }
        return await scratch.waitFor(file)
    }

    /// Ends the parents, and with them what a failed test left, when the test is over.
    private final class Parents: Sendable {
        let runner: Runner
        init() throws { runner = Runner() }
        deinit { runner.killAll() }
    }

    private let parents: Parents

    private func end(_ pid: String) { if let pid = pid_t(pid) { kill(pid, SIGKILL) } }

    @Test func tree_findsARunByItsMarkItsInputAndItsAncestors() async throws {
        let run = ItemID.make(at: Clocks.system.now())
        let other = ItemID.make(at: Clocks.system.now())
        try scratch.folder.write([1], toNew: "payload")
        let marked = try await launch("sleep 600", run: run, pid: "marked")
        let reading = try await launch("exec sleep 600", run: nil, input: "payload", pid: "reading")
        let washed = try await launch("env -i sleep 600; true", run: run, pid: "washed")
        let stranger = try await launch("exec sleep 600", run: other, pid: "stranger")
        defer { [marked, reading, washed, stranger].forEach(end) }
        await waitUntil("the washed child runs") {
            ProcessTree().members(run: run).contains { process in process.parent == pid_t(washed) }
        }
        let found = Set(ProcessTree().members(run: run, payloadPath: scratch.path.appending("payload")).map(\.pid))
        for pid in [marked, reading, washed] { #expect(found.contains(pid_t(pid) ?? -1), "\(pid)") }
        #expect(!found.contains(pid_t(stranger) ?? -1))
        #expect(!found.contains(getpid()))
        for member in found { kill(member, SIGKILL) }
    }

    @Test func tree_whenTheNextRunReadsTheSamePayload_leavesItAlone() async throws {
        let run = ItemID.make(at: Clocks.system.now())
        let next = ItemID.make(at: Clocks.system.now())
        try scratch.folder.write([1], toNew: "payload")
        let successor = try await launch("exec sleep 600", run: next, input: "payload", pid: "successor")
        defer { end(successor) }
        #expect(ProcessTree().members(run: run, payloadPath: scratch.path.appending("payload")).isEmpty)
    }

    @Test func tree_readsStatWithAnyCommandName() async throws {
        let name = "odd ) R 1 name"
        try #require(symlink("/bin/sleep", "\(scratch.text)/\(name)") == 0)
        let pid = try await launch("exec \"./\(name)\" 600", run: nil, pid: "odd")
        defer { end(pid) }
        let process = try #require(ProcessTree.look(pid_t(pid) ?? -1))
        #expect(process.pid == pid_t(pid))
        #expect(!process.isZombie)
        #expect(ProcessTree.look(0) == nil)
        #expect(ProcessTree.look(.max) == nil)
    }

    @Test func mark_isTheWholeVariableAndNotAPart() async throws {
        let run = ItemID.make(at: Clocks.system.now())
        let pid = try await launch("exec sleep 600", run: run, pid: "marked")
        defer { end(pid) }
        #expect(ProcessTree.environment(of: pid_t(pid) ?? -1).contains { $0.elementsEqual("BOBBIN_RUN_ID=\(run)".utf8) })
        #expect(ProcessTree.run(of: pid_t(pid) ?? -1) == run)
        #expect(ProcessTree.run(of: getpid()) == nil)
    }

    @Test func hunter_endsMarkedProcessesAndLeavesOthersAlone() async throws {
        let run = ItemID.make(at: Clocks.system.now())
        let other = ItemID.make(at: Clocks.system.now())
        let prey = try await launch("sleep 600 & wait", run: run, pid: "prey")
        let stranger = try await launch("exec sleep 600", run: other, pid: "stranger")
        defer { end(stranger) }
        let (found, survivors) = await OrphanHunter().end([
            OrphanHunter.Prey(run: run, instance: run, payloadPath: scratch.path.appending("none"), grace: .seconds(10))
        ])
        #expect(survivors.isEmpty)
        #expect(found.contains(pid_t(prey) ?? -1))
        #expect(!found.contains(pid_t(stranger) ?? -1))
        #expect(!lives(prey))
        #expect(lives(stranger))
    }

    /// Environment, session, descriptors and program are not what they were.
    @Test func mark_outlastsWhatAnEnvironmentDoesNot() async throws {
        let instance = ItemID.make(at: Clocks.system.now())
        let runner = Runner(instance: instance, ownsAllOrphans: false)
        let hide = "env -i setsid sh -c 'echo $$ > hidden.new; mv hidden.new hidden; exec sleep 600 <&- >&- 2>&-'"
        let script = try scratch.shell("\(hide) & wait", marked: false)
        Task { await runner.run(script) }
        defer { runner.killAll() }
        let hidden = await scratch.waitFor("hidden")
        let mark = try #require(RunMark(of: pid_t(hidden) ?? -1))
        #expect(mark == RunMark(run: script.run, of: instance))
        #expect(mark.isOf(run: script.run) && mark.isOf(instance: instance))
        #expect(!mark.isOf(run: instance) && !mark.isOf(instance: script.run))
        #expect(RunMark(of: getpid()) == nil)
        let prey = OrphanHunter.Prey(run: script.run, instance: instance, payloadPath: "/none", grace: .seconds(5))
        #expect(await OrphanHunter().end([prey]).ended.contains(pid_t(hidden) ?? -1))
        #expect(!lives(hidden))
    }

    @Test func hunter_killsWhatIgnoresTERMAfterItsGrace() async throws {
        let run = ItemID.make(at: Clocks.system.now())
        let prey = try await launch("trap \"\" TERM; while true; do sleep 0.05; done", run: run, pid: "prey")
        _ = await OrphanHunter().end([OrphanHunter.Prey(run: run, instance: run, payloadPath: scratch.path, grace: .milliseconds(300))])
        #expect(!lives(prey))
    }

    @Test func hunter_withoutPrey_returnsAtOnce() async {
        #expect(await OrphanHunter().end([]).ended.isEmpty)
        let run = ItemID.make(at: Clocks.system.now())
        #expect(await OrphanHunter().end([.init(run: run, instance: run, payloadPath: "/nowhere", grace: .seconds(60))]).ended.isEmpty)
    }

    @Test func reactor_letsGoOfCancelledDeadlines() async throws {
        final class Token: Sendable {}
        final class Watch: @unchecked Sendable { weak var token: Token? }
        let reactor = Reactor()
        let watch = Watch()
        await withCheckedContinuation { continuation in
            reactor.perform {
                // An earlier deadline that stays must not keep later ones that were cancelled.
                _ = reactor.after(.seconds(3600)) {}
                let token = Token()
                watch.token = token
                reactor.cancel(reactor.after(.seconds(7200)) { _ = token })
                continuation.resume()
            }
        }
        await withCheckedContinuation { continuation in reactor.perform { continuation.resume() } }
        #expect(watch.token == nil)
        reactor.stop()
    }
}
