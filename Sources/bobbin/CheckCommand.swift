import ArgumentParser
import Engine
import Hosting

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check all jobs: settings, scripts, interpreters.",
        discussion: """
            Reads every job folder and says, with file and line, what would keep a job from running as it is written. \
            Starts nothing and changes nothing, so it fits into an editor, a commit hook or a deployment. Exits with 1 \
            when there are problems; warnings alone are fine.

            Example: bobbin check --jobs ./jobs
            """)

    @OptionGroup var root: RootOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let layout = root.layout
        let report = CheckReport.check(jobsFolder: layout.jobs, spool: layout.spool)
        if output.json { Terminal.say(report.json) } else { Terminal.write(1, report.text) }
        if report.exitCode != 0 { throw ExitCode(report.exitCode) }
    }
}
