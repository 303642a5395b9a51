import ArgumentParser
import Documents
import Engine
import Files
import Spool
import SystemPackage

struct SubmitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit",
        abstract: "Put files into a queue, whole and under their final names, and say their ids.",
        discussion: """
            Any program may drop files into spool/QUEUE by itself; submit does it in the safest way: each file is written \
            under a hidden name, synced, and renamed, with an envelope that carries its id and what else was said of it. \
            A name that waits in the queue already is an error, unless --unique-name changes it. The files given stay \
            where they are.

            Examples:
              bobbin submit orders may.csv june.csv
              pg_dump shop | bobbin submit backups - --name shop.sql --wait
              bobbin submit thumbnails a.jpg -- --size 200
            """)

    @OptionGroup var root: RootOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "The queue, which is the name of its job.", completion: .queues)
    var queue: NameArgument

    @Argument(help: ArgumentHelp("The files; - is standard input.", valueName: "file"), completion: .file())
    var files: [NameArgument]

    @Option(help: "The name in the queue; default: that of the file.")
    var name: NameArgument?

    @Flag(help: "When the name is taken, add a part of the id to it.")
    var uniqueName = false

    @Option(help: ArgumentHelp("Ties the item to something of yours; shown in its status.", valueName: "text"))
    var correlationId: String?

    @Option(help: ArgumentHelp("Start no earlier: RFC 3339, or +5m from now.", valueName: "time"))
    var notBefore: TimeArgument?

    @Option(help: ArgumentHelp("Fail it unless it has started by then.", valueName: "time"))
    var expiresAt: TimeArgument?

    @Option(
        name: .customLong("property"),
        help: ArgumentHelp("For the script, in $BOBBIN_META; may be repeated.", valueName: "key=value"))
    var properties: [String] = []

    @Flag(help: "Wait until all have ended; the exit code is then that of bobbin wait.")
    var wait = false

    @Option(help: ArgumentHelp("With --wait: give up after this time.", valueName: "duration"))
    var timeout: DurationArgument?

    @Option(
        name: .customLong("argument"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "For the script, in place of the file's path; may be repeated. All that follows -- is the same.",
            valueName: "text"))
    var arguments: [String] = []

    /// The parser knows one list of positional arguments only; what follows `--` is turned into options.
    static func rewriting(_ commandLine: [String]) -> [String] {
        guard commandLine.first == configuration.commandName, let terminator = commandLine.firstIndex(of: "--") else {
            return commandLine
        }
        return commandLine[..<terminator] + commandLine[(terminator + 1)...].flatMap { ["--argument", $0] }
    }

    func validate() throws {
        if files.isEmpty { throw ValidationError("Name the files, or - for standard input.") }
        if name != nil, files.count > 1 { throw ValidationError("--name needs exactly one file.") }
        if name == nil, files.contains(where: { $0.bytes == Array("-".utf8) }) {
            throw ValidationError("Standard input needs a name: --name NAME.")
        }
        if timeout != nil, !wait { throw ValidationError("--timeout is for --wait.") }
        if let wrong = properties.first(where: { ($0.firstIndex(of: "=") ?? $0.startIndex) == $0.startIndex }) {
            throw ValidationError("--property wants key=value, not \"\(wrong)\".")
        }
    }

    func run() async throws {
        let envelope = try envelope()
        let inbox = try SubmitInbox(queue, layout: root.layout)
        for notice in inbox.notices { Terminal.complain("bobbin: \(notice)") }
        var submitted: [(id: ItemID, name: FileName)] = []
        for file in files {
            let source = try SubmitSource(file)
            guard let wanted = name.map({ FileName($0.bytes) }) ?? source.name else {
                throw Failure(.usage, "\"\((name ?? file).escaped)\" can be no file's name; give another with --name")
            }
            let item = try inbox.submit(source, as: wanted, envelope: envelope, isUnique: uniqueName)
            submitted.append(item)
            if !output.json { Terminal.say(item.id.description) }
        }
        if output.json, !wait { Terminal.say(JSON.array(submitted.map { answer($0, inbox.reader.name) })) }
        if wait { try await waitForAll(submitted, inbox.reader) }
    }

    private func answer(_ item: (id: ItemID, name: FileName), _ queue: FileName) -> JSON {
        .object(
            [.init("id", .string(item.id.description))] + ItemRecord.members(of: item.name) + [
                .init("queue", .string(queue.escaped))
            ])
    }

    private func envelope() throws -> Envelope {
        func text(_ argument: String, _ what: String) throws -> String {
            let bytes = ArgumentBytes.bytes(argument)
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw Failure(.usage, "\(what) must be UTF-8: \(Escaped.text(bytes))")
            }
            return text
        }
        var envelope = Envelope(notBefore: notBefore?.instant, expiresAt: expiresAt?.instant)
        envelope.correlationID = try correlationId.map { try text($0, "--correlation-id") }
        envelope.arguments = arguments.isEmpty ? nil : try arguments.map { try text($0, "an argument") }
        envelope.properties = try properties.map { property in
            let parts = try text(property, "--property").split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return JSON.Member(String(parts[0]), .string(String(parts[1])))
        }
        // What the orchestrator would refuse is better refused here.
        do {
            _ = try Envelope(bytes: envelope.json.prettyBytes)
        } catch let problem {
            throw Failure(.usage, "\(problem)")
        }
        return envelope
    }

    private func waitForAll(_ items: [(id: ItemID, name: FileName)], _ queue: QueueReader) async throws {
        let clocks = Clocks.system
        let end = timeout.map { clocks.uptime() + $0.duration }
        var outcomes: [(shown: String, outcome: Waiting.Outcome)] = []
        for item in items {
            var waiting = Waiting(for: item.id, named: item.name, in: queue)
            let outcome = try await waiting.run(
                timeout: end.map { max(.zero, $0 - clocks.uptime()) }, waitsForArrival: true,
                onLook: { WaitCommand.show($0, item.name.escaped, isQuiet: output.json) })
            Terminal.endProgress()
            outcomes.append((item.name.escaped, outcome))
        }
        try WaitCommand.report(outcomes, queue: queue.name, json: output.json).end()
    }
}
