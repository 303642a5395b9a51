import Files
import Glibc
import Spool
import TestSupport
import Testing

@Suite struct GlobTests {
    @Test(
        arguments: [
            ("*.csv", "a.csv", true), ("*.csv", "a.CSV", false), ("*.csv", ".csv", true), ("*.csv", "a.csv2", false),
            ("*", "anything at all", true), ("?", "a", true), ("?", "ä", true), ("?", "ab", false), ("??", "ä", false),
            ("[äö].txt", "ö.txt", true), ("[!äö].txt", "ö.txt", false), ("[^a]", "b", true),
            ("[a-c]x", "bx", true), ("[a-c]x", "dx", false), ("[]x]", "]", true), ("[!]x]", "a", true),
            ("[a-]", "-", true), ("[[:digit:]]*", "7up", true), ("[[:digit:]]*", "up7", false),
            ("[[:alpha:][:digit:]_]", "_", true), ("[z-a]", "m", false),
            ("\\*", "*", true), ("\\*", "a", false), ("a\\", "a", false), ("[\\]]", "]", true),
            ("[abc", "[abc", true), ("a[", "a[", true), ("*a*b*c", "xxaxxbxxc", true), ("*a*b*c", "xxaxxbxx", false),
            ("report-????-??.*", "report-2026-01.pdf", true), ("**", "x", true), ("a*a", "a", false), ("", "x", false),
            ("*.new", "line\nbreak.new", true),
        ] as [(String, String, Bool)])
    func glob_matchesNames(_ pattern: String, _ name: String, _ expected: Bool) throws {
        #expect(Glob(pattern).matches(try #require(FileName(name))) == expected)
    }

    @Test func nameThatIsNotUTF8_isMatchedByteByByte() throws {
        let name = try #require(FileName([0x61, 0xFF, 0xC3, 0x2E, 0x63]))
        #expect(Glob("a*").matches(name))
        #expect(Glob("a??.c").matches(name))
        #expect(!Glob("a?.c").matches(name))
    }

    @Test func hostilePattern_takesNoExponentialTime() throws {
        let name = try #require(FileName(repeatElement(UInt8(ascii: "a"), count: 255)))
        #expect(!Glob(String(repeating: "*a", count: 100) + "b").matches(name))
    }

    @Test func random_agreesWithFnmatch() throws {
        for seed in UInt64(1)...40 {
            var dice = Dice(seed: seed)
            for _ in 0..<2000 {
                let pattern = String(
                    (0..<Int.random(in: 0...8, using: &dice)).map { _ in "ab-*?[]!\\c".randomElement(using: &dice)! })
                // glibc 2.36 treats a `[` that is never closed as itself, but not always after a star.
                if let open = pattern.lastIndex(of: "["), !pattern[open...].contains("]") { continue }
                let name = String(
                    (0..<Int.random(in: 1...6, using: &dice)).map { _ in "abc-[]\\!".randomElement(using: &dice)! })
                let expected = fnmatch(pattern, name, 0) == 0
                #expect(
                    Glob(pattern).matches(try #require(FileName(name))) == expected,
                    "seed \(seed): \(pattern) on \(name)")
            }
        }
    }
}
