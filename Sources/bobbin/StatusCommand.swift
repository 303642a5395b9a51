import ArgumentParser
import Documents
import Engine
import Files
import Spool

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show the queues, the items of one, or all about one item.",
        discussion: """
            Without arguments: how much lies where, in each queue, and which orchestrators share the root. With a queue: what waits, runs or rests there, and \
            what failed last. With a name or an id: the item's status document (--json: as it is in \
            spool/QUEUE/status/NAME.json), its attempts, where its log lies, when it is tried again. Works without an \
            orchestrator.

            Example: bobbin status orders may.csv
            """)

    @OptionGroup var root: RootOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "The queue; default: all queues.", completion: .queues)
    var queue: NameArgument?

    @Argument(help: ArgumentHelp("The file's name, or the item's id.", valueName: "name|id"))
    var item: NameArgument?

    @Option(help: "With a queue: show at most this many of each kind.")
    var limit = 20

    func validate() throws {
        if limit < 0 { throw ValidationError("--limit must be 0 or more.") }
    }

    func run() throws {
        guard let queue else { return try showQueues() }
        let reader = try root.queue(queue)
        if let item {
            try StatusOfItem(reader, try root.find(item, in: reader)).show(json: output.json)
        } else {
            try StatusOfQueue(reader, try JobsLook(root.layout), limit: limit).show(json: output.json)
        }
    }

    // MARK: All queues

    private struct Row {
        let name: FileName
        let backlog: QueueReader.Backlog
        let counts: [QueueReader.Area: Int]
        let hasJob: Bool

        func count(_ area: QueueReader.Area) -> Int { counts[area] ?? 0 }
        var age: Duration? { backlog.oldest.map { max(.zero, Clocks.system.now() - $0) } }

        var cells: [String] {
            let failed = count(.failed) == 0 ? "0" : Terminal.paint(String(count(.failed)), .red)
            return [
                name.escaped, String(backlog.count), age.map { Shown.age($0) } ?? "-", String(count(.claimed)),
                String(count(.retry)), failed,
                String(count(.done)), hasJob ? "" : Terminal.paint("no job", .yellow),
            ]
        }

        var json: JSON {
            .object(
                named: name,
                [
                    .init("waiting", JSON(backlog.count)),
                    .init("oldest_waiting_seconds", age.map { .number($0.seconds) } ?? .null),
                    .init("claimed", JSON(count(.claimed))), .init("retry", JSON(count(.retry))),
                    .init("failed", JSON(count(.failed))),
                    .init("done", JSON(count(.done))), .init("has_job", .bool(hasJob)),
                ])
        }
    }

    private func showQueues() throws {
        let jobs = try JobsLook(root.layout)
        let rows = try root.queues().map { queue in
            let rules = jobs.rules(of: queue.name)
            return Row(
                name: queue.name, backlog: try queue.backlog(rules: rules), counts: try queue.countsOfItems(),
                hasJob: jobs.job(queue.name) != nil)
        }
        if output.json {
            Terminal.say(
                JSON.object([
                    .init("running", .bool(jobs.isServed)), .init("queues", .array(rows.map(\.json))),
                    .init("instances", .array(jobs.instances.map(\.json))),
                ]))
            return
        }
        if rows.isEmpty {
            Terminal.say("There are no queues in \(root.layout.spool.escaped) yet; each job gets one: bobbin new NAME")
        } else {
            let heading = ["QUEUE", "WAITING", "OLDEST", "CLAIMED", "RETRY", "FAILED", "DONE", ""]
            Terminal.say(Terminal.table([heading] + rows.map(\.cells)))
        }
        if !jobs.instances.isEmpty {
            let heading = ["INSTANCE", "HOST", "PROCESS", "SINCE", ""]
            Terminal.say("\n" + Terminal.table([heading] + jobs.instances.map(\.cells)))
        }
        if !jobs.isServed {
            Terminal.complain("No orchestrator is running here: bobbin run --root \(root.layout.root.escaped)")
        }
    }
}
