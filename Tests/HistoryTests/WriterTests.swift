import Documents
import Files
import GRDB
import SystemPackage
import Testing

@testable import History

@Suite("The writer")
struct WriterTests {
    let place: Place
    let history: History

    init() throws {
        place = try Place()
        history = try place.open()
    }

    private func writer(_ adjust: (inout HistoryWriter.Settings) -> Void = { _ in }) -> HistoryWriter {
        var settings = HistoryWriter.Settings()
        settings.delay = .milliseconds(20)
        adjust(&settings)
        return HistoryWriter(history, settings: settings) { [weak place] in place?.say($0) }
    }

    @Test func whatWasRecorded_isWrittenAfterAWhile() async throws {
        let writer = writer()
        let run = RunRecord.sample()
        writer.record(run)
        try await wait(for: "the row") { try history.runs() == [run] }
        try await wait(for: "the count") { writer.counts == .init(pending: 0, written: 1, dropped: 0) }
        writer.record(.sample(1))
        try await wait(for: "the next row") { try history.runs().count == 2 }
    }

    @Test func aFullBatch_isNotKeptWaiting() async throws {
        let writer = writer {
            $0.batch = 10
            $0.delay = .seconds(3600)
        }
        for index in 0..<25 { writer.record(.sample(index)) }
        // A write takes what is there, so batches vary; what waits is always less than one.
        try await wait(for: "all but a part of a batch") { try history.statistics().total > 15 }
        await writer.flush()
        #expect(try history.statistics().total == 25)
    }

    @Test func flush_writesEverything() async throws {
        let writer = writer { $0.delay = .seconds(3600) }
        await writer.flush()
        for index in 0..<100 { writer.record(.sample(index)) }
        await writer.flush()
        #expect(try history.runs().count == 100)
        #expect(writer.counts == .init(pending: 0, written: 100, dropped: 0))
    }

    @Test func manyAtOnce_loseNothing() async throws {
        let writer = writer { $0.batch = 50 }
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask { for index in 0..<500 { writer.record(.sample(task * 500 + index)) } }
            }
        }
        await writer.flush()
        #expect(try history.statistics().total == 4000)
    }

    @Test func writingFails_itIsSaidOnce_andTheOldestAreDropped() async throws {
        _ = try place.open()
        let reader = try place.open(readOnly: true)
        var settings = HistoryWriter.Settings()
        settings.delay = .milliseconds(2)
        settings.longestPause = .milliseconds(10)
        settings.batch = 10
        settings.limit = 100
        let writer = HistoryWriter(reader, settings: settings) { [weak place] in place?.say($0) }
        for index in 0..<500 { writer.record(.sample(index)) }
        try await wait(for: "the notice") { place.notices.count == 1 }
        for index in 500..<1000 { writer.record(.sample(index)) }
        await writer.flush()
        await writer.flush()
        let counts = writer.counts
        #expect(counts.pending <= 100 && counts.pending > 0)
        #expect(counts.pending + counts.dropped == 1000)
        #expect(counts.written == 0)
        #expect(place.notices.count == 1)
    }

    @Test func theDiskIsFullForAWhile_nothingIsLost() async throws {
        let writer = writer { $0.longestPause = .milliseconds(20) }
        let pages = try history.write { try Int.fetchOne($0, sql: "PRAGMA page_count") }
        try history.write { try $0.execute(sql: "PRAGMA max_page_count = \(pages ?? 0)") }
        for index in 0..<1000 { writer.record(.sample(index)) }
        try await wait(for: "the notice") { place.notices.count == 1 }
        #expect(place.notices.first?.contains("see that there is space") == true)
        #expect(writer.counts.pending > 0 && writer.counts.written < 1000)
        try history.write { try $0.execute(sql: "PRAGMA max_page_count = 1000000") }
        try await wait(for: "all rows") { try history.statistics().total == 1000 }
        try await wait(for: "the counts") { writer.counts == .init(pending: 0, written: 1000, dropped: 0) }
        #expect(try place.names.allSatisfy { !$0.contains("damaged") })
    }
}
