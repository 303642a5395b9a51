import Foundation
import Testing

@Suite("jobs, new, check, schema, doctor, run")
struct JobTests {
    @Test func jobs_showsStateAndProblems() async throws {
        let root = try Root()
        #expect(try await root.bobbin("jobs").output.contains("bobbin new"))
        try root.job("ok", "true")
        try root.job("off", "true", settings: #"{"disabled": true}"#)
        try root.job("broken", "true", settings: "{\n\"max_attempt\": 2}")
        try FileManager.default.createDirectory(
            atPath: root.path + "/jobs/continuous/web", withIntermediateDirectories: true)
        func state(_ name: String) async throws -> String? {
            let jobs = try await root.bobbin("jobs", name, "--json").object["jobs"] as? [[String: Any]]
            return jobs?.first?["state"] as? String
        }
        #expect(try await state("ok") == "not running")
        #expect(try await state("web") == "broken")
        #expect(try await state("off") == "disabled")
        let table = try await root.bobbin("jobs")
        #expect(table.status == 0 && table.output.contains("broken/settings.job:2: key \"max_attempt\""))
        #expect(!table.output.contains("\u{1B}"), "no colours where there is no terminal")
        #expect(try await root.bobbin("jobs", "nobody").status == 66)
        try await root.start()
        try await root.until("it runs") { try await state("ok") == "Running" }
        #expect(try await state("broken") == "broken")
        #expect(root.names("spool").contains("broken"), "a broken job has its queue")
    }

    @Test func deploy_answersInWordsAndInJSON_andByItsExitCode() async throws {
        let root = try Root()
        let script = try root.file("run.sh", "#!/bin/sh\n")
        let first = try await root.bobbin("deploy", "new", script, "--json")
        #expect(first.status == 0 && first.object["files"] as? Int == 1 && first.object["previous"] as? Bool == false, "\(first)")
        #expect(root.names("jobs/triggered/new") == ["run.sh"] && root.names("spool").contains("new"))
        #expect(try await root.bobbin("deploy", "new", "--rollback").status == 66)
        let refused = try await root.bobbin("deploy", "new", try root.file("run.bat", "dir"))
        #expect(refused.status == 1 && refused.error.contains("Windows") && refused.error.contains("Nothing was changed"), "\(refused)")
        #expect(try await root.bobbin("deploy", "new", root.path + "/nowhere").status == 66)
        for wrong in [["new"], ["new", script, "--rollback"], [".new", script], ["a/b", script]] {
            #expect(try await root.bobbin("deploy", wrong).status == 64, "\(wrong)")
        }
        let second = try await root.bobbin("deploy", "new", try root.file("other.py", "pass\n"))
        #expect(second.status == 0 && second.output.contains("--rollback"), "\(second)")
        #expect(root.names("jobs/triggered/new") == ["other.py"])
        #expect(try await root.bobbin("deploy", "new", "--rollback").status == 0)
        #expect(root.names("jobs/triggered/new") == ["run.sh"])
    }

    @Test func jobs_whoseScriptBlamesTheJob_haveAnOpenCircuit() async throws {
        let root = try Root()
        try root.job("bare", "exit 127", settings: #"{"retry_delay": ["1m"]}"#)
        try await root.start()
        _ = try await root.bobbin("submit", "bare", try root.file("f.txt"))
        try await root.until("its circuit is open") {
            let jobs = try await root.bobbin("jobs", "bare", "--json").object["jobs"] as? [[String: Any]]
            return jobs?.first?["state"] as? String == "circuit open"
        }
    }

    @Test(arguments: ["sh", "py"])
    func new_makesAJobThatPassesTheCheckAndRuns(language: String) async throws {
        let root = try Root()
        let made = try await root.bobbin("new", "fresh", "--language", language, "--json")
        #expect(made.status == 0 && (made.object["files"] as? [Any])?.count == 2)
        #expect(root.names("jobs/triggered") == ["fresh"] && root.names("spool") == ["fresh"])
        #expect(try await root.bobbin("new", "fresh").status == 1)
        #expect(try await root.bobbin("new", ".hidden").status == 64)
        #expect(try await root.bobbin("new", "a/b").status == 64)
        #expect(try await root.bobbin("new", "other", "--language", "cobol").status == 64)
        let check = try await root.bobbin("check", "--json")
        #expect(check.status == 0 && check.object["ok"] as? Bool == true, "\(check.output)")
        try await root.start()
        #expect(
            try await root.bobbin("submit", "fresh", try root.file("f.txt"), "--wait", "--timeout", "20").status == 0)
    }

    @Test func check_findsProblems() async throws {
        let root = try Root()
        try root.job("broken", "true", settings: #"{"max_attempt": 2}"#)
        let text = try await root.bobbin("check")
        #expect(text.status == 1 && text.output.contains("did you mean"))
        #expect(try await root.bobbin("check", "--json").object["problems"] as? Int == 1)
        #expect(try await root.bobbin("check", "--jobs", root.path + "/nowhere").status == 1)
    }

    @Test func schema_isJSON() async throws {
        let root = try Root()
        #expect((try await root.bobbin("schema").object["properties"] as? [String: Any])?["max_attempts"] != nil)
    }

    @Test func doctor_findsAHealthyRootFit_andNamesWhatIsNot() async throws {
        let root = try Root()
        try root.job("ok", "true")
        try await root.start()
        let healthy = try await root.bobbin("doctor", "--json")
        let checks = healthy.object["checks"] as? [[String: Any]] ?? []
        #expect(healthy.status == 0 && healthy.object["ok"] as? Bool == true, "\(healthy.output)")
        for check in [
            "folder", "free_space", "instance", "history", "file_system", "clock", "rename", "no_replace", "lease",
            "lock", "claims", "events", "watches",
        ] {
            #expect(checks.contains { $0["check"] as? String == check }, "\(check)")
        }
        #expect(root.names("spool/ok").allSatisfy { !$0.hasPrefix(".bobbin-doctor") }, "probe files are removed")
        root.stop()
        try FileManager.default.removeItem(atPath: root.path + "/spool/ok/claimed")
        try root.file("spool/ok/claimed", "not a folder")
        try FileManager.default.createDirectory(atPath: root.path + "/spool/reply", withIntermediateDirectories: false)
        let sick = try await root.bobbin("doctor")
        #expect(sick.status == 1 && sick.output.contains("FAIL  rename"), "\(sick.output)")
        #expect(sick.output.contains("a queue without a job") && sick.output.contains("no orchestrator"))
    }

    @Test func commandLine_whenWrong_isAUsageError() async throws {
        let root = try Root()
        for arguments in [
            ["nonsense"], ["status", "--limit", "-1"], ["logs"], ["wait", "q", "n", "--timeout", "soon"],
            ["submit", "q", "f", "--property", "novalue"],
        ] {
            let line = arguments.map { "'\($0)'" }.joined(separator: " ")
            #expect(try await root.shell("exec \"$BOBBIN\" \(line)").status == 64, "\(line)")
        }
        #expect(try await root.bobbin("--help").output.contains("submit"))
        #expect(try await root.bobbin("status", "--root", "/nonexistent").status == 66)
    }
}
