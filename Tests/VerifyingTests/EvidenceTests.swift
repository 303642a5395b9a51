import Documents
import Files
import Testing

@testable import Verifying

/// The forms in which a verification is given what it cannot see.
struct EvidenceTests {
    /// POSIX, cksum; the values are those that the tool prints.
    @Test(arguments: [("", UInt32(4_294_967_295)), ("123456789", 930_766_865), ("hi\n", 1_479_881_546)])
    func checksum_isThatOfTheTool(_ text: String, _ crc: UInt32) {
        #expect(Checksum(of: Array(text.utf8)) == Checksum(crc: crc, length: text.utf8.count))
    }

    @Test func ledger_takesNamesByteByByte() throws {
        let ledger = try Ledger(bytes: Array("# comment\n\nq 930766865 9 a name  with \\ blanks \nq - - \u{FF}".utf8) + [0xFF])
        #expect(ledger.drops.count == 2)
        #expect(ledger.drops[0].name.bytes == Array("a name  with \\ blanks ".utf8))
        #expect(ledger.drops[0].sum == Checksum(crc: 930_766_865, length: 9))
        #expect(ledger.drops[1].sum == nil && ledger.drops[1].name.bytes.last == 0xFF)
    }

    @Test(arguments: ["q", "q 1 2", "q 1 f", "q x 1 f", "q 1 x f", "q 1 -1 f", "q - 1 f", "q 4294967296 1 f", "q 1 2 a/b", "a/b 1 2 f"])
    func ledger_withAnotherForm_isRefusedWithItsLine(_ line: String) throws {
        let problem = #expect(throws: EvidenceProblem.self) { try Ledger(bytes: Array("# one\n\(line)\n".utf8)) }
        #expect(problem?.line == 2)
    }

    private static let item = "01900000-0000-7000-8000-000000000001"
    private static let run = "01900000-0000-7000-8000-000000000002"

    @Test func runLog_readsEventsAndKeys() throws {
        let log = RunLog(bytes: Array("\(Self.item) \(Self.run) 2 end:75 12.5 session=a sequence=3 lane=1 sum=4:5 other=x\n".utf8))
        let event = try #require(log.events.first)
        #expect(log.torn.isEmpty)
        #expect(event.item == ItemID(Self.item) && event.run == ItemID(Self.run) && event.attempt == 2)
        #expect(event.kind == "end" && event.at == 12.5 && event.session == "a" && event.sequence == 3 && event.lane == 1)
        #expect(event.sum == Checksum(crc: 4, length: 5))
    }

    @Test(arguments: [
        "half", "\(item) \(run) 1 start", "\(item) nobody 1 start 1", "\(item) \(run) x start 1", "\(item) \(run) 1 seen 1 sum=4",
    ])
    func runLog_withAnotherForm_tellsTheLine(_ line: String) {
        #expect(RunLog(bytes: Array("\(Self.item) \(Self.run) 1 start 1\n\(line)\n".utf8)).torn == [2])
    }

    @Test func finals_areReadAsTheyAreWritten() throws {
        var finals = Finals()
        let item = try #require(ItemID(Self.item))
        for queue in ["q", "a queue  with blanks"] {
            finals.outcomes[Finals.Key(queue: try #require(FileName(queue)), item: item)] = Checksum(crc: 1, length: queue.count)
        }
        #expect(try Finals(bytes: finals.bytes) == finals)
    }

    @Test(arguments: ["q", "q \(item) 1", "q nobody 1 2", " \(item) 1 2", "q \(item) x 2"])
    func finals_withAnotherForm_areRefused(_ line: String) {
        #expect(throws: EvidenceProblem.self) { try Finals(bytes: Array(line.utf8)) }
    }

    /// Whatever is said not to be judged must not be claimed to hold, and the other way round.
    @Test func reach_growsWithTheEvidence() {
        var evidence = Evidence()
        func words() -> [String] { Invariant.allCases.map { $0.reach(evidence).word } }
        #expect(words().filter { $0 == "not judged" }.count == 4)
        evidence.ledger = Ledger([])
        evidence.runs = RunLog([])
        evidence.finals = Finals()
        evidence.isUntouched = true
        evidence.isSettled = true
        #expect(words().filter { $0 == "judged" }.count == 10)
        #expect(words().suffix(2) == ["not judged", "not judged"])
    }
}
