import ArgumentParser
import Documents
import Files
import Spool
import SystemPackage

struct WhyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why",
        abstract: "Say why a file still waits.",
        discussion: """
            Judges the file by the rules that the orchestrator uses and by the settings of its job, and says all that \
            keeps it: that somebody still writes it, its name, its times, that the job is disabled or broken, that no \
            orchestrator runs. For what waits no more it says what became of it. Exits with 66 when nothing has that name.

            Examples: bobbin why orders may.csv
                      bobbin why spool/orders/may.csv
            """)

    @OptionGroup var root: RootOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: ArgumentHelp("The queue, or the path of a file in one.", valueName: "queue|path"), completion: .file())
    var place: NameArgument

    @Argument(help: ArgumentHelp("The file's name, or the item's id.", valueName: "name|id"))
    var item: NameArgument?

    func run() async throws {
        let jobs = try JobsLook(root.layout)
        if let item {
            return try await answer(item, in: try root.queue(place), jobs)
        }
        let found = try WhyPath(place.path, queues: try root.queues(), jobs: jobs)
        switch found.target {
        case .inbox(let folder, let name): try await answer(name, in: found.queue, folder: folder, jobs)
        case .item(let id): try await answer(NameArgument(argument: id.description) ?? place, in: found.queue, jobs)
        }
    }

    private func answer(_ item: NameArgument, in queue: QueueReader, _ jobs: JobsLook) async throws {
        switch try root.find(item, in: queue) {
        case .waiting(let name, _, _): try await answer(name, in: queue, folder: queue.folder, jobs)
        case .item(let id, let area, let place): try tell(id, area, place, queue)
        }
    }

    /// For a file in an inbox; what has left it by now is told as an item.
    private func answer(_ name: FileName, in queue: QueueReader, folder: Folder, _ jobs: JobsLook) async throws {
        let reasons = WhyReasons(queue: queue, inbox: QueueReader(name: queue.name, folder: folder), jobs: jobs)
        if let found = try await reasons.all(name), let first = found.first {
            if output.json {
                Terminal.say(
                    JSON.object(
                        named: name,
                        [
                            .init("queue", .string(queue.name.escaped)), .init("state", "waiting"),
                            .init("reason", .string(first.word)),
                            .init("message", .string(first.sentence)), .init("reasons", .array(found.map(\.json))),
                        ]))
            } else {
                for reason in found { Terminal.say("\(Terminal.paint(name.escaped, .bold)): \(reason.sentence)") }
            }
            return
        }
        guard case .item(let id, let area, let place)? = try ItemLookup(queue).find(named: name) else {
            throw Failure(.notFound, "queue \(queue.name.escaped) has nothing that is called \"\(name.escaped)\"")
        }
        try tell(id, area, place, queue)
    }

    /// For an item: it does not wait, and this is what became of it.
    private func tell(_ id: ItemID, _ area: QueueReader.Area, _ place: ItemPlace, _ queue: QueueReader) throws {
        let status = try ItemLookup(queue).status(of: id)
        let path = queue.folder.path.appending(place.root).escaped
        let ending = Shown.ending(reason: status?.reason, exitCode: status?.exitCode, signal: status?.signal)
        let state = status?.state.rawValue ?? area.rawValue
        let name = status?.name.escaped ?? id.description
        let sentence: String =
            switch status?.state {
            case .running:
                "it does not wait, it runs: attempt \(status?.attempt ?? 1)"
                    + (status?.startedAt.map { ", started \(Shown.time($0))" } ?? "")
            case .retrying:
                "it failed (\(ending)) and is tried again"
                    + (status?.nextAttemptAt.map { ", attempt \(status?.attempt ?? 1) not before \(Shown.time($0))" }
                        ?? "")
            case .succeeded: "it is done" + (status?.finishedAt.map { " since \(Shown.time($0))" } ?? "")
            case .failed: "it failed for good (\(ending)); put it back with: bobbin retry \(queue.name.escaped) \(id)"
            case .cancelled: "it was cancelled; put it back with: bobbin retry \(queue.name.escaped) \(id)"
            case .held, nil: "it lies in \(area.rawValue)/"
            }
        if output.json {
            Terminal.say(
                JSON.object([
                    .init("name", .string(name)), .init("id", .string(id.description)),
                    .init("queue", .string(queue.name.escaped)),
                    .init("state", .string(state)), .init("reason", .string(state)),
                    .init("message", .string(sentence)),
                    .init("folder", .string(path)), .init("next_attempt_at", JSON(status?.nextAttemptAt)),
                ]))
        } else {
            Terminal.say("\(Terminal.paint(name, .bold)): \(sentence)")
            Terminal.say("  \(path)")
        }
    }
}
