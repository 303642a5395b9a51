import ArgumentParser
import Documents
import Engine
import Files
import Hosting
import Spool

struct JobsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract: "Show the jobs: state, script, numbers, and what is wrong.",
        discussion: """
            Reads the job folders as they are now, so it answers without an orchestrator, too; "not running" then. \
            Problems stand under their job with file and line. Exits with 66 when a job that was named does not exist.

            Example: bobbin jobs orders
            """)

    @OptionGroup var root: RootOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "Only the jobs of this name.", completion: .jobs)
    var name: NameArgument?

    func run() throws {
        let look = try JobsLook(root.layout)
        var jobs = look.hosted ?? []
        if let name {
            jobs = jobs.filter { job in name.names.contains(job.key.name) }
            if jobs.isEmpty {
                throw Failure(
                    .notFound,
                    "there is no job \"\(name.escaped)\" in \(look.layout.jobs.escaped); make one: bobbin new \(name.escaped)"
                )
            }
        }
        let rows = try jobs.map { try Row($0, look) }
        if output.json {
            Terminal.say(
                JSON.object([.init("running", .bool(look.isServed)), .init("jobs", .array(rows.map(\.json)))]))
        } else if rows.isEmpty {
            Terminal.say("There are no jobs in \(look.layout.jobs.escaped) yet. Make one: bobbin new NAME")
        } else {
            show(rows, look)
        }
    }

    private func show(_ rows: [Row], _ look: JobsLook) {
        let heading = ["JOB", "KIND", "STATE", "WAITING", "RUNNING", "RETRY", "FAILED", "DEPLOYED", "SCRIPT"]
        let lines = Terminal.table([heading] + rows.map(\.cells)).split(
            separator: "\n", omittingEmptySubsequences: false)
        Terminal.say(String(lines[0]))
        for (line, row) in zip(lines.dropFirst(), rows) {
            Terminal.say(String(line))
            for remark in row.continuous?.remarks ?? [] { Terminal.say("  " + remark) }
            if let standing = row.standing { Terminal.say("  " + standing.text) }
            for problem in row.problems { Terminal.say("  " + Terminal.paint(problem, .red)) }
        }
        if !look.isServed {
            Terminal.complain("No orchestrator is running here: bobbin run --root \(look.layout.root.escaped)")
        }
    }

    private struct Row {
        let job: HostedJob
        let state: JobsLook.State
        let counts: [QueueReader.Area: Int]
        let problems: [String]
        /// What the instances tell of a continuous job.
        let continuous: ContinuousLook?
        /// Of a singleton that runs.
        let standing: ShownStanding?
        /// What runs are started from: the hash of a snapshot, or the job's folder itself.
        let deployment: String?

        private var deployed: String? { deployment.map { $0 == "in_place" ? "in place" : Deployment.short($0) } }

        init(_ job: HostedJob, _ look: JobsLook) throws {
            self.job = job
            state = look.state(of: job)
            standing = look.holder(of: job).map { ShownStanding($0, look.instances) }
            var problems = job.problems
            if case .circuitOpen(let why) = state {
                problems.append("the job was found broken: \(why); its items wait, one tries again after a pause")
            }
            continuous = job.key.kind == .continuous ? look.continuous(job.key.name) : nil
            if let continuous {
                problems += continuous.problems.filter { text in !job.problems.contains { text.hasSuffix($0) } }
            } else if let told = look.state(of: job.key.name)?["problems"]?.array?.compactMap(\.string) {
                // What only the orchestrator can know, such as a queue that cannot be opened.
                problems += told.filter { text in !job.problems.contains { text.hasSuffix($0) } }
            }
            self.problems = problems
            deployment =
                job.settings?.isInPlace == true ? "in_place" : Snapshots.state(of: job.key, in: look.layout.deployments)?.current
            if job.key.kind == .triggered, let spool = try? Folder.open(look.layout.spool),
                let queue = try QueueReader.open(job.key.name, in: spool)
            {
                counts = try queue.counts(rules: look.rules(of: job.key.name))
            } else {
                counts = [:]
            }
        }

        private func number(_ area: QueueReader.Area) -> String {
            job.key.kind == .continuous ? "-" : String(counts[area] ?? 0)
        }

        var cells: [String] {
            [
                job.key.name.escaped, job.key.kind.rawValue, Terminal.paint(state.word, state.colour), number(.waiting),
                number(.claimed),
                number(.retry), number(.failed), deployed ?? "-", job.script.command?.shown ?? "-",
            ]
        }

        var json: JSON {
            .object(
                named: job.key.name,
                [
                    .init("kind", .string(job.key.kind.rawValue)), .init("state", .string(state.word)),
                    .init("waiting", JSON(counts[.waiting] ?? 0)), .init("running", JSON(counts[.claimed] ?? 0)),
                    .init("retrying", JSON(counts[.retry] ?? 0)), .init("failed", JSON(counts[.failed] ?? 0)),
                    .init("done", JSON(counts[.done] ?? 0)),
                    .init(
                        "command",
                        job.script.command.map { .array($0.arguments.map { .string(Escaped.text($0)) }) } ?? .null),
                    .init("deployment", JSON(deployment)),
                    .init("problems", .array(problems.map(JSON.string))),
                    .init("singleton", .bool(job.settings?.isSingleton == true)),
                    .init("holder", standing?.json ?? .null),
                    .init("inactive_instances", .array(standing?.inactive.map(\.json) ?? [])),
                ] + (continuous.map { [.init("instances", .array($0.states))] } ?? []))
        }
    }
}
