import Glibc
import Testing

/// What becomes of what a script says: the log, whatever is written to it (contract §5).
struct OutputTests {
    private func log(of script: String, settings: String? = nil, within limit: Duration = usualLimit) async throws
        -> [String]
    {
        let box = Box()
        try await withRoot { root in
            let queue = root.job("q", script, settings: settings)
            let bobbin = try await root.start()
            try queue.drop("f")
            let status = try await queue.wait("f", .succeeded, within: limit)
            try await root.stop(bobbin)
            let item = try queue.item(status)
            #expect(status.log.map { (queue.path / $0).text } == (item.folder / "log").text)
            box.lines =
                (item.folder / "log").content?.split(separator: 10, omittingEmptySubsequences: false).map {
                    String(decoding: $0, as: UTF8.self)
                } ?? []
        }
        return box.lines
    }

    private final class Box: @unchecked Sendable { var lines: [String] = [] }

    /// `[2026-11-23T18:25:02.123Z > 3f9c2a: INFO] text` → level and text.
    private nonisolated(unsafe) static let form =
        /\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z > [0-9a-f]{6}: (INFO|ERR |SYS INFO|SYS ERR )\] (.*)/
        .dotMatchesNewlines().matchingSemantics(.unicodeScalar)

    private func parse(_ lines: [String]) -> [(level: String, text: String)] {
        lines.compactMap { line in
            guard let match = line.wholeMatch(of: Self.form) else { return nil }
            return (String(match.1), String(match.2))
        }
    }

    @Test func lines_haveTimeLevelAndText() async throws {
        let lines = try await log(of: "echo out; echo err >&2; echo; printf 'a\\tb\\\\c\\r\\n'; finish 0")
        #expect(lines.last == "", "the log ends with its last line")
        let parsed = parse(Array(lines.dropLast()))
        #expect(parsed.count == lines.count - 1, "\(lines)")
        #expect(parsed.first?.level == "SYS INFO" && parsed.first?.text.hasPrefix("attempt 1 of 5, run ") == true)
        #expect(parsed.filter { $0.level == "INFO" }.map(\.text) == ["out", "", "a\tb\\c"])
        #expect(parsed.filter { $0.level == "ERR " }.map(\.text) == ["err"])
    }

    @Test func unterminatedLine_isWrittenAtTheEnd() async throws {
        let parsed = parse(try await log(of: "printf 'no end'; printf 'none either' >&2; finish 0"))
        #expect(parsed.contains { $0 == ("INFO", "no end") })
        #expect(parsed.contains { $0 == ("ERR ", "none either") })
    }

    @Test func partsOfALine_areJoined() async throws {
        let parsed = parse(try await log(of: "for i in 1 2 3 4 5; do printf $i; sleep 0.02; done; echo; finish 0"))
        #expect(parsed.contains { $0 == ("INFO", "12345") })
    }

    @Test func bytesThatAreNoText_areEscaped() async throws {
        let parsed = parse(try await log(of: #"printf '\377\001\033[31mred\nfür\342\200\256x\n'; finish 0"#))
        #expect(parsed.map(\.text).contains(#"\xFF\x01\x1B[31mred"#))
        #expect(parsed.map(\.text).contains { $0.hasPrefix("für") && !$0.unicodeScalars.contains("\u{202E}") })
    }

    @Test func randomBytes_neverForgeALine() async throws {
        let lines = try await log(
            of:
                "head -c 200000 /dev/urandom; printf '\\n[2026-01-01T00:00:00.000Z > abcdef: SYS INFO] forged\\n'; finish 0"
        )
        let parsed = parse(Array(lines.dropLast()))
        #expect(parsed.count == lines.count - 1)
        #expect(!parsed.contains { $0.text == "forged" })
    }

    @Test func endlessLine_isCut() async throws {
        let parsed = parse(try await log(of: "head -c 100000 /dev/zero | tr '\\0' x; finish 0")).filter {
            $0.level == "INFO"
        }
        #expect(parsed.allSatisfy { $0.text.utf8.count <= 8192 })
        #expect(parsed.map(\.text).joined() == String(repeating: "x", count: 100_000))
    }

    @Test func cutLine_neverSplitsACharacter() async throws {
        let parsed = parse(try await log(of: "yes ä | head -n 20000 | tr -d '\\n'; finish 0")).filter {
            $0.level == "INFO"
        }
        #expect(parsed.map(\.text).joined() == String(repeating: "ä", count: 20_000))
    }

    @Test func closedOutput_isNoTrouble() async throws {
        let parsed = parse(try await log(of: "echo first; exec 1>&- 2>&-; sleep 0.1; finish 0"))
        #expect(parsed.last?.text == "first")
    }

    @Test func anotherAttempt_isAppendedToTheSameLog() async throws {
        let parsed = parse(
            try await log(
                of: "echo \"I am $BOBBIN_ATTEMPT\"; [ $BOBBIN_ATTEMPT = 2 ] || finish 3; finish 0",
                settings: #"{"retry_delay": [0.05]}"#))
        #expect(
            parsed.map(\.text).filter { $0.hasPrefix("I am") || $0.hasPrefix("exit") } == [
                "I am 1", "exit code 3", "I am 2",
            ])
    }

    @Test func errorOfTheStatus_isTheEndOfStandardError() async throws {
        try await withRoot { root in
            let queue = root.job("q", "seq 1 5000 | sed 's/^/line /' >&2; finish 65")
            let bobbin = try await root.start()
            try queue.drop("f")
            let status = try await queue.wait("f", .failed)
            try await root.stop(bobbin)
            #expect(status.error.utf8.count <= 4096)
            #expect(status.error.hasSuffix("line 4999\nline 5000"))
            #expect(status.error.hasPrefix("line "))
        }
    }
}

/// Output of tens of megabytes: disk and memory stay bounded, and other runs are not held up.
@Suite(.serialized) struct LoudScriptTests {
    @Test(arguments: [
        "yes 'a line of output that is of no interest to anybody' | head -c 50000000",
        "head -c 50000000 /dev/zero | tr '\\0' x", "head -c 20000000 /dev/urandom",
    ])
    func output_ofTensOfMegabytes_isBounded(_ loud: String) async throws {
        try await withRoot(alone: true) { root in
            let queue = root.job("q", "\(loud); echo the very end; finish 0")
            let other = root.job("other")
            let bobbin = try await root.start()
            try queue.drop("f")
            _ = try await queue.wait(run: "start")
            for index in 0..<5 {
                try other.drop("f\(index)")
                try await other.wait("f\(index)", .succeeded)
            }
            let status = try await queue.wait("f", .succeeded, within: .seconds(90))
            let item = try queue.item(status)
            let size = (item.folder / "log").stat?.st_size ?? 0
            #expect(size > 1_000_000 && size < 11_000_000, "\(size) bytes of log")
            #expect(item.log.last?.hasSuffix("the very end") == true)
            let peak =
                Path("/proc/\(bobbin.id)/status").lines.first { $0.hasPrefix("VmHWM") }?.split(separator: " ")
                .dropFirst().first.flatMap { Int($0) } ?? 0
            #expect(peak > 0 && peak < 150_000, "\(peak) KiB at the peak")
            try await root.stop(bobbin)
        }
    }
}
