import Files
import Glibc
import Synchronization
import SystemPackage
import Testing

@testable import Watching

@Suite("Nothing outlives its owner")
struct LifeTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test func cancellation_endsTheProcessAndTheSequence() async throws {
        for _ in 0..<20 {
            let observer = Observer()
            try await wait(for: "the process") { observer.watcher.health.watcherProcess != nil }
            let id = try #require(observer.watcher.health.watcherProcess)
            await observer.stop()
            #expect(!Program.isAlive(id))
            #expect(observer.watcher.health.watcherProcess == nil)
        }
    }

    /// Found by the kill matrix: the probe of a watcher that was killed stayed in the folder.
    @Test func probeThatAKilledWatcherLeft_isRemoved() async throws {
        let folder = try Folder.open(scratch.path)
        let probe = RelativePath(WatchMachine.probeName)
        try folder.write([], toNew: probe)
        let observer = Observer()
        _ = try await observer.watch(scratch.path)
        #expect(try folder.stamp(probe) == nil)
        await observer.stop()
    }

    @Test func shutdown_endsRunAndTheSequence() async throws {
        let observer = Observer()
        _ = try await observer.watch(scratch.path)
        let id = try #require(observer.watcher.health.watcherProcess)
        await observer.watcher.shutdown()
        #expect(!Program.isAlive(id))
        await observer.watcher.run()
        await observer.watcher.shutdown()
    }

    @Test func shutdownBeforeRun_startsNothing() async throws {
        let watcher = Watcher(program: Program.watch) { _ in }
        _ = await watcher.add(path: scratch.path)
        await watcher.shutdown()
        await watcher.run()
        #expect(watcher.health.watcherProcess == nil)
        for await _ in watcher.changes {}
    }

    @Test func foldersAddedBeforeRun_areWatched() async throws {
        let watcher = Watcher(program: Program.watch) { _ in }
        let token = await watcher.add(path: scratch.path)
        let run = Task { await watcher.run() }
        for await batch in watcher.changes
        where batch.contains(where: { $0.folder == token && $0.kind == .lost(.started) }) { break }
        run.cancel()
        await run.value
    }

    // MARK: bobbin-watch by itself

    /// Starts it with pipes and reads its greeting.
    private func start() throws -> (id: pid_t, commands: Int32, records: Int32) {
        let (input, commands) = try Program.pipe()
        let (records, output) = try Program.pipe()
        let id = try Program.start(Program.watch, input: input, output: output)
        close(input)
        close(output)
        var greeting = [UInt8](repeating: 0, count: 4)
        try #require(read(records, &greeting, 4) == 4)
        #expect(greeting == Array("R1/\0".utf8))
        return (id, commands, records)
    }

    private func expectEnd(of id: pid_t) async throws {
        try await wait(for: "the end of bobbin-watch") { !Program.isAlive(id) }
        var status: Int32 = 0
        #expect(waitpid(id, &status, 0) == id)
        #expect(status == 0 || status & 0x7F == SIGPIPE)
    }

    @Test func itsInputEnds_itEnds() async throws {
        let (id, commands, records) = try start()
        close(commands)
        try await expectEnd(of: id)
        close(records)
    }

    @Test func itsOutputBreaks_itEndsAtOnce() async throws {
        let (id, commands, records) = try start()
        close(records)
        try await expectEnd(of: id)
        close(commands)
    }

    @Test func nonsenseOnItsInput_isIgnored() async throws {
        let (id, commands, records) = try start()
        let bytes = Array(
            "nonsense\0\0+/\0+x//tmp\0-5/\0=1/\0+99999999999999999999//tmp\0+7/\(scratch.path.string)\0".utf8)
        #expect(write(commands, bytes, bytes.count) == bytes.count)
        var answer = [UInt8](repeating: 0, count: 64)
        let count = read(records, &answer, answer.count)
        #expect(String(decoding: answer[..<max(0, count)], as: UTF8.self).hasPrefix("+7/"))
        close(commands)
        try await expectEnd(of: id)
        close(records)
    }

    @Test func itsParentDies_itEnds_thoughItsPipesStayOpen() async throws {
        // The shell holds both pipes and starts bobbin-watch; this process holds them, too, so nothing breaks.
        let (input, commands) = try Program.pipe()
        let (records, output) = try Program.pipe()
        let line = "exec 3<&0; '\(Program.watch.string)' <&3 & echo $!; wait"
        let shell = try Program.start("/bin/sh", ["-c", line], input: input, output: output)
        // The shell's line and the greeting, in either order.
        var text: [UInt8] = []
        while !text.contains(UInt8(ascii: "\n")) || !text.contains(0) {
            var byte: UInt8 = 0
            try #require(read(records, &byte, 1) == 1)
            text.append(byte)
        }
        let id = try #require(
            pid_t(String(decoding: text, as: UTF8.self).replacing("R1/\0", with: "").replacing("\n", with: "")))
        #expect(Program.isAlive(id))
        kill(shell, SIGKILL)
        var status: Int32 = 0
        #expect(waitpid(shell, &status, 0) == shell)
        try await wait(for: "the end of bobbin-watch after its parent") { !Program.isAlive(id) }
        for end in [input, commands, records, output] { close(end) }
    }
}
