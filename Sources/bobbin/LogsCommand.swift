import ArgumentParser
import Documents
import Files
import Hosting
import Spool

struct LogsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "Show what an item's runs wrote, or a continuous job.",
        discussion: """
            Of an item: all attempts, the first first: standard output as INFO, standard error as ERR, Bobbin's own words as SYS. \
            What a terminal could take for a command is escaped in the log already. Of a continuous job: what is kept of its \
            log, about the last 10 MB; with --follow what comes, too, until Ctrl-C. Exits with 66 when there is no such item \
            or job.

            Examples: bobbin logs orders may.csv --lines 20
                      bobbin logs web --follow
            """)

    @OptionGroup var root: RootOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "The queue, or the continuous job.", completion: .queues)
    var queue: NameArgument

    @Argument(help: ArgumentHelp("The file's name, or the item's id; none for a continuous job.", valueName: "name|id"))
    var item: NameArgument?

    @Option(help: "Only the last lines, this many.")
    var lines: Int?

    @Flag(name: .shortAndLong, help: "Go on with what a continuous job writes.")
    var follow = false

    func validate() throws {
        if follow, item != nil { throw ValidationError("--follow is for continuous jobs. To wait for an item's end: bobbin wait.") }
        if let lines, lines < 0 { throw ValidationError("--lines must be 0 or more.") }
    }

    func run() async throws {
        if let item { return try show(item) }
        let look = try JobsLook(root.layout)
        guard let name = queue.names.first(where: { look.job($0, .continuous) != nil }) else {
            _ = try root.queue(queue)
            throw Failure(.usage, "name the item of queue \(queue.escaped) whose log to show; there is no continuous job of that name")
        }
        try await show(ContinuousLog(name, look.layout), of: name)
    }

    private func show(_ log: ContinuousLog?, of job: FileName) async throws {
        let found = try log?.lines(last: lines ?? (follow ? 10 : nil)) ?? []
        if output.json {
            Terminal.say(
                JSON.object([
                    .init("job", .string(job.escaped)), .init("log", JSON(log?.path)),
                    .init("lines", .array(found.map { .string(String(decoding: $0, as: UTF8.self)) })),
                ]))
        } else if let log {
            for line in found { Terminal.write(1, bytes: line + [UInt8(ascii: "\n")]) }
            if follow { try await log.follow { Terminal.write(1, bytes: $0) } }
        } else {
            Terminal.complain("\(job.escaped) has no log: it has never run")
        }
    }

    private func show(_ item: NameArgument) throws {
        let reader = try root.queue(queue)
        guard case .item(let id, _, _) = try root.find(item, in: reader) else {
            if output.json {
                Terminal.say(JSON.object([.init("id", .null), .init("log", .null), .init("lines", .array([]))]))
            }
            Terminal.complain(
                "\(item.escaped) waits in the inbox and has no log yet: bobbin why \(reader.name.escaped) \(item.escaped)"
            )
            return
        }
        let log = try open(id, reader)
        if output.json {
            let text = try log.map { try String(decoding: content($0.file), as: UTF8.self) } ?? ""
            var shown = text.split(separator: "\n", omittingEmptySubsequences: false)
            if shown.last?.isEmpty == true { shown.removeLast() }
            Terminal.say(
                JSON.object([
                    .init("id", .string(id.description)), .init("log", JSON(log?.path)),
                    .init("lines", .array(shown.map { .string(String($0)) })),
                ]))
        } else if let log {
            try stream(log.file)
        } else {
            Terminal.complain("item \(id) has no log: its runs wrote nothing, or there was none")
        }
    }

    /// The log from wherever the item is now; it may move between two looks.
    private func open(_ id: ItemID, _ queue: QueueReader) throws -> (file: OpenFile, path: String)? {
        for _ in 0..<3 {
            guard let (_, place) = try ItemLookup(queue).place(of: id) else { continue }
            if let file = try? queue.folder.open(place.log) {
                return (file, queue.folder.path.appending(place.log).escaped)
            }
        }
        return nil
    }

    /// Where the last `lines` lines begin; a log can be far larger than what is asked of it.
    private func start(_ file: OpenFile) throws -> Int {
        guard let lines else { return 0 }
        let size = Int(clamping: try file.stamp().size)
        if lines == 0 { return size }
        var found = 0
        var position = size
        while position > 0 {
            let count = min(position, 64 * 1024)
            position -= count
            let chunk = try file.read(at: position, count: count)
            for (index, byte) in chunk.enumerated().reversed() where byte == UInt8(ascii: "\n") {
                // The line feed at the very end ends the last line and begins none.
                if position + index + 1 == size { continue }
                found += 1
                if found == lines { return position + index + 1 }
            }
        }
        return 0
    }

    private func content(_ file: OpenFile) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try read(file) { bytes += $0 }
        return bytes
    }

    private func stream(_ file: OpenFile) throws {
        try read(file) { Terminal.write(1, bytes: $0) }
    }

    private func read(_ file: OpenFile, _ take: ([UInt8]) -> Void) throws {
        var position = try start(file)
        while case let chunk = try file.read(at: position, count: 64 * 1024), !chunk.isEmpty {
            take(chunk)
            position += chunk.count
        }
    }
}
