import Files
import SystemPackage
import TestSupport
import Testing

@testable import Watching

@Suite("Records")
struct RecordTests {
    private static let stream = Array("R1/\0+12/65024.77\0!3/28\0M12/a name\nwith lines\0W0/\u{FF}\0O0/\0D4/\0".utf8)

    private func parse(_ pieces: [ArraySlice<UInt8>]) -> [WatchRecord?] {
        var parser = RecordParser()
        var records: [WatchRecord?] = []
        for piece in pieces {
            parser.parse(piece) { record in
                // The rest is a slice of a buffer; compare its bytes, not its indices.
                records.append(record.map { WatchRecord($0.letter, $0.number, ArraySlice(Array($0.rest))) })
            }
        }
        return records
    }

    @Test func aStreamIsCutIntoRecords() {
        let records = parse([Self.stream[...]])
        #expect(records.count == 7)
        #expect(records[0] == WatchRecord(.ready, 1))
        #expect(records[1]?.numbers == [65024, 77])
        #expect(records[2]?.numbers == [28])
        #expect(records[3] == WatchRecord(.movedIn, 12, Array("a name\nwith lines".utf8)[...]))
        #expect(records[6] == WatchRecord(.deleted, 4))
    }

    @Test func piecesCutAnywhere_giveTheSame() {
        let whole = parse([Self.stream[...]])
        for first in 0...Self.stream.count {
            for second in stride(from: first, through: Self.stream.count, by: 3) {
                #expect(parse([Self.stream[..<first], Self.stream[first..<second], Self.stream[second...]]) == whole)
            }
        }
        #expect(parse(Self.stream.indices.map { Self.stream[$0...$0] }) == whole)
    }

    @Test(arguments: ["", "M", "M/", "M1", "1/", "Mx/a", "M-1/a", "Z1/a", "M99999999999999999999/a", "m1/a", "M 1/a"])
    func whatIsNoRecord_isNil(_ text: String) {
        #expect(WatchRecord(Array(text.utf8)[...]) == nil)
    }

    @Test(arguments: ["", ".", "1.", ".1", "a", "1.b", "-1", "99999999999999999999999"])
    func whatIsNoNumber_isNil(_ text: String) {
        #expect(WatchRecord(.inForce, 1, Array(text.utf8)[...]).numbers == nil)
    }

    @Test(arguments: 0..<50) func garbage_neverBreaksTheParserOrTheMachine(_ seed: UInt64) {
        var random = Dice(seed: seed)
        var parser = RecordParser()
        var machine = WatchMachine(settings: WatcherSettings(), hasProgram: true, now: .zero)
        machine.tick(.zero)
        machine.startedProcess(1, failure: nil, .zero)
        machine.ready(.zero)
        for token in 1...3 { machine.add(WatchToken(number: token), "/tmp") }
        let letters = WatchRecord.Letter.allCases.map(\.rawValue) + [0, 0, 0x2F, 0x2F, 0x31, 0x32, 0x2E, 0xFF]
        for step in 0..<200 {
            let count = Int.random(in: 0...900, using: &random)
            let isClose = Bool.random(using: &random)
            let bytes = (0..<count).map { _ in
                isClose ? letters.randomElement(using: &random)! : UInt8.random(in: 0...255, using: &random)
            }
            let now = Duration.milliseconds(step * 7)
            parser.parse(bytes[...]) { machine.handle($0, now) }
            if now >= machine.nextDeadline() { machine.tick(now) }
            if machine.actions.contains(.startProcess) {
                machine.startedProcess(2, failure: nil, now)
                machine.ready(now)
            }
            for action in machine.actions {
                guard case .examine(let requests) = action else { continue }
                for request in requests {
                    machine.examined(request, .folder(Identity(device: 1, inode: 2), .local), now)
                }
            }
            machine.actions = []
            #expect(machine.changes.allSatisfy { machine.folders[$0.folder] != nil }, "seed \(seed)")
            machine.changes = []
        }
    }
}
