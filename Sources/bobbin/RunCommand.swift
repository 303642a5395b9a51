import ArgumentParser
import Documents
import Engine
import Files
import Glibc
import SystemPackage

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run the jobs: serve the queues until told to stop.",
        discussion: """
            Says "bobbin: ready" on standard output when it serves, and what the operator should know on standard error. \
            SIGTERM or Ctrl-C stops: runs may finish within their stopping_wait_time; what does not is put back and \
            counts as no attempt. A second signal stops at once. SIGHUP reads the jobs and their settings anew.

            Several orchestrators may run on one root; they share the work.
            """)

    @OptionGroup var root: RootOptions

    @Flag(
        help:
            "Work off the queues, then exit. Items that rest for longer than 5 seconds before their next attempt stay in retry/."
    )
    var drain = false

    @Option(
        help: ArgumentHelp(
            "Run at most so many items at a time, of all jobs together; they share the places by their \"weight\".",
            discussion: "Default: $BOBBIN_MAX_RUNS, else no limit but each job's max_concurrency.", valueName: "n"))
    var maxRuns: Int?

    func validate() throws {
        if let maxRuns, maxRuns < 1 { throw ValidationError("--max-runs must be 1 or more.") }
    }

    /// - Throws: what the environment says is no number.
    private func runsAtATime() throws -> Int? {
        if let maxRuns { return maxRuns }
        guard let text = getenv("BOBBIN_MAX_RUNS").map({ String(cString: $0) }), !text.isEmpty else { return nil }
        guard let number = Int(text), number >= 1 else {
            throw Failure(.cannotStart, "$BOBBIN_MAX_RUNS is \(Escaped.text(Array(text.utf8))); give a number from 1, or unset it")
        }
        return number
    }

    @Flag(help: "Look at the folders every second instead of being told of changes.")
    var poll = false

    @Option(
        help: ArgumentHelp(
            "Append to a file what the operator should know; SIGHUP opens it anew.", discussion: "Default: standard error.",
            valueName: "file"), completion: .file())
    var log: String?

    func run() async throws {
        let layout = root.layout
        let log: OperatorLog
        do throws(FileError) {
            log = try OperatorLog(self.log.map { FilePath(bytes: ArgumentBytes.bytes($0)) })
        } catch {
            throw Failure(.cannotStart, "\(error); name another file (--log)")
        }
        let notice: @Sendable (String) -> Void = { log.write($0) }
        do {
            // Before the history, which would make its folder, and those above it, wherever it is told to be.
            _ = try StartCheck.run(layout)
            let recorder = HistoryKeeper(layout: layout, notice: notice)
            let orchestrator = Orchestrator(
                layout: layout, source: JobFolders(layout: layout), watcherProgram: poll ? nil : Self.watcherProgram,
                isDraining: drain, maxRuns: try runsAtATime(), version: Bobbin.configuration.version, recorder: recorder,
                serviceManager: Self.serviceManager, onHangUp: { log.reopen() }, notice: notice)
            try await orchestrator.run(onReady: { Terminal.say("bobbin: ready") })
        } catch let refusal as StartCheck.Refusal {
            log.writeEnd(refusal)
            throw Failure(.cannotStart, refusal.description)
        } catch {
            log.writeEnd(error)
            throw error
        }
    }

    static let serviceManager = ServiceManager.leave { Terminal.complain("bobbin: \($0)") }

    /// `bobbin-watch` lies beside this program.
    static var watcherProgram: FilePath? {
        CurrentFolder.program?.removingLastComponent().appending("bobbin-watch")
    }
}
