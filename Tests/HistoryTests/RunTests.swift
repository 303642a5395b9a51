import Documents
import Files
import GRDB
import Testing

@testable import History

@Suite("Runs are remembered as they were")
struct RunTests {
    let place: Place
    let history: History

    init() throws {
        place = try Place()
        history = try place.open()
    }

    @Test func everyField() throws {
        var run = RunRecord.sample()
        run.name = #"a\nb\xFF"#
        run.nameBytes = [0x61, 0x0A, 0x62, 0xFF]
        run.attempt = 3
        run.reason = "exit_code"
        run.exitCode = 75
        run.signal = 9
        run.size = .max
        run.correlationID = "order 66 ✂"
        run.deployment = "2026-01-01"
        run.submittedAt = Instant(nanoseconds: -1)
        try history.record([run])
        #expect(try history.run(id: run.runID) == run)
    }

    @Test func theLeastOfFields() throws {
        var run = RunRecord.sample(took: nil)
        run.submittedAt = nil
        run.name = ""
        run.nameBytes = []
        try history.record([run])
        #expect(try history.run(id: run.runID) == run)
        #expect(run.duration == nil)
    }

    @Test func aRunRecordedAgain_isReplaced() throws {
        var run = RunRecord.sample(state: "retrying")
        try history.record([run])
        run.state = "failed"
        try history.record([run, run])
        #expect(try history.runs() == [run])
    }

    @Test func idsSortAsInMemory() throws {
        for (high, low) in [(0, 0), (0, 1), (1, 0), (UInt64.max, 1 << 63), (0x0102_0304_0506_0708, 0xFFFE)]
            as [(UInt64, UInt64)]
        {
            let id = ItemID(high: high, low: low)
            #expect(ItemID(stored: id.stored) == id)
        }
        #expect(ItemID(stored: .null) == nil)
        #expect(ItemID(stored: "text".databaseValue) == nil)
    }

    @Test func runs_latestFirst_byPageAndByFilter() throws {
        let runs = (0..<50).map {
            RunRecord.sample(
                $0, queue: $0 % 2 == 0 ? "even" : "odd", name: $0 % 5 == 0 ? "five" : "other",
                state: $0 % 10 == 0 ? "failed" : "succeeded")
        }
        try history.record(runs.shuffled())
        let latest = Array(runs.reversed())
        #expect(try history.runs() == latest)
        #expect(try history.runs(limit: 7) == Array(latest.prefix(7)))
        #expect(try history.runs(limit: 7, before: latest[6].finishedAt) == Array(latest[7..<14]))
        #expect(try history.runs(queue: "odd") == latest.filter { $0.queue == "odd" })
        #expect(try history.runs(state: "failed") == latest.filter { $0.state == "failed" })
        #expect(try history.runs(queue: "even", limit: 2, state: "succeeded", name: FileName("five")) == [])
        #expect(try history.runs(queue: "odd", name: FileName("five")).count == 5)
        #expect(try history.runs(limit: 0).isEmpty)
        #expect(try history.runs(limit: -5).isEmpty)
        #expect(try history.runs(queue: "'; DROP TABLE run; --").isEmpty)
        #expect(try history.runs().count == 50)
    }

    @Test func anItem_fromTheFirstAttemptToTheLast() throws {
        let item = ItemID.make(at: Instant(seconds: 1))
        let attempts = (1...3).map { RunRecord.sample($0, item: item) }
        try history.record([attempts[2], .sample(9), attempts[0], attempts[1]])
        #expect(try history.items(itemID: item) == attempts)
        let unknown = ItemID.make(at: Instant(seconds: 2))
        #expect(try history.contains(itemIDs: [item, unknown, item]) == [item])
        #expect(try history.contains(itemIDs: []).isEmpty)
        #expect(try history.run(id: unknown) == nil)
    }

    @Test func statistics() throws {
        try history.record([
            .sample(1, took: .seconds(1)), .sample(2, took: .seconds(100)),
            .sample(3, state: "failed", took: .seconds(3)),
            .sample(4, state: "failed", took: nil), .sample(5, queue: "other", took: .seconds(7)),
        ])
        let thumbs = try history.statistics(queue: "thumbs")
        #expect(thumbs.counts == ["succeeded": 2, "failed": 2])
        #expect(thumbs.medianDuration == .seconds(3))
        #expect(thumbs.lastFinishedAt == RunRecord.sample(4).finishedAt)
        #expect(try history.statistics().total == 5)
        #expect(try history.statistics(queue: "none") == RunStatistics())
    }

    @Test func prune_removesWhatIsOlder_ofTheNamedQueuesOnly() throws {
        try history.record((0..<5000).map { .sample($0) } + (0..<100).map { .sample($0, queue: "kept") })
        let removed = try history.prune([
            "thumbs": HistoryLimit(cutoff: RunRecord.sample(4990).finishedAt),
            "unknown": HistoryLimit(cutoff: RunRecord.sample(0).finishedAt),
        ])
        #expect(removed == 4990)
        #expect(try history.runs(queue: "thumbs").map(\.finishedAt).min() == RunRecord.sample(4990).finishedAt)
        #expect(try history.statistics(queue: "kept").total == 100)
        #expect(try history.prune([:]) == 0)
    }

    @Test func prune_byCount_keepsTheNewestOfEachNamedQueue() throws {
        try history.record((0..<5000).map { .sample($0) } + (0..<100).map { .sample($0, queue: "kept") })
        #expect(try history.prune(["thumbs": HistoryLimit(count: 10)]) == 4990)
        #expect(try history.runs(queue: "thumbs").map(\.finishedAt).min() == RunRecord.sample(4990).finishedAt)
        #expect(try history.statistics(queue: "kept").total == 100)
        #expect(try history.prune(["thumbs": HistoryLimit(count: 10)]) == 0)
        #expect(try history.prune(["thumbs": HistoryLimit(count: 0)]) == 10)
    }

    @Test func prune_byBoth_removesWhatIsOverEitherLimit() throws {
        try history.record((0..<10).map { .sample($0) } + (0..<10).map { .sample($0, queue: "other") })
        let removed = try history.prune([
            "thumbs": HistoryLimit(cutoff: RunRecord.sample(3).finishedAt, count: 9),
            "other": HistoryLimit(cutoff: RunRecord.sample(1).finishedAt, count: 7),
        ])
        #expect(removed == 6)
        #expect(try history.statistics(queue: "thumbs").total == 7)
        #expect(try history.statistics(queue: "other").total == 7)
    }

    @Test func aReaderReadsWhileTheWriterWrites() throws {
        try history.record([.sample(1)])
        let reader = try place.open(readOnly: true)
        #expect(try reader.runs().count == 1)
        try history.record([.sample(2)])
        #expect(try reader.runs().count == 2)
        #expect(throws: HistoryError.self) { try reader.record([.sample(3)]) }
        #expect(throws: HistoryError.self) { try reader.prune(["thumbs": HistoryLimit(count: 0)]) }
    }
}
