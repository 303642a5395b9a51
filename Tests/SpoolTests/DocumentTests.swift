import Documents
import Files
import TestSupport
import Testing

@testable import Spool

/// What is written as JSON comes back as it was, and what is not whole is refused without harm.
@Suite struct DocumentTests {
    private static let id = ItemID("01935a2b-7c4d-7e8f-9a0b-1c2d3e4f5a6b")!
    private static let names: [FileName] = [
        "plain.csv", FileName([0xFF, 0x0A, 0x22])!, "ümläut \u{202E} 😀", FileName(Array(repeating: 0x61, count: 255))!,
        "back\\slash\n", "-rf",
    ]

    private func at(_ seconds: Int64) -> Instant { Instant(seconds: 1_800_000_000 + seconds, nanoseconds: 123_000_000) }

    private func fullRecord(_ name: FileName) -> ItemRecord {
        var record = ItemRecord(
            id: Self.id, name: name, trigger: .api, size: 42, submittedAt: at(0), claimedAt: at(1), instance: Self.id)
        record.slot = "claimed/.slots/\(Self.id)/3"
        record.failures = 2
        record.interruptions = 1
        record.fence = 7
        record.nextAttemptAt = at(5)
        record.envelope = Envelope(correlationID: "order 7", arguments: ["a", "b c"])
        var attempt = ItemRecord.Attempt(run: Self.id, number: 2, startedAt: at(2))
        attempt.finishedAt = at(3)
        attempt.exitCode = 1
        attempt.reason = "exit"
        attempt.error = "line one\nline \"two\""
        record.attempts = [attempt, ItemRecord.Attempt(run: Self.id, number: 3, startedAt: at(4))]
        return record
    }

    private func fullStatus(_ name: FileName, _ state: StatusDocument.State = .failed) -> StatusDocument {
        var status = StatusDocument(
            id: Self.id, name: name, queue: "q", state: state, attempt: 2, maxAttempts: 5, interruptions: 1, size: 42,
            submittedAt: at(0), claimedAt: at(1), instance: Self.id)
        status.startedAt = at(2)
        status.finishedAt = at(3)
        status.nextAttemptAt = at(4)
        status.progress = .init(percent: 42.5, message: "half \"way\"", at: at(2))
        status.exitCode = 3
        status.reason = "exit"
        status.error = "bad\nworse"
        status.outputs = [.init("a", "1"), .init("b", "two\nlines")]
        status.results = ["results/x/a.txt"]
        status.log = "failed/x/log"
        status.correlationID = "order 7"
        status.deployment = "abc"
        return status
    }

    @Test(arguments: names) func record_comesBackAsItWas(_ name: FileName) {
        #expect(ItemRecord(bytes: fullRecord(name).json.prettyBytes) == fullRecord(name))
    }

    @Test(arguments: names) func status_comesBackAsItWas(_ name: FileName) {
        for state in StatusDocument.State.allCases {
            #expect(StatusDocument(bytes: fullStatus(name, state).json.prettyBytes) == fullStatus(name, state))
        }
        var signalled = fullStatus(name)
        signalled.exitCode = nil
        signalled.signal = "SIGKILL"
        #expect(StatusDocument(bytes: signalled.json.prettyBytes) == signalled)
    }

    @Test func status_hasOneKeyPerLineInTheOrderOfTheContract() {
        let lines = String(decoding: fullStatus("a").json.prettyBytes, as: UTF8.self).split(separator: "\n")
        let keys = lines.compactMap { line -> Substring? in
            line.hasPrefix("  \"") ? line.dropFirst(3).prefix { $0 != "\"" } : nil
        }
        let expected = [
            "schema", "id", "name", "queue", "job", "state", "attempt", "max_attempts", "interruptions", "size", "submitted_at",
            "claimed_at", "started_at", "finished_at", "next_attempt_at", "progress", "exit_code", "reason", "error", "outputs",
            "results", "log", "correlation_id", "session", "instance", "deployment",
        ]
        #expect(keys.filter { expected.contains(String($0)) }.map(String.init) == expected)
    }

    @Test("no beginning of a record or a status is taken for a whole one") func torn_isRefused() {
        for bytes in [fullRecord("a").json.prettyBytes, fullStatus("a").json.prettyBytes] {
            let end = bytes.lastIndex(of: UInt8(ascii: "}")) ?? 0
            for length in 0..<end {
                #expect(ItemRecord(bytes: Array(bytes[..<length])) == nil)
                #expect(StatusDocument(bytes: Array(bytes[..<length])) == nil)
            }
        }
    }

    @Test("garbage never does harm", arguments: UInt64(1)...20) func garbage_doesNotCrash(seed: UInt64) {
        var dice = Dice(seed: seed)
        let sources = [fullRecord("a").json.prettyBytes, fullStatus("a").json.prettyBytes]
        let numbers = ["-1", "1e300", "9223372036854775807", "9223372036854775808", "0.5", "null", "\"x\"", "[]", "{}", "-1e300"].map {
            Array($0.utf8)
        }
        for _ in 0..<200 {
            var bytes = sources.randomElement(using: &dice)!
            for _ in 0..<Int.random(in: 1...4, using: &dice) {
                let at = Int.random(in: 0..<bytes.count, using: &dice)
                switch Int.random(in: 0..<4, using: &dice) {
                case 0: bytes[at] = UInt8.random(in: 0...255, using: &dice)
                case 1: bytes.remove(at: at)
                case 2: bytes.insert(contentsOf: [0x7B, 0x22, 0x5C], at: at)
                default:
                    // A value in place of another.
                    if let colon = bytes[at...].firstIndex(of: UInt8(ascii: ":")),
                        let end = bytes[colon...].firstIndex(of: UInt8(ascii: ","))
                    {
                        bytes.replaceSubrange((colon + 1)..<end, with: numbers.randomElement(using: &dice)!)
                    }
                }
            }
            if let record = ItemRecord(bytes: bytes) { #expect(ItemRecord(bytes: record.json.prettyBytes) != nil, "seed \(seed)") }
            if let status = StatusDocument(bytes: bytes) { #expect(StatusDocument(bytes: status.json.prettyBytes) != nil, "seed \(seed)") }
            _ = try? Envelope(bytes: bytes)
        }
    }

    @Test(arguments: [1e300, -1e300, 9.3e18]) func progressOutOfAnyRange_isNoCrash(_ percent: Double) {
        var status = fullStatus("a")
        status.progress?.percent = percent
        #expect(StatusDocument(bytes: status.json.prettyBytes)?.progress?.percent == percent)
    }

    @Test func envelope_comesBackAsItWas() throws {
        let full = Envelope(
            id: Self.id, correlationID: "c", notBefore: at(0), expiresAt: at(9), trigger: .manual, arguments: ["-x", ""],
            properties: [.init("k", ["n": 1, "deep": [true, nil]])])
        #expect(try Envelope(bytes: full.json.prettyBytes) == full)
        #expect(try Envelope(bytes: Array("{}".utf8)) == Envelope())
    }

    @Test(
        "an envelope that cannot be followed in full is refused",
        arguments: [
            "", "[]", "{", "{\"id\": 7}", "{\"id\": \"X\"}", "{\"corelation_id\": \"x\"}", "{\"correlation_id\": \"\"}",
            "{\"correlation_id\": \"a\\nb\"}", "{\"not_before\": \"tomorrow\"}", "{\"expires_at\": 5}", "{\"trigger\": \"magic\"}",
            "{\"arguments\": [1]}", "{\"arguments\": \"x\"}", "{\"arguments\": [\"a\\u0000b\"]}", "{\"properties\": []}",
            "{\"reply_to\": \"q\"}", "{\"lane\": \"a\"}", "{\"session\": \"s\"}", "{\"sequence\": 1}",
        ])
    func envelope_thatIsWrong_isRefusedWithAReason(_ text: String) {
        do {
            _ = try Envelope(bytes: Array(text.utf8))
            Issue.record("accepted: \(text)")
        } catch { #expect(!error.description.isEmpty) }
    }

    @Test func envelope_thatIsTooLarge_isRefused() {
        let text = "{\"properties\": {\"x\": \"" + String(repeating: "x", count: Envelope.sizeLimit) + "\"}}"
        #expect(throws: Envelope.Problem.self) { try Envelope(bytes: Array(text.utf8)) }
    }

    @Test func envelopeName_isTheNameUntilItIsTooLong() throws {
        #expect(Envelope.name(for: "a.csv") == "a.csv.envelope")
        let fits = FileName(Array(repeating: 0x61, count: 246))!
        #expect(Envelope.name(for: fits).bytes == fits.bytes + Array(".envelope".utf8))
        var seen: Set<FileName> = []
        for count in 247...255 {
            let name = FileName(Array(repeating: 0x61, count: count))!
            let short = Envelope.name(for: name)
            #expect(short.bytes.count == 226 && short.bytes.starts(with: name.bytes[..<200]) && short.hasSuffix(".envelope"))
            #expect(seen.insert(short).inserted)
        }
    }

    @Test(
        arguments: [
            ("a=1\nb=two words\n", [("a", "1"), ("b", "two words")], 0), ("a=1\na=2", [("a", "2")], 0),
            ("a=x=y", [("a", "x=y")], 0), ("a=", [("a", "")], 0), ("\n\n", [], 0), ("a=1\r\nb=2\r\n", [("a", "1"), ("b", "2")], 0),
            ("t<<END\nline one\nline two\nEND\nb=1", [("t", "line one\nline two"), ("b", "1")], 0),
            ("t<<E\nE\n", [("t", "")], 0), ("t<<END\nnever", [], 1), ("no sign", [], 1), ("=x", [], 1), ("a b=1", [], 1),
            ("a=x<<y", [("a", "x<<y")], 0), ("$(rm)=1", [], 1), ("ok-1.b_2=v", [("ok-1.b_2", "v")], 0),
        ] as [(String, [(String, String)], Int)])
    func outputs_areReadLineByLine(_ text: String, _ expected: [(String, String)], _ problems: Int) {
        let found = OutputValues.parse(Array(text.utf8))
        #expect(found.values == expected.map { JSON.Member($0, .string($1)) })
        #expect(found.problems.count == problems)
    }

    @Test func outputs_ofAnyBytes_areSafe() {
        #expect(OutputValues.parse(Array("a=".utf8) + [0xFF]).values == [.init("a", "\\xFF")])
        #expect(OutputValues.parse(Array(repeating: 0x61, count: OutputValues.sizeLimit)).problems.count == 2)
    }

    @Test(
        arguments: [
            ("42 encoding frame 1200\n", 42, "encoding frame 1200"), ("42% half", 42, "half"), ("100", 100, ""), ("0.5 x", 0.5, "x"),
            ("first\nsecond\n", nil, "second"), ("101 over", nil, "101 over"), ("-1 x", nil, "-1 x"), ("nan x", nil, "nan x"),
            ("starting", nil, "starting"), ("10 a\r20 b", 20, "b"), ("a\u{1B}[2J", nil, "a\\x1B[2J"),
        ] as [(String, Double?, String)])
    func progress_isTheLastLine(_ text: String, _ percent: Double?, _ message: String) {
        let found = StatusDocument.Progress(script: Array(text.utf8), at: at(0))
        #expect(found?.percent == percent)
        #expect(found?.message == message)
    }

    @Test(arguments: ["", "\n\n", "   "]) func progress_ofNothing_isNil(_ text: String) {
        #expect(StatusDocument.Progress(script: Array(text.utf8), at: at(0)) == nil)
    }

    @Test func statusName_isTheNameUntilItIsTooLong() throws {
        #expect(StatusName.of("a.csv") == "a.csv.json")
        let fits = FileName(Array(repeating: 0x61, count: 250))!
        #expect(StatusName.of(fits).bytes == fits.bytes + Array(".json".utf8))
        var seen: Set<FileName> = []
        for last in UInt8(1)...200 where last != UInt8(ascii: "/") {
            for count in 251...255 {
                let name = FileName(Array(repeating: 0x61, count: count - 1) + [last])!
                let short = StatusName.of(name)
                #expect(short.bytes.count <= 255 && short.bytes.starts(with: name.bytes[..<200]) && short.bytes[200] == UInt8(ascii: "~"))
                #expect(StatusName.of(name) == short)
                #expect(seen.insert(short).inserted)
            }
        }
    }
}
