import Documents
import Files
import Spool

/// What `bobbin status QUEUE` shows: the unfinished items and those that failed last.
struct StatusOfQueue {
    private let queue: QueueReader
    private let backlog: QueueReader.Backlog
    private let underWay: [StatusDocument]
    private let failed: [StatusDocument]
    private let counts: [QueueReader.Area: Int]
    private let limit: Int

    init(_ queue: QueueReader, _ jobs: JobsLook, limit: Int) throws {
        self.queue = queue
        self.limit = limit
        backlog = try queue.backlog(rules: jobs.rules(of: queue.name), namesKept: limit)
        counts = try queue.countsOfItems()
        func documents(_ area: QueueReader.Area, newest: Bool) throws -> [StatusDocument] {
            let ids = try queue.items(area)
            return try (newest ? ids.suffix(limit).reversed() : Array(ids.prefix(limit))).compactMap {
                try queue.status(of: $0)
            }
        }
        underWay = try documents(.claimed, newest: false) + documents(.retry, newest: false)
        failed = try documents(.failed, newest: true)
    }

    func show(json: Bool) throws {
        if json {
            Terminal.say(self.json)
        } else {
            Terminal.say(text)
        }
    }

    private var json: JSON {
        .object([
            .init("queue", .string(queue.name.escaped)), .init("waiting", JSON(backlog.count)),
            .init("oldest_waiting_at", JSON(backlog.oldest)),
            .init("waiting_names", .array(backlog.names.map { .object(named: $0, []) })),
            .init("claimed", JSON(counts[.claimed] ?? 0)), .init("retry", JSON(counts[.retry] ?? 0)),
            .init("failed", JSON(counts[.failed] ?? 0)), .init("done", JSON(counts[.done] ?? 0)),
            .init("items", .array(underWay.map(\.json))), .init("recently_failed", .array(failed.map(\.json))),
        ])
    }

    private var text: String {
        var parts: [String] = []
        let oldest = backlog.oldest.map { ", the oldest for \(Shown.age(Clocks.system.now() - $0))" } ?? ""
        parts.append(
            "\(queue.name.escaped): \(backlog.count) waiting\(oldest); \(counts[.claimed] ?? 0) claimed, \(counts[.retry] ?? 0) in retry, \(counts[.failed] ?? 0) failed, \(counts[.done] ?? 0) done"
        )
        if !backlog.names.isEmpty {
            let more = backlog.count - backlog.names.count
            parts.append(
                Terminal.paint("Waiting", .bold) + backlog.names.map { "\n  \($0.escaped)" }.joined()
                    + (more > 0 ? "\n  … and \(more) more" : ""))
        }
        if !underWay.isEmpty {
            parts.append(table("Under way", underWay, of: (counts[.claimed] ?? 0) + (counts[.retry] ?? 0)))
        }
        if !failed.isEmpty { parts.append(table("Failed last", failed, of: counts[.failed] ?? 0)) }
        return parts.joined(separator: "\n\n")
    }

    private func table(_ title: String, _ items: [StatusDocument], of all: Int) -> String {
        let rows = items.map { item in
            let attempts = item.maxAttempts > 0 ? "\(item.attempt)/\(item.maxAttempts)" : "\(item.attempt)"
            return [item.name.escaped, Shown.state(item.state), attempts, Self.remark(item), item.id.description]
        }
        let more = all - items.count
        return Terminal.table([[title.uppercased(), "STATE", "ATTEMPT", "", "ID"]] + rows)
            + (more > 0 ? "\n… and \(more) more (--limit)" : "")
    }

    private static func remark(_ item: StatusDocument) -> String {
        switch item.state {
        case .running: Shown.progress(item.progress)
        case .retrying: item.nextAttemptAt.map { "next \(Shown.time($0))" } ?? ""
        case .succeeded, .failed, .cancelled, .held:
            Shown.ending(reason: item.reason, exitCode: item.exitCode, signal: item.signal)
        }
    }
}
