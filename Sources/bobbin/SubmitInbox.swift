import Documents
import Engine
import Files
import Glibc
import Hosting
import Spool
import SystemPackage

/// What is submitted: a file of the caller's, or standard input.
struct SubmitSource {
    let file: OpenFile
    /// nil for standard input.
    let name: FileName?

    init(_ argument: NameArgument) throws {
        guard argument.bytes != Array("-".utf8) else {
            file = OpenFile(adopting: dup(STDIN_FILENO), subject: "standard input")
            name = nil
            return
        }
        let path = argument.path
        let descriptor = path.withPlatformString { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
        guard descriptor >= 0 else {
            let error = FileError(.open, FileSubject(path), Errno(rawValue: errno))
            throw error.isMissing ? Failure(.notFound, error.description) : Failure(.inputOutput, error.description)
        }
        file = OpenFile(adopting: descriptor, subject: FileSubject(path))
        name = path.name
        let kind = try file.stamp().kind
        guard kind == .file else {
            throw Failure(
                .usage,
                "\(path.escaped) is \(kind.words); submit takes regular files (a folder for a job that accepts folders: mv it into the queue)"
            )
        }
    }

    func copy(to target: OpenFile) throws(FileError) {
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let count = read(file.descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileError(.read, file.subject, Errno(rawValue: errno)) }
            if count == 0 { return }
            try target.write(Array(buffer[..<count]))
        }
    }
}

/// The inbox of a queue, written to as a careful producer does it.
struct SubmitInbox {
    let reader: QueueReader
    let rules: QueueRules
    /// What the caller should know.
    let notices: [String]
    private var folder: Folder { reader.folder }

    init(_ queue: NameArgument, layout: Layout) throws {
        let jobs = try JobsLook(layout)
        let spool = try? Folder.open(layout.spool)
        let open = try spool.flatMap { spool in try queue.names.compactMap { try QueueReader.open($0, in: spool) }.first
        }
        if let open {
            reader = open
        } else if let job = queue.names.lazy.compactMap({ jobs.job($0) }).first {
            let spool = try Folder.make(layout.spool, mode: 0o755)
            reader = QueueReader(name: job.key.name, folder: try QueueLayout.make(job.key.name, in: spool))
        } else {
            throw Failure(
                .notFound,
                "there is no queue and no job \"\(queue.escaped)\" below \(layout.root.escaped); make the job with bobbin new \(queue.escaped), or a queue for later with mkdir \(layout.spool.escaped)/\(queue.escaped)"
            )
        }
        rules = jobs.rules(of: reader.name)
        notices =
            jobs.job(reader.name) == nil
            ? ["queue \(reader.name.escaped) has no job; the file waits until there is one"] : []
    }

    /// Writes the file and its envelope; whole files appear under their names, or nothing does.
    func submit(_ source: SubmitSource, as wanted: FileName, envelope: Envelope, isUnique: Bool) throws -> (
        id: ItemID, name: FileName
    ) {
        let id = ItemID.make(at: Clocks.system.now())
        var envelope = envelope
        envelope.id = id
        try check(wanted)
        let drop = QueueDrop(id, into: folder)
        defer { drop.discard() }
        try drop.draft(envelope) { file throws(FileError) in try source.copy(to: file) }
        var name = wanted
        var answer = try publish(drop, as: name)
        if case .taken = answer {
            guard isUnique else {
                throw Failure(
                    .negative,
                    "\(name.escaped) waits in queue \(reader.name.escaped) already and is not overwritten; submit it later, under another --name, or with --unique-name"
                )
            }
            name = try unique(wanted, id)
            answer = try publish(drop, as: name)
        }
        switch answer {
        case .dropped: return (id, name)
        case .taken: throw Failure(.negative, "\(name.escaped) waits in queue \(reader.name.escaped) already")
        case .letterLeft:
            throw Failure(
                .negative,
                "\(Envelope.name(for: name).escaped) lies in queue \(reader.name.escaped) without its file; remove it, or submit under another --name"
            )
        }
    }

    /// A claim takes an envelope away a moment after its file.
    private func publish(_ drop: QueueDrop, as name: FileName) throws(FileError) -> QueueDrop.Answer {
        for _ in 0..<20 {
            let answer = try drop.publish(as: name)
            guard case .letterLeft = answer else { return answer }
            usleep(20_000)
        }
        return .letterLeft
    }

    /// `report-9a1c2f03.pdf`: the end of the id is random, its beginning only the time.
    private func unique(_ name: FileName, _ id: ItemID) throws -> FileName {
        let mark = Array("-\(id.description.suffix(8))".utf8)
        let dot = name.bytes.lastIndex(of: UInt8(ascii: ".")).flatMap { $0 == 0 ? nil : $0 } ?? name.bytes.endIndex
        guard let unique = FileName(name.bytes[..<dot] + mark + name.bytes[dot...]) else {
            throw Failure(.usage, "\(name.escaped) is too long to be made unique; give a shorter --name")
        }
        return unique
    }

    /// Refuses names that would never be taken.
    private func check(_ name: FileName) throws {
        if QueueLayout.reserved.contains(name) {
            throw Failure(.usage, "\(name.escaped) is the name of one of the queue's own folders; give another --name")
        }
        let verdict = rules.names.verdict(name)
        if !verdict.isItem {
            throw Failure(.usage, "\(name.escaped) would never be taken (\(verdict.reason ?? "")); give another --name")
        }
        if rules.accept == .directories {
            throw Failure(
                .usage, "the job \(reader.name.escaped) accepts folders only; mv a folder into \(folder.path.escaped)")
        }
    }
}
