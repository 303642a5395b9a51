import Glibc
import Testing

/// Orchestrators that share a root: what one of them held when it died goes on with the others, at once.
struct TakeoverTests {
    /// Housekeepers make a round every minute. What takes longer than this after their start may be owed to it.
    private static let roundTime = Duration.seconds(55)

    /// Hangs, unless the test has made `again`.
    private static let script = #"if [ -e "$N/again" ]; then see; finish 0; fi; note hanging; while :; do sleep 0.05; done"#

    /// Starts an orchestrator and waits until the recovery that belongs to every start is behind it, which removes what it
    /// finds of the dead.
    private func start(_ root: Root, _ queue: Queue, _ options: [String] = []) async throws -> Program {
        for folder in [queue.path, queue.path / "claimed", queue.path / "claimed" / ".slots"] { folder.makeFolder() }
        let leftover = queue.path / "claimed" / ".slots" / "01a209fb-8f7e-795c-9522-d790048ae0b1"
        leftover.makeFolder()
        let bobbin = try await root.start(options)
        try await wait(for: "the recovery at the start", details: { root.said }) { !leftover.exists }
        return bobbin
    }

    private func expectTakeover(_ root: Root, _ queue: Queue, of dead: Program, since began: ContinuousClock.Instant) async throws {
        (root.notes / "again").write("")
        try await dead.kill9()
        let status = try await queue.wait("f", .succeeded, within: .seconds(25))
        #expect(began.duration(to: .now) < Self.roundTime, "the minute's round may have done it")
        #expect(status.interruptions == 1 && status.attempt == 1)
        #expect(root.runs.count("start") == 2)
        try await wait(for: "the end of the orphan") { root.processesOfRuns.isEmpty }
    }

    /// - Parameter survivors: what each is started with.
    @Test("what a dead orchestrator held is taken over at once, and only once", arguments: [[""], ["", ""], ["--poll"]])
    func death_ofTheHolder(_ survivors: [String]) async throws {
        try await withRoot { root in
            let queue = root.job("q", Self.script, settings: #"{"stopping_wait_time": "1s"}"#)
            let first = try await root.start()
            try queue.drop("f")
            _ = try await queue.wait(run: "hanging")
            let began = ContinuousClock.now
            var others: [Program] = []
            for option in survivors { others.append(try await start(root, queue, option.isEmpty ? [] : [option])) }
            try await expectTakeover(root, queue, of: first, since: began)
            try await wait(for: "a word about it", details: { root.said }) {
                others.contains { $0.error.string.contains("what it held is taken over (items: 1)") }
            }
            for other in others { try await root.stop(other) }
            try await root.expectPromises(isDrained: true)
        }
    }

    @Test func death_ofAYoungerOrchestrator_isNoticedByTheOlder() async throws {
        try await withRoot { root in
            let queue = root.job("q", Self.script, settings: #"{"stopping_wait_time": "1s"}"#)
            let began = ContinuousClock.now
            let older = try await start(root, queue)
            let younger = try await start(root, queue)
            older.signal(SIGSTOP)
            try await wait(for: "the older to stand still") { ProcessTable.isStopped(older.id) }
            try queue.drop("f")
            _ = try await queue.wait(run: "hanging")
            older.signal(SIGCONT)
            try await expectTakeover(root, queue, of: younger, since: began)
            try await root.stop(older)
            try await root.expectPromises(isDrained: true)
        }
    }
}
