import ArgumentParser
import Documents
import Engine
import Files
import History
import Spool

struct HistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Show past runs, the latest first.",
        discussion: """
            One line for each run that ended, from data/history.sqlite, which is read while an orchestrator writes it. \
            Nothing depends on that file: when it was lost, --rebuild makes it anew from the finished items that are \
            still there.

            Examples: bobbin history orders --state failed --limit 20
                      bobbin history --name may.csv --json
            """)

    @OptionGroup var root: RootOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "Only the runs of this queue.", completion: .queues)
    var queue: NameArgument?

    @Option(help: "At most this many.")
    var limit = 50

    @Option(help: "Only runs that left the item in this state: succeeded, failed, retrying, cancelled.")
    var state: String?

    @Option(help: "Only runs of files of this name.")
    var name: NameArgument?

    @Option(
        help: ArgumentHelp("Only runs that ended earlier: RFC 3339, or -1h from now (--before=-1h).", valueName: "time")
    )
    var before: TimeArgument?

    @Flag(help: "Take in finished items that the history does not know.")
    var rebuild = false

    func validate() throws {
        if limit < 0 { throw ValidationError("--limit must be 0 or more.") }
        if let state, StatusDocument.State(rawValue: state) == nil {
            throw ValidationError(
                "--state must be one of \(StatusDocument.State.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
    }

    func run() async throws {
        if rebuild { return try await rebuildIt() }
        let runs = try read()
        if output.json {
            Terminal.say(.array(runs.map(Self.json)))
        } else if runs.isEmpty {
            Terminal.say("No run is on record\(queue == nil && state == nil && name == nil ? "" : " that fits").")
        } else {
            Terminal.say(
                Terminal.table(
                    [["ENDED", "QUEUE", "NAME", "STATE", "ATTEMPT", "TOOK", "ENDED WITH", "ID"]] + runs.map(Self.cells))
            )
        }
    }

    private func read() throws -> [RunRecord] {
        let path = root.layout.history
        let history: History
        do {
            history = try History.open(path, readOnly: true)
        } catch let error as HistoryError {
            guard error.code == .missing else { throw error }
            Terminal.complain(
                "There is no history at \(path.escaped) yet: it begins with the first run. If it was lost: bobbin history --rebuild"
            )
            return []
        }
        func runs(_ name: FileName?) throws -> [RunRecord] {
            // As it is stored: escaped. What is shown escaped may be given so, too.
            try history.runs(
                queue: queue?.names.last?.escaped, limit: limit, before: before?.instant, state: state, name: name)
        }
        guard let name else { return try runs(nil) }
        for name in name.names { if case let found = try runs(name), !found.isEmpty { return found } }
        return []
    }

    private func rebuildIt() async throws {
        let queues = try queue.map { [try root.queue($0)] } ?? root.queues()
        let keeper = HistoryKeeper(layout: root.layout, notice: { Terminal.complain($0) })
        let count = try keeper.rebuild(from: queues)
        await keeper.flush()
        if output.json {
            Terminal.say(["added": JSON(count)])
        } else {
            Terminal.say("\(count) runs were taken in from \(queues.count) queues.")
        }
    }

    private static func ending(_ run: RunRecord) -> String {
        if run.state == "succeeded" { return "" }
        return Shown.ending(reason: run.reason, exitCode: run.exitCode, signal: run.signal.map { "signal \($0)" })
    }

    private static func cells(_ run: RunRecord) -> [String] {
        let state = StatusDocument.State(rawValue: run.state).map { Shown.state($0) } ?? run.state
        return [
            run.finishedAt.rfc3339, run.queue, run.name, state, String(run.attempt),
            run.duration.map { Shown.age($0) } ?? "-", ending(run),
            run.itemID.description,
        ]
    }

    private static func json(_ run: RunRecord) -> JSON {
        let name = FileName(run.nameBytes).map(ItemRecord.members) ?? [.init("name", .string(run.name))]
        return .object(
            [
                .init("run", .string(run.runID.description)), .init("id", .string(run.itemID.description)),
                .init("queue", .string(run.queue)),
            ] + name + [
                .init("attempt", JSON(run.attempt)), .init("state", .string(run.state)),
                .init("reason", JSON(run.reason)),
                .init("exit_code", JSON(run.exitCode)), .init("signal", JSON(run.signal)),
                .init("submitted_at", JSON(run.submittedAt)),
                .init("started_at", JSON(run.startedAt)), .init("finished_at", JSON(run.finishedAt)),
                .init("size", .integer(run.size)),
                .init("trigger", .string(run.trigger)), .init("correlation_id", JSON(run.correlationID)),
                .init("instance", .string(run.instance)),
            ])
    }
}
