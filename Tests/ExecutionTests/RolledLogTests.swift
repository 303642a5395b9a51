import Documents
import Files
import SystemPackage
import Testing

@testable import Execution

@Suite struct RolledLogTests {
    private let scratch: Scratch
    private let instance = ItemID.make(at: Clocks.system.now())

    init() throws { scratch = try Scratch() }

    private func log() -> RolledLog { RolledLog(in: scratch.folder, instance: instance, clocks: .system) }

    private func line(_ number: Int, of width: Int = 1000) -> [UInt8] {
        let text = "line \(number) "
        return Array((text + String(repeating: "x", count: width - text.count - 1) + "\n").utf8)
    }

    /// Every line in every file that there is, the oldest first.
    private var lines: [Int] {
        RolledLog.places.flatMap { place -> [Int] in
            let bytes = (try? scratch.folder.read(place, limit: 8 << 20)) ?? nil
            return (bytes ?? []).split(separator: UInt8(ascii: "\n")).compactMap {
                String(decoding: $0, as: UTF8.self).split(separator: " ").dropFirst().first.flatMap { Int($0) }
            }
        }
    }

    @Test func line_hasTheFormOfWebJobs_withAnISOTime() throws {
        log().system("Status changed to Running")
        let text = try #require(scratch.read("job_log.txt"))
        let form = try Regex(#"\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z > [0-9a-f]{6}: SYS INFO\] Status changed to Running\n"#)
        #expect(text.wholeMatch(of: form) != nil, "\(text)")
    }

    /// kudu#1748, #1744: the original stops after 200 lines, just before the crash.
    @Test func complaint2_floodOfLines_isRolled_andNothingOfTheLastMegabytesIsMissing() throws {
        let log = log()
        let count = 14_000
        for number in 0..<count { log.append(line(number)) }
        let kept = lines
        #expect(kept.last == count - 1)
        #expect(kept == Array((kept.first ?? 0)..<count), "a line is missing in between")
        #expect(kept.count > 9 * 1024, "nine full files and the newest")
        let names = try scratch.folder.names().map(\.escaped).sorted()
        #expect(names == ["job_log.txt"] + (1...9).map { "job_log_\($0).txt" })
        for name in names { #expect((scratch.read(name)?.utf8.count ?? 0) <= 1 << 20 + 1000) }
    }

    @Test func twoWriters_rollOneLog_andLoseNoLine() async {
        let (first, second) = (log(), log())
        let half = 2500
        await withTaskGroup(of: Void.self) { group in
            for (index, log) in [first, second].enumerated() {
                group.addTask { for number in 0..<half { log.append(line(2 * number + index)) } }
            }
        }
        #expect(lines.sorted() == Array(0..<2 * half))
    }

    @Test func removedFile_isMadeAnew() throws {
        let log = log()
        log.append(line(1))
        try scratch.folder.remove(RolledLog.place)
        log.append(line(2))
        #expect(lines == [2])
    }

    /// Whoever runs must not be held up, and what is missing must be told.
    @Test func fullDisk_dropsLines_andSaysSoLater() throws {
        let log = log()
        log.append(line(1))
        Faults.$plan.withValue(Faults { operation, _ in operation == .write ? .noSpace : nil }) {
            log.append(line(2) + line(3))
            log.append(line(4))
        }
        log.append(line(5))
        let text = try #require(scratch.read("job_log.txt"))
        #expect(text.contains("SYS ERR ] 3 lines could not be written: No space left on device"), "\(text)")
        #expect(text.hasSuffix(String(decoding: line(5), as: UTF8.self)))
    }
}
