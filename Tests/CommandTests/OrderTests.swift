import Foundation
import Testing

@Suite("retry, cancel, discard, history")
struct OrderTests {
    @Test func retry_putsFailedItemsBack() async throws {
        let root = try Root()
        try root.job(
            "picky", "test -e \"$FLAG\"",
            settings: #"{"max_attempts": 1, "environment": {"FLAG": "\#(root.path)/flag"}}"#)
        let file = try root.file("f.txt")
        try await root.start()
        for name in ["one", "two"] {
            #expect(try await root.bobbin("submit", "picky", file, "--name", name, "--wait").status == 1)
        }
        try root.file("flag")
        #expect(try await root.bobbin("retry", "picky", "one").status == 0)
        #expect(try await root.bobbin("wait", "picky", "one", "--timeout", "10").status == 0)
        let all = try await root.bobbin("retry", "picky", "--all", "--json")
        #expect(all.status == 0 && (all.object["items"] as? [Any])?.count == 1)
        #expect(try await root.bobbin("wait", "picky", "two", "--timeout", "10").status == 0)
        let done = try await root.bobbin("retry", "picky", "one")
        #expect(done.status == 1)
        #expect(try await root.bobbin("retry", "picky", "nothing").status == 66)
        #expect(try await root.bobbin("retry", "picky").status == 64)
        #expect(try await root.bobbin("retry", "picky", "one", "--all").status == 64)
    }

    @Test func cancel_endsWaitingAndRunningItems() async throws {
        let root = try Root()
        // The child outlives the script for a moment, and becomes ours: a run that was cut must end all the same.
        try root.job("slow", "sleep 60; true", settings: #"{"max_concurrency": 1}"#)
        let file = try root.file("f.txt")
        try await root.start()
        let id = try await root.bobbin("submit", "slow", file, "--name", "one").id
        try await root.until("it runs") {
            try await root.bobbin("status", "slow", "one", "--json").object["state"] as? String == "running"
        }
        let second = try await root.bobbin("submit", "slow", file, "--name", "two").id
        let waiting = try await root.bobbin("cancel", "slow", "two", "--json")
        #expect(
            waiting.status == 0 && (waiting.object["items"] as? [[String: Any]])?.first?["id"] as? String == second,
            "the id is that of submit")
        #expect(!root.names("spool/slow").contains("two.envelope"), "the envelope goes along")
        let running = try await root.bobbin("cancel", "slow", id)
        #expect(running.status == 0 && running.output.contains("cancelled while it ran"), "\(running.error)")
        #expect(try await root.bobbin("status", "slow", id, "--json").object["state"] as? String == "cancelled")
        #expect(try await root.bobbin("cancel", "slow", id).status == 1)
        let unknown = try await root.bobbin("cancel", "slow", "nothing")
        #expect(unknown.status == 66, "\(unknown.status): \(unknown.output)\(unknown.error)")
        #expect(try await root.bobbin("wait", "slow", id).status == 1)
    }

    @Test func discard_removesWhatIsFinished() async throws {
        let root = try Root()
        try root.job("bad", "exit 65")
        try root.job("slow", "sleep 60")
        let file = try root.file("f.txt")
        try await root.start()
        for name in ["one", "two", "three"] {
            #expect(try await root.bobbin("submit", "bad", file, "--name", name, "--wait").status == 1)
        }
        #expect(try await root.bobbin("discard", "bad", "one").status == 0)
        #expect(try await root.bobbin("status", "bad", "one").status == 66)
        #expect(try await root.bobbin("discard", "bad", "one").status == 66)
        #expect(try await root.bobbin("discard", "bad", "--all-failed").status == 0)
        #expect(root.names("spool/bad/failed").isEmpty && root.names("spool/bad/status").isEmpty)
        _ = try await root.bobbin("submit", "slow", file)
        try await root.until("it runs") {
            try await root.bobbin("status", "slow", "f.txt", "--json").object["state"] as? String == "running"
        }
        #expect(try await root.bobbin("discard", "slow", "f.txt").status == 1)
    }

    @Test func orders_workWithoutAnOrchestrator() async throws {
        let root = try Root()
        try root.job("bad", "exit 65")
        let file = try root.file("f.txt")
        let id = try await root.bobbin("submit", "bad", file).id
        #expect(try await root.bobbin("cancel", "bad", id).status == 0)
        #expect(try await root.bobbin("retry", "bad", "f.txt").status == 0)
        #expect(root.names("spool/bad/retry") == [id])
        #expect(try await root.bobbin("cancel", "bad", "f.txt").status == 0)
        #expect(try await root.bobbin("discard", "bad", id).status == 0)
        #expect(root.names("spool/bad/failed").isEmpty)
    }

    @Test func history_readsWhileTheOrchestratorWrites_andIsRebuilt() async throws {
        let root = try Root()
        try root.job("ok", "true")
        try root.job("bad", "exit 65")
        let file = try root.file("f.txt")
        let none = try await root.bobbin("history")
        #expect(none.status == 0 && none.error.contains("no history"))
        try await root.start()
        #expect(try await root.bobbin("submit", "ok", file, "--wait").status == 0)
        #expect(try await root.bobbin("submit", "bad", file, "--wait").status == 1)
        try await root.until("both runs are on record") { try await root.bobbin("history", "--json").list.count == 2 }
        #expect(
            try await root.bobbin("history", "bad", "--state", "failed", "--json").list.first?["exit_code"] as? Int
                == 65)
        #expect(try await root.bobbin("history", "--name", "f.txt", "--limit", "1", "--json").list.count == 1)
        #expect(try await root.bobbin("history", "--before=-1h", "--json").list.isEmpty)
        #expect(try await root.bobbin("history", "--state", "nonsense").status == 64)
        root.stop()
        for name in root.names("data") where name.hasPrefix("history.sqlite") {
            try FileManager.default.removeItem(atPath: "\(root.path)/data/\(name)")
        }
        #expect(try await root.bobbin("history", "--rebuild", "--json").object["added"] as? Int == 2)
        #expect(try await root.bobbin("history", "--json").list.count == 2)
    }

    @Test func retention_byCount_keepsTheNewestOfEachPlace() async throws {
        let root = try Root()
        try root.job("ok", "true", settings: #"{"retention": {"done": {"count": 2}, "history": {"count": 3}}, "max_concurrency": 1}"#)
        try root.job("bad", "exit 65", settings: #"{"retention": {"failed": {"count": 1}}}"#)
        let file = try root.file("f.txt")
        for number in 0..<5 {
            _ = try await root.bobbin("submit", "ok", file, "--name", "ok\(number)")
            if number < 3 { _ = try await root.bobbin("submit", "bad", file, "--name", "bad\(number)") }
        }
        #expect(try await root.bobbin("run", "--drain").status == 0)
        #expect(root.names("spool/ok/status") == ["ok3.json", "ok4.json"])
        #expect(root.names("spool/bad/failed").count == 1)
        let remembered = try await root.bobbin("history", "ok", "--json").list.compactMap { $0["name"] as? String }
        #expect(remembered == ["ok4", "ok3", "ok2"])
        #expect(try await root.bobbin("history", "bad", "--json").list.count == 3)
    }
}
