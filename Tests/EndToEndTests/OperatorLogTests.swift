import Glibc
import Testing

/// What `bobbin run` tells the operator, and where.
struct OperatorLogTests {
    /// A job whose settings are wrong makes a line; so does SIGHUP.
    private func trouble(_ root: Root, _ name: String) { root.job(name, settings: #"{"max_concurrency": "many"}"#) }

    @Test func file_takesTheLines_andIsOpenedAnew_onHangUp() async throws {
        try await withRoot { root in
            let log = root.notes / "bobbin.log"
            log.write("what was there before\n")
            trouble(root, "first")
            let bobbin = try await root.start(["--log", log.text])
            try await wait(for: "the first complaint") { log.string.contains("job first") }
            #expect(log.lines.first == "what was there before")
            #expect(log.lines.last?.contains("Z job first: ") == true, "\(log.string)")

            log.move(to: root.notes / "bobbin.log.1")
            bobbin.signal(SIGHUP)
            try await wait(for: "a new file") { log.string.contains("reading the jobs anew") }
            trouble(root, "second")
            try await wait(for: "the second complaint") { log.string.contains("job second") }
            #expect(!(root.notes / "bobbin.log.1").string.contains("job second"))
            try await root.stop(bobbin)
            #expect(log.string.contains("SIGTERM: stopping"))
            #expect(bobbin.error.string.isEmpty, "\(bobbin.error.string)")
            #expect(bobbin.output.lines == ["bobbin: ready"])
        }
    }

    @Test func file_thatCannotBeOpenedAnew_keepsTheOldOne() async throws {
        try await withRoot { root in
            let folder = root.notes / "logs"
            folder.makeFolder()
            root.job("q")
            let bobbin = try await root.start(["--log", (folder / "bobbin.log").text])
            let moved = root.notes / "logs.old"
            folder.move(to: moved)
            bobbin.signal(SIGHUP)
            try await wait(for: "a word about it") { (moved / "bobbin.log").string.contains("goes on in the file that was open") }
            try await root.queue("q").settle()
            try await root.stop(bobbin)
        }
    }

    @Test(arguments: ["nowhere/log", "", "link"])
    func file_thatCannotBeUsed_isARefusal(_ name: String) async throws {
        try await withRoot { root in
            _ = symlink("target", (root.notes / "link").text)
            let bobbin = try root.launch(["--log", (root.notes / name).text])
            #expect(try await bobbin.end() == 69)
            #expect(bobbin.error.string.contains("--log"), "\(bobbin.said)")
        }
    }

    @Test func refusal_standsInTheFileToo() async throws {
        try await withRoot { root in
            root.spool.removeTree()
            root.spool.write("no folder")
            let log = root.notes / "bobbin.log"
            let bobbin = try root.launch(["--log", log.text])
            #expect(try await bobbin.end() == 69)
            #expect(bobbin.error.string.contains("cannot be used") && log.string.contains("cannot be used"))
        }
    }

    /// The journal adds times by itself and reads priorities at the beginning of lines.
    @Test func journal_getsPrioritiesInsteadOfTimes() async throws {
        try await withRoot { root in
            trouble(root, "q")
            let journal = root.notes / "journal"
            journal.write("")
            let stamp = try #require(journal.stat)
            func line(_ stream: String) -> String {
                "JOURNAL_STREAM=\(stream) exec \(Program.bobbin.quoted) run --root \(root.path.quoted) 2>> \(journal.quoted)"
            }
            let bobbin = try root.launch(line: line("\(stamp.st_dev):\(stamp.st_ino)"))
            try await wait(for: "the complaint") { journal.string.contains("job q") }
            try await root.stop(bobbin)
            #expect(journal.lines.first?.hasPrefix("<4>job q: ") == true, "\(journal.string)")
            #expect(journal.lines.last?.hasPrefix("<6>SIGTERM: stopping") == true)

            let refused = try root.launch(line: line("\(stamp.st_dev):\(stamp.st_ino)") + " --spool /nonexistent/spool")
            #expect(try await refused.end() == 69)
            #expect(journal.lines.last?.hasPrefix("<3>bobbin: /nonexistent") == true, "\(journal.string)")

            // The variable is inherited by whatever a unit starts; standard error may lead elsewhere by then.
            journal.write("")
            let other = try root.launch(line: line("\(stamp.st_dev):\(stamp.st_ino + 1)"))
            try await wait(for: "the complaint") { journal.string.contains("job q") }
            try await root.stop(other)
            #expect(journal.lines.allSatisfy { $0.hasPrefix("20") }, "\(journal.string)")
        }
    }
}
