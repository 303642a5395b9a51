import Documents
import Files
import Glibc
import SystemPackage
import Testing

@testable import Execution

@Suite struct LineLogTests {
    private static let clocks = Clocks(now: { Instant(seconds: 1_795_458_302, nanoseconds: 123_000_000) }, uptime: { .zero })

    private func log(_ scratch: Scratch) throws -> LineLog {
        LineLog(try scratch.script(["/bin/true"]), clocks: Self.clocks)
    }

    /// What the log says, without time and run.
    private func lines(_ scratch: Scratch) -> [String] {
        scratch.log.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map { line in
            guard let level = line.range(of: ": ") else { return String(line) }
            return String(line[level.upperBound...])
        }
    }

    @Test func lines_haveTimeRunAndLevel() throws {
        let scratch = try Scratch()
        let script = try scratch.script(["/bin/true"])
        var log = LineLog(script, clocks: Self.clocks)
        log.append(Array("out\n".utf8)[...], .output)
        log.append(Array("err\n".utf8)[...], .error)
        log.system("said")
        log.finish()
        let tag = script.run.description.suffix(6)
        #expect(
            scratch.log == """
                [2026-11-23T18:25:02.123Z > \(tag): SYS INFO] attempt 1 of 5
                [2026-11-23T18:25:02.123Z > \(tag): INFO] out
                [2026-11-23T18:25:02.123Z > \(tag): ERR ] err
                [2026-11-23T18:25:02.123Z > \(tag): SYS INFO] said

                """)
    }

    @Test func withoutOutput_thereIsNoLog() throws {
        let scratch = try Scratch()
        var log = try log(scratch)
        log.finish()
        #expect(scratch.read("log") == nil)
    }

    @Test(
        arguments: [
            (["a\nb\n"], ["a", "b"]), (["a", "b\n"], ["ab"]), (["a\r\nb\r\n"], ["a", "b"]), (["a\r", "\nb\n"], ["a", "b"]),
            (["no end"], ["no end"]), (["\n\n"], ["", ""]), (["tab\there\n"], ["tab\there"]), (["back\\slash\n"], ["back\\slash"]),
            (["\u{1B}[31mred\n"], ["\\x1B[31mred"]), (["ä\\ö\tü\n"], ["ä\\ö\tü"]), (["a\u{0}b\n"], ["a\\x00b"]),
            (["\u{202E}x\n"], ["\\u{202E}x"]),
        ] as [([String], [String])])
    func text_becomesLines(_ pieces: [String], _ expected: [String]) throws {
        let scratch = try Scratch()
        var log = try log(scratch)
        for piece in pieces { log.append(Array(piece.utf8)[...], .output) }
        log.finish()
        #expect(lines(scratch) == ["SYS INFO] attempt 1 of 5"] + expected.map { "INFO] " + $0 })
    }

    @Test func characterThatArrivesInTwoPieces_isOne() throws {
        let scratch = try Scratch()
        var log = try log(scratch)
        for byte in Array("grün 😀\n".utf8) { log.append([byte], .output) }
        log.finish()
        #expect(lines(scratch).last == "INFO] grün 😀")
    }

    @Test func bytesThatAreNotText_areShownEscaped() throws {
        let scratch = try Scratch()
        var log = try log(scratch)
        log.append([0xFF, 0x41, 0xC3, 0x0A], .error)
        log.finish()
        #expect(lines(scratch).last == "ERR ] \\xFFA\\xC3")
    }

    @Test("an endless line is cut between characters, and nothing of it is lost", arguments: ["x", "ä", "日", "😀"])
    func endlessLine_isCut(_ character: String) throws {
        let scratch = try Scratch()
        var log = try log(scratch)
        let text = "." + String(repeating: character, count: 50_000)
        let bytes = Array(text.utf8)
        var at = 0
        while at < bytes.count {
            let end = min(at + 4093, bytes.count)
            log.append(bytes[at..<end], .output)
            at = end
        }
        log.finish()
        let parts = lines(scratch).dropFirst().map { String($0.dropFirst(6)) }
        #expect(parts.joined() == text)
        #expect(parts.allSatisfy { $0.utf8.count <= LineLog.lineLimit })
    }

    @Test("of 20 MB of output the beginning and the end are kept, in order, and the rest is counted")
    func longOutput_isBounded() throws {
        let scratch = try Scratch()
        var log = try log(scratch)
        var number = 0
        for _ in 0..<200 {
            var chunk: [UInt8] = []
            while chunk.count < 100_000 {
                // Lines of different lengths: a short one must not slip in where a long one did not fit.
                let filler = String(repeating: "x", count: number % 97 == 0 ? 3 : 400 + number % 300)
                chunk += Array("\(number) \(filler)\n".utf8)
                number += 1
            }
            log.append(chunk[...], .output)
            log.flush()
        }
        log.finish()
        let written = scratch.log.utf8.count
        #expect(written > LineLog.sizeLimit - 16_384)
        #expect(written < LineLog.sizeLimit + 2 * LineLog.tailLimit)
        let numbers = lines(scratch).compactMap { line in
            line.hasPrefix("INFO] ") ? Int(line.dropFirst(6).prefix { $0 != " " }) : nil
        }
        #expect(numbers.first == 0)
        #expect(numbers.last == number - 1)
        #expect(numbers == numbers.sorted())
        let gaps = zip(numbers, numbers.dropFirst()).filter { $1 != $0 + 1 }
        #expect(gaps.count == 1)
        #expect(scratch.log.contains("bytes of it were not kept"))
    }

    @Test("a disk that cannot take the log never holds up the run", arguments: [Errno.noSpace, .ioError, .readOnlyFileSystem])
    func fullDisk_isNotAnError(_ code: Errno) throws {
        let scratch = try Scratch()
        var log = try log(scratch)
        let plan = Faults { operation, _ in operation == .write || operation == .create ? code : nil }
        Faults.$plan.withValue(plan) {
            log.append(Array("lost\n".utf8)[...], .error)
            log.flush()
        }
        log.append(Array("later\n".utf8)[...], .error)
        log.finish()
        #expect(log.errorText == "lost\nlater")
        if code == .noSpace { #expect(scratch.log.contains("later")) }
    }

    @Test("what the status shows of standard error is whole lines, printable, and at most 4 KiB")
    func errorText_isBounded() throws {
        let scratch = try Scratch()
        for filler in [[UInt8]("line of text\n".utf8), [0xFF], [0x01, 0x0A], Array("\u{202E}".utf8), Array("äö".utf8)] {
            var log = try log(scratch)
            for _ in 0..<3000 { log.append(filler[...], .error) }
            log.append(Array("\nthe end\n".utf8)[...], .error)
            log.finish()
            #expect(log.errorText.utf8.count <= LineLog.errorLimit)
            #expect(log.errorText.hasSuffix("the end"))
            #expect(log.errorText.unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 })
        }
    }
}

extension StringProtocol {
    func range(of text: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }

    func contains(_ text: String) -> Bool { range(of: text) != nil }
}
