import Documents
import Files
import Spool

/// What `bobbin status QUEUE NAME|ID` shows: all that is known of one item.
struct StatusOfItem {
    private let queue: QueueReader
    private let found: ItemLookup.Found

    init(_ queue: QueueReader, _ found: ItemLookup.Found) {
        self.queue = queue
        self.found = found
    }

    func show(json: Bool) throws {
        switch found {
        case .waiting(let name, let stamp, let id):
            if json {
                Terminal.say(Self.waiting(name, stamp, id, in: queue))
            } else {
                Terminal.say(
                    "\(name.escaped): waiting in the inbox for \(Shown.age(Clocks.system.now() - stamp.changed)), \(Shown.size(stamp.size))"
                )
                if let id { Terminal.say("  id          \(id)") }
                Terminal.say("  why         bobbin why \(queue.name.escaped) \(name.escaped)")
            }
        case .item(let id, _, _):
            let lookup = ItemLookup(queue)
            guard let status = try lookup.status(of: id), let (_, place) = try lookup.place(of: id) else {
                throw Failure(.notFound, "item \(id) is gone; it was removed a moment ago")
            }
            if json {
                Terminal.say(status.json)
            } else {
                try show(status, try queue.record(at: place), place)
            }
        }
    }

    /// A status document for a file that no orchestrator has seen yet.
    static func waiting(_ name: FileName, _ stamp: Stamp, _ id: ItemID?, in queue: QueueReader) -> JSON {
        .object(
            [.init("schema", 1), .init("id", JSON(id?.description))] + ItemRecord.members(of: name) + [
                .init("queue", .string(queue.name.escaped)), .init("job", .string(queue.name.escaped)),
                .init("state", "waiting"),
                .init("size", .integer(Int64(clamping: stamp.size))), .init("submitted_at", JSON(stamp.changed)),
            ])
    }

    private func show(_ status: StatusDocument, _ record: ItemRecord?, _ place: ItemPlace) throws {
        var lines: [(String, String)] = [("id", status.id.description), ("queue", status.queue.escaped)]
        let attempts = status.maxAttempts > 0 ? "\(status.attempt) of \(status.maxAttempts)" : "\(status.attempt)"
        lines.append(
            ("attempt", attempts + (status.interruptions > 0 ? ", interrupted \(status.interruptions) times" : "")))
        lines.append(("size", Shown.size(status.size)))
        lines.append(("submitted", Shown.time(status.submittedAt)))
        if let instant = status.startedAt { lines.append(("started", Shown.time(instant))) }
        if let instant = status.finishedAt { lines.append(("finished", Shown.time(instant))) }
        if let instant = status.nextAttemptAt { lines.append(("next try", Shown.time(instant))) }
        if status.progress != nil { lines.append(("progress", Shown.progress(status.progress))) }
        let ending = Shown.ending(reason: status.reason, exitCode: status.exitCode, signal: status.signal)
        if !ending.isEmpty, status.state != .succeeded { lines.append(("reason", ending)) }
        if let text = status.correlationID { lines.append(("correlation", Escaped.text(Array(text.utf8)))) }
        for output in status.outputs {
            lines.append(("output", "\(shown(output.key))=\(shown(output.value.string ?? output.value.compact))"))
        }
        for result in status.results { lines.append(("result", queue.folder.path.escaped + "/" + shown(result))) }
        lines.append(("folder", queue.folder.path.appending(place.root).escaped))
        if queue.folder.exists(place.log) { lines.append(("log", queue.folder.path.appending(place.log).escaped)) }
        Terminal.say("\(Terminal.paint(status.name.escaped, .bold)): \(Shown.state(status.state))")
        for (key, value) in lines {
            Terminal.say("  " + key + String(repeating: " ", count: max(1, 12 - key.count)) + value)
        }
        if let error = status.error, !error.isEmpty {
            Terminal.say("  error")
            for line in error.split(separator: "\n").suffix(10) { Terminal.say("    " + shown(String(line))) }
        }
        show(Self.attempts(record, status))
    }

    /// The end of the last attempt stands in the outcome only: a record that was written once more would tell nothing
    /// new.
    private static func attempts(_ record: ItemRecord?, _ status: StatusDocument) -> [ItemRecord.Attempt] {
        var attempts = record?.attempts ?? []
        if status.state.isFinal, var last = attempts.popLast() {
            if last.finishedAt == nil {
                last.finishedAt = status.finishedAt
                last.exitCode = status.exitCode
                last.signal = status.signal
                last.reason = status.state == .succeeded ? "succeeded" : status.reason
            }
            attempts.append(last)
        }
        return attempts
    }

    private func show(_ attempts: [ItemRecord.Attempt]) {
        guard !attempts.isEmpty else { return }
        let rows = attempts.map { attempt in
            let took = attempt.finishedAt.map { Shown.age($0 - attempt.startedAt) } ?? "-"
            let ending = Shown.ending(reason: attempt.reason, exitCode: attempt.exitCode, signal: attempt.signal)
            return [
                "  \(attempt.number)", attempt.startedAt.rfc3339, took,
                attempt.finishedAt == nil ? "under way" : ending,
            ]
        }
        Terminal.say("")
        Terminal.say(Terminal.table([["  ATTEMPT", "STARTED", "TOOK", "ENDED WITH"]] + rows))
    }

    private func shown(_ text: String) -> String { Escaped.text(Array(text.utf8)) }
}
