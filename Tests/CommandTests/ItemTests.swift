import Foundation
import Testing

@Suite("status, wait, why, logs")
struct ItemTests {
    @Test func submit_andWait_tellsTheEnd() async throws {
        let root = try Root()
        try root.job("ok", "echo hello; echo answer=42 >> $BOBBIN_OUTPUT")
        try root.job("bad", "echo boo >&2; exit 3", settings: #"{"max_attempts": 2, "retry_delay": ["100ms"]}"#)
        let file = try root.file("f.txt")
        try await root.start()

        let good = try await root.bobbin(
            "submit", "ok", file, "--correlation-id", "c1", "--wait", "--timeout", "10", "--json")
        #expect(good.status == 0)
        #expect(good.object["state"] as? String == "succeeded")
        #expect(good.object["correlation_id"] as? String == "c1")
        let id = try #require(good.object["id"] as? String)

        let bad = try await root.bobbin("submit", "bad", file, "--wait", "--timeout", "10")
        #expect(bad.status == 1)
        #expect(bad.output.contains("f.txt: failed (exit code 3)"))

        let byName = try await root.bobbin("status", "ok", "f.txt", "--json")
        let byID = try await root.bobbin("status", "ok", id, "--json")
        #expect(byName.object["id"] as? String == id)
        #expect(byID.output == byName.output)
        let summary = try await root.bobbin("status", "bad", "f.txt")
        #expect(
            summary.output.contains("attempt     2 of 2") && summary.output.contains("boo")
                && summary.output.contains("/log"))

        #expect(try await root.bobbin("wait", "ok", id).status == 0)
        #expect(try await root.bobbin("wait", "bad", "f.txt").status == 1)
        #expect(try await root.bobbin("why", "ok", "f.txt", "--json").object["state"] as? String == "succeeded")
        #expect(try await root.bobbin("why", "bad", "f.txt").output.contains("bobbin retry bad"))

        let log = try await root.bobbin("logs", "ok", "f.txt")
        #expect(log.status == 0 && log.output.contains("INFO] hello"))
        let last = try await root.bobbin("logs", "ok", id, "--lines", "1", "--json")
        #expect((last.object["lines"] as? [String])?.count == 1)

        let queues = try await root.bobbin("status", "--json").object["queues"] as? [[String: Any]]
        #expect(queues?.first { $0["name"] as? String == "bad" }?["failed"] as? Int == 1)
        #expect(queues?.first { $0["name"] as? String == "ok" }?["done"] as? Int == 1)
        let queue = try await root.bobbin("status", "bad", "--json").object
        #expect((queue["recently_failed"] as? [Any])?.count == 1)
    }

    @Test func wait_forAFileThatWaitsAgain_doesNotTakeTheEarlierEndForTheAnswer() async throws {
        let root = try Root()
        try root.job("slow", "sleep 0.5; cat \"$1\"; grep -q good \"$1\"", settings: #"{"max_attempts": 1}"#)
        let bad = try root.file("f.txt", "bad\n")
        try await root.start()
        #expect(try await root.bobbin("submit", "slow", bad, "--argument=/dev/null", "--wait").status == 1)
        root.stop()
        try root.file("g", "good\n")
        try FileManager.default.moveItem(atPath: root.path + "/g", toPath: root.path + "/spool/slow/f.txt")
        #expect(try await root.bobbin("wait", "slow", "f.txt", "--timeout", "0.3").status == 124)
        async let end = root.bobbin("wait", "slow", "f.txt", "--timeout", "20", "--json")
        try await root.start()
        #expect(try await end.object["state"] as? String == "succeeded")
    }

    @Test func wait_forWhatIsNotThere_needsATimeout() async throws {
        let root = try Root()
        try root.job("ok", "true")
        try await root.start()
        #expect(try await root.bobbin("wait", "ok", "never").status == 66)
        #expect(try await root.bobbin("wait", "ok", "never", "--timeout", "0.2").status == 124)
        #expect(try await root.bobbin("wait", "nobody", "never").status == 66)
        #expect(try await root.bobbin("status", "ok", "never").status == 66)
        #expect(try await root.bobbin("logs", "ok", "never").status == 66)
        #expect(try await root.bobbin("status", "nobody").status == 66)
        async let end = root.bobbin("wait", "ok", "soon", "--timeout", "10")
        try await Task.sleep(for: .milliseconds(100))
        try root.drop("ok", Array("soon".utf8))
        #expect(try await end.status == 0)
    }

    @Test func wait_forTheIdOfAWaitingFile_followsItToItsEnd() async throws {
        let root = try Root()
        try root.job("ok", "true")
        let id = try await root.bobbin("submit", "ok", try root.file("f.txt")).id
        #expect(try await root.bobbin("status", "ok", id, "--json").object["state"] as? String == "waiting")
        async let end = root.bobbin("wait", "ok", id, "--timeout", "20", "--json")
        try await root.start()
        #expect(try await end.object["id"] as? String == id)
    }

    @Test func why_saysAllThatKeepsAFile() async throws {
        let root = try Root()
        try root.job("off", "true", settings: #"{"disabled": true}"#)
        try root.job("broken", "true", settings: #"{"max_attempt": 2}"#)
        let untilTheStop = "until [ -e \"$WEBJOBS_SHUTDOWN_FILE\" ]; do sleep 0.1; done"
        try root.job("slow", untilTheStop, settings: #"{"max_concurrency": 1}"#)
        let file = try root.file("f.txt")
        func reasons(_ arguments: String...) async throws -> [String] {
            let answer = try await root.shell("exec \"$BOBBIN\" why --json " + arguments.joined(separator: " "))
            return (answer.object["reasons"] as? [[String: Any]])?.compactMap { $0["reason"] as? String } ?? [
                answer.object["reason"] as? String ?? "\(answer.status)"
            ]
        }
        for queue in ["off", "broken", "slow"] { #expect(try await root.bobbin("submit", queue, file).status == 0) }
        #expect(try await reasons("off", "f.txt") == ["job_disabled", "not_running"])
        #expect(try await reasons("slow", "f.txt") == ["not_running"])
        try await root.start()
        #expect(try await reasons("off", "f.txt") == ["job_disabled"])
        #expect(try await reasons("broken", "f.txt") == ["job_broken"])
        try await root.until("the first runs") { try await reasons("slow", "f.txt") == ["running"] }
        #expect(try await root.bobbin("submit", "slow", file, "--name", "second").status == 0)
        #expect(try await reasons("slow", "second") == ["queued"])
        #expect(try await reasons(root.path + "/spool/slow/second") == ["queued"])
        #expect(try await reasons(root.path + "/spool/off/../slow/second") == ["queued"])
        #expect(try await root.bobbin("submit", "slow", file, "--name", "later", "--not-before", "+1h").status == 0)
        #expect(try await reasons("slow", "later") == ["not_before"])
        try root.drop("slow", Array("x.part".utf8))
        #expect(try await reasons("slow", "x.part") == ["temporary_name"])
        #expect(try await reasons("slow", "nothing") == ["66"])
        #expect(try await reasons(root.path + "/spool/slow/nothing") == ["66"])
        #expect(try await reasons("/etc/passwd") == ["66"])
        try FileManager.default.createDirectory(atPath: root.path + "/spool/reply", withIntermediateDirectories: false)
        try root.drop("reply", Array("r".utf8))
        #expect(try await reasons("reply", "r") == ["no_job"])
    }

    @Test func names_areTakenAsTheShellGivesThem() async throws {
        let root = try Root()
        try root.job("off", "true", settings: #"{"disabled": true}"#)
        try root.job("ok", "true")
        let name: [UInt8] = Array("a\nb ".utf8) + [0xFF] + Array("\u{10FFFF}\\'".utf8)
        try await root.start()
        try await root.until("the queue is there") { root.names("spool").contains("off") }
        try root.drop("off", name)
        let octal = name.map { "\\" + String($0, radix: 8).leftPadded(3) }.joined()
        let given = "n=$(printf '\(octal).'); n=${n%.}; exec \"$BOBBIN\""
        let encoded = Data(name).base64EncodedString()
        for command in [
            "why off \"$n\" --json", "status off \"$n\" --json", "why \"$BOBBIN_ROOT/spool/off/$n\" --json",
        ] {
            let answer = try await root.shell("\(given) \(command)")
            #expect(
                answer.status == 0 && answer.object["name_base64"] as? String == encoded,
                "\(command): \(answer.output)\(answer.error)")
        }
        let shown = try #require(try await root.shell("\(given) status off \"$n\" --json").object["name"] as? String)
        #expect(
            try await root.bobbin("status", "off", shown).status == 0, "the escaped form that is shown is understood")
        #expect(try await root.shell("\(given) wait off \"$n\" --timeout 0.1").status == 124)
        #expect(try await root.shell("\(given) cancel off \"$n\"").status == 0)
        #expect(try await root.shell("\(given) wait off \"$n\"").status == 1)
        let submitted = try await root.shell("\(given) submit ok - --name \"$n\" --wait --json")
        #expect(submitted.status == 0 && submitted.object["name_base64"] as? String == encoded)
    }
}

extension String {
    fileprivate func leftPadded(_ count: Int) -> String {
        String(repeating: "0", count: max(0, count - self.count)) + self
    }
}
