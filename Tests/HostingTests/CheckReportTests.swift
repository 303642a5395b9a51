import Documents
import Files
import Glibc
import Hosting
import Testing

@Suite struct CheckReportTests {
    let root: TemporaryFolder
    var surroundings = JobFolder.Surroundings(
        environment: OwnEnvironment(["PATH": Array("/usr/bin:/bin".utf8)]), isRoot: false)

    init() throws { root = try TemporaryFolder() }

    private func check(spool: Bool = false) -> CheckReport {
        CheckReport.check(
            jobsFolder: root.place("jobs"), spool: spool ? root.place("spool") : nil, surroundings: surroundings)
    }

    @Test func soundJobs_areFine() throws {
        try root.write("echo", to: "jobs/triggered/count/run.sh")
        try root.write(#"{"disabled": true}"#, to: "jobs/triggered/off/settings.job")
        try root.write("#!/bin/sh\n", to: "jobs/triggered/off/run", mode: 0o755)
        try root.write("", to: "jobs/README")
        let report = check()
        #expect(report.exitCode == 0 && report.findings.isEmpty)
        #expect(
            report.text.replacing(root.text, with: "ROOT") == """
                triggered/count  ok  /usr/bin/bash ROOT/jobs/triggered/count/run.sh
                triggered/off    disabled  ROOT/jobs/triggered/off/run
                2 jobs, 0 problems, 0 warnings

                """)
        #expect(report.json["ok"] == true && report.json["jobs"]?.array?.count == 2)
    }

    @Test func everyProblem_isListedWithItsPlace() throws {
        try root.write("{\n\"maxattempts\": 1,\n\"nice\": 50}", to: "jobs/triggered/bad/settings.job")
        try root.write("echo", to: "jobs/triggered/good/run.sh")
        let report = check()
        #expect(report.exitCode == 1 && report.problemCount == 3)
        let text = report.text.replacing(root.text, with: "ROOT")
        #expect(
            text.contains(
                "triggered/bad   3 problems\n  ROOT/jobs/triggered/bad/settings.job:2: key \"maxattempts\": unknown; did you mean \"max_attempts\"?\n"
            ), "\(text)")
        #expect(text.hasSuffix("2 jobs, 3 problems, 0 warnings\n"))
        let findings = report.json["jobs"]?.array?.first?["findings"]?.array
        #expect(
            findings?.first?["line"] == 2 && findings?.first?["key"] == "maxattempts"
                && findings?.first?["severity"] == "problem")
    }

    @Test func suspiciousThings_areWarnings() throws {
        try root.write("echo", to: "jobs/triggered/a/run.sh")
        for name in ["setting.job", "Settings.job", "settings.json", "disabled.job"] {
            try root.write("", to: "jobs/triggered/a/\(name)")
        }
        try root.write(#"{"environment": {"T": "${NO_SUCH}"}}"#, to: "jobs/triggered/b/settings.job")
        try root.write("echo", to: "jobs/triggered/b/run.sh", mode: 0o666)
        try root.write("echo", to: "jobs/continuous/c/run.sh")
        try root.write("", to: "jobs/triggered/stray.sh")
        try root.makeFolder("spool/a")
        try root.makeFolder("spool/orphan")
        let report = check(spool: true)
        #expect(report.exitCode == 0)
        let texts = report.findings.map(\.description)
        for part in [
            "setting.job is not read; was settings.job meant?", "Settings.job is not read",
            "settings.json is not read; was settings.job", "disabled.job is not read; was disable.job meant?",
            "environment.T: the orchestrator's environment has no NO_SUCH", "run.sh can be changed by every user",
            "stray.sh is not a folder and so not a job", "spool/orphan is a queue without a job",
        ] { #expect(texts.contains { $0.hasPrefix("warning: ") && $0.contains(part) }, "\(part)") }
        #expect(texts.count == 8)
    }

    @Test func jobInTheWrongPlace_isAProblem() throws {
        try root.write("echo", to: "jobs/lost/run.sh")
        try root.write("", to: "jobs/continuous")
        let report = check()
        #expect(report.exitCode == 1 && report.general.count == 2)
        #expect(report.general.contains { $0.message.contains("jobs/lost: a job belongs into") })
        #expect(report.general.contains { $0.message.contains("jobs/continuous is not a folder") })
    }

    @Test func missingJobsFolder_isAProblemWithItsMend() {
        let report = check()
        #expect(report.exitCode == 1 && report.text.contains("make it, or name another"))
    }

    @Test func missingInbox_isAProblem() throws {
        try root.write("echo", to: "jobs/triggered/a/run.sh")
        try root.write(
            #"{"inbox": ["\#(root.text)/none", "\#(root.text)", "/proc"]}"#, to: "jobs/triggered/a/settings.job")
        try root.makeFolder("spool/a")
        let texts = check(spool: true).findings.map(\.description)
        #expect(texts.count == 2)
        #expect(texts.contains { $0.contains("/none") && $0.contains("make it, or remove it from \"inbox\"") })
        #expect(texts.contains { $0.contains("inbox /proc is on another file system than the spool") })
    }

    @Test mutating func worldWritableJob_isAProblemForRoot() throws {
        surroundings.isRoot = true
        try root.write("echo", to: "jobs/triggered/a/run.sh", mode: 0o666)
        #expect(check().exitCode == 1)
    }
}
