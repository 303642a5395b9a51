import Glibc
import Testing

/// Each way in which files come into folders ends in exactly one run, which sees exactly the complete bytes, and the tool
/// notices nothing.
struct EventTableTests {
    /// Not of one block, not of one write, and every byte occurs.
    static let sample = (0..<80_001).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
    static let text = (0..<3000).map { "line \($0): the quick brown fox\n" }.joined()

    @Test(arguments: EventRow.all.filter { Tool.missing($0.needs).isEmpty })
    func tool_whenItPutsAFile_oneRunSeesAllOfIt(_ row: EventRow) async throws {
        try await withRoot { root in
            let queue = root.job("q", settings: row.settings)
            (root.stage / "sample").write(Self.sample)
            (root.stage / "sample.txt").write(Self.text)
            if row.hasOld {
                let draft = root.stage / "old"
                draft.write("what was there before\n")
                draft.touch(in: 3600)
                draft.move(to: queue.path / "file")
            }
            let bobbin = try await root.start()
            try await root.run(row.line, queue: queue)
            let status = try await queue.wait("file", .succeeded)
            try await queue.settle()
            try await root.stop(bobbin)
            let expected = row.expected.map { (root.stage / $0).content ?? [] } ?? Self.sample
            let runs = root.runs
            #expect(
                Set(runs.events.map(\.item)).count == 2,
                "more than one item: \(queue.items.map { ($0.id, $0.payload) })")
            #expect(runs.starts(of: status.id) == 1)
            #expect(
                queue.seen(status.id).map { $0 == expected } == [true],
                "the run saw \(queue.seen(status.id).map(\.count)) bytes of \(expected.count)")
            #expect(queue.waiting == [])
            try await root.expectPromises(isDrained: true)
        }
    }

    @Test(
        .enabled(
            if: EventRow.all.allSatisfy { Tool.missing($0.needs).isEmpty },
            "missing: \(Set(EventRow.all.flatMap { Tool.missing($0.needs) }).sorted())"))
    func allTools_arePresent() {}
}
