import Documents
import Files
import SystemPackage

/// What `bobbin check` says of all jobs: read from the folders as they are, starting and writing nothing.
package struct CheckReport: Sendable {
    package enum Severity: String, Sendable {
        /// The job does not run as written.
        case problem
        /// It runs, and somebody should look.
        case warning
    }

    package struct Finding: Sendable, Equatable, CustomStringConvertible {
        package let severity: Severity
        /// The settings file, where the finding is about one of its lines.
        package let place: SettingsProblem?
        package let message: String

        init(_ severity: Severity, _ message: String) {
            self.severity = severity
            self.message = message
            place = nil
        }

        init(_ place: SettingsProblem) {
            severity = .problem
            self.place = place
            message = place.message
        }

        package var description: String { (severity == .warning ? "warning: " : "") + (place?.description ?? message) }
    }

    package struct Job: Sendable {
        package let key: JobKey
        /// The command line that would run; nil when there is none.
        package let command: ScriptCommand?
        package let isDisabled: Bool
        package let findings: [Finding]
    }

    /// By kind and name.
    package let jobs: [Job]
    /// Findings that belong to no job.
    package let general: [Finding]

    package var findings: [Finding] { general + jobs.flatMap(\.findings) }
    package var problemCount: Int { findings.count { $0.severity == .problem } }
    package var warningCount: Int { findings.count { $0.severity == .warning } }

    /// 0: nothing but warnings; 1: problems.
    package var exitCode: Int32 { problemCount > 0 ? 1 : 0 }

    /// Looks at everything below the jobs folder.
    ///
    /// - Parameter spool: to find queues without a job, and inboxes on another file system; nil: not looked at.
    package static func check(
        jobsFolder: FilePath, spool: FilePath?, surroundings: JobFolder.Surroundings = JobFolder.Surroundings()
    ) -> CheckReport {
        do throws(FileError) {
            let folder = try Folder.open(jobsFolder)
            var check = JobsCheck(folder: folder, spool: spool, surroundings: surroundings)
            try check.run()
            return CheckReport(jobs: check.jobs.sorted { $0.key < $1.key }, general: check.general)
        } catch {
            let mend =
                error.isMissing
                ? "make it, or name another with --jobs" : "make it readable for the user who runs bobbin"
            return CheckReport(jobs: [], general: [Finding(.problem, "\(error); \(mend)")])
        }
    }
}

extension CheckReport {
    /// For people: a line per job, what was found below it, and the sum.
    package var text: String {
        let width = jobs.map(\.key.description.count).max() ?? 0
        var lines: [String] = general.map(\.description)
        for job in jobs {
            let problems = job.findings.count { $0.severity == .problem }
            let state = problems == 0 ? (job.isDisabled ? "disabled" : "ok") : Self.counted(problems, "problem")
            let name = job.key.description
            lines.append(
                "\(name)\(String(repeating: " ", count: width - name.count))  \(state)\(job.command.map { "  \($0.shown)" } ?? "")"
            )
            lines += job.findings.map { "  \($0)" }
        }
        lines.append(
            "\(Self.counted(jobs.count, "job")), \(Self.counted(problemCount, "problem")), \(Self.counted(warningCount, "warning"))"
        )
        return lines.joined(separator: "\n") + "\n"
    }

    private static func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

    package var json: JSON {
        [
            "ok": .bool(problemCount == 0), "problems": .integer(Int64(problemCount)),
            "warnings": .integer(Int64(warningCount)),
            "jobs": .array(
                jobs.map { job in
                    [
                        "name": .string(job.key.name.escaped), "kind": .string(job.key.kind.rawValue),
                        "disabled": .bool(job.isDisabled),
                        "command": job.command.map { .array($0.arguments.map { .string(Escaped.text($0)) }) } ?? .null,
                        "findings": .array(job.findings.map(\.json)),
                    ]
                }),
            "findings": .array(general.map(\.json)),
        ]
    }
}

extension CheckReport.Finding {
    var json: JSON {
        var members = [JSON.Member("severity", .string(severity.rawValue))]
        members += place?.json.members ?? [JSON.Member("message", .string(message))]
        return .object(members)
    }
}
