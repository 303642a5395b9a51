import Documents
import Files

/// What callers read: `status/FILENAME.json` while an item lives, `outcome.json` and the same status file once its
/// state is final (contract §6). The keys are written in the order of the contract, one per line.
package struct StatusDocument: Sendable, Equatable {
    package enum State: String, Sendable, CaseIterable {
        case running, retrying, succeeded, failed, cancelled, held

        package var isFinal: Bool {
            switch self {
            case .succeeded, .failed, .cancelled: true
            case .running, .retrying, .held: false
            }
        }
    }

    package struct Progress: Sendable, Equatable {
        package var percent: Double?
        package var message: String
        package var at: Instant
    }

    package var id: ItemID
    package var name: FileName
    package var queue: FileName
    package var state: State
    package var attempt: Int
    package var maxAttempts: Int
    package var interruptions: Int
    /// Bytes of the payload.
    package var size: UInt64
    package var submittedAt: Instant
    package var claimedAt: Instant
    package var startedAt: Instant?
    package var finishedAt: Instant?
    package var nextAttemptAt: Instant?
    package var progress: Progress?
    package var exitCode: Int?
    package var signal: String?
    /// A machine-readable word.
    package var reason: String?
    /// Last lines of standard error, at most 4 KiB.
    package var error: String?
    package var outputs: [JSON.Member] = []
    /// Paths of what the run published, relative to the queue's folder.
    package var results: [String] = []
    /// Path of the log, relative to the queue's folder.
    package var log: String?
    package var correlationID: String?
    package var session: String?
    package var instance: ItemID
    package var deployment: String?

    package init(
        id: ItemID, name: FileName, queue: FileName, state: State, attempt: Int, maxAttempts: Int, interruptions: Int,
        size: UInt64, submittedAt: Instant, claimedAt: Instant, instance: ItemID
    ) {
        self.id = id
        self.name = name
        self.queue = queue
        self.state = state
        self.attempt = attempt
        self.maxAttempts = maxAttempts
        self.interruptions = interruptions
        self.size = size
        self.submittedAt = submittedAt
        self.claimedAt = claimedAt
        self.instance = instance
    }

    package var json: JSON {
        var members: [JSON.Member] = [.init("schema", 1), .init("id", .string(id.description))]
        members += ItemRecord.members(of: name)
        members += [
            .init("queue", .string(queue.escaped)),
            .init("job", .string(queue.escaped)),
            .init("state", .string(state.rawValue)),
            .init("attempt", JSON(attempt)),
            .init("max_attempts", JSON(maxAttempts)),
            .init("interruptions", JSON(interruptions)),
            .init("size", .integer(Int64(clamping: size))),
            .init("submitted_at", JSON(submittedAt)),
            .init("claimed_at", JSON(claimedAt)),
            .init("started_at", JSON(startedAt)),
            .init("finished_at", JSON(finishedAt)),
            .init("next_attempt_at", JSON(nextAttemptAt)),
            .init("progress", progress?.json ?? .null),
        ]
        if let signal { members.append(.init("signal", .string(signal))) } else { members.append(.init("exit_code", JSON(exitCode))) }
        members += [
            .init("reason", JSON(reason)),
            .init("error", JSON(error)),
            .init("outputs", .object(outputs)),
            .init("results", .array(results.map(JSON.string))),
            .init("log", JSON(log)),
            .init("correlation_id", JSON(correlationID)),
            .init("session", JSON(session)),
            .init("instance", .string(instance.description)),
            .init("deployment", JSON(deployment)),
        ]
        return .object(members)
    }

    /// nil when the text is not a status document this version knows.
    package init?(bytes: [UInt8]) {
        guard let json = try? JSONParser.parse(bytes), json["schema"]?.integer == 1,
            let id = json["id"]?.string.flatMap({ ItemID($0) }), let name = ItemRecord.name(from: json),
            let queue = json["queue"]?.string.flatMap({ FileName($0) }),
            let state = json["state"]?.string.flatMap(State.init(rawValue:)),
            let attempt = json["attempt"]?.count, let maxAttempts = json["max_attempts"]?.count,
            let interruptions = json["interruptions"]?.count,
            let size = json["size"]?.integer.flatMap(UInt64.init(exactly:)),
            let submittedAt = json.instant("submitted_at"), let claimedAt = json.instant("claimed_at"),
            let instance = json["instance"]?.string.flatMap({ ItemID($0) })
        else { return nil }
        self.init(
            id: id, name: name, queue: queue, state: state, attempt: attempt, maxAttempts: maxAttempts,
            interruptions: interruptions, size: size, submittedAt: submittedAt, claimedAt: claimedAt, instance: instance)
        startedAt = json.instant("started_at")
        finishedAt = json.instant("finished_at")
        nextAttemptAt = json.instant("next_attempt_at")
        progress = json["progress"].flatMap(Progress.init)
        exitCode = json["exit_code"]?.integer.flatMap(Int.init(exactly:))
        signal = json["signal"]?.string
        reason = json["reason"]?.string
        error = json["error"]?.string
        outputs = json["outputs"]?.members ?? []
        results = json["results"]?.array?.compactMap(\.string) ?? []
        log = json["log"]?.string
        correlationID = json["correlation_id"]?.string
        session = json["session"]?.string
        deployment = json["deployment"]?.string
    }
}

extension StatusDocument.Progress {
    var json: JSON {
        .object([
            .init("percent", percent.map { number in Int64(exactly: number).map(JSON.integer) ?? .number(number) } ?? .null),
            .init("message", .string(message)), .init("at", JSON(at)),
        ])
    }

    init?(_ json: JSON) {
        guard let message = json["message"]?.string, let at = json.instant("at") else { return nil }
        self.init(percent: json["percent"]?.double, message: message, at: at)
    }

    /// Reads what a script wrote into `$BOBBIN_PROGRESS`: the last line, `42 encoding frame 1200`; the number may be
    /// missing, and an unfinished last line counts, since `echo` and `printf` are both in use.
    package init?(script bytes: [UInt8], at instant: Instant) {
        guard let line = bytes.split(whereSeparator: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }).last else { return nil }
        let text = Escaped.text(Array(line.prefix(500)))
        let words = text.split(separator: " ", maxSplits: 1)
        guard let first = words.first else { return nil }
        let number = first.hasSuffix("%") ? first.dropLast() : first
        if let percent = Double(number), (0...100).contains(percent) {
            self.init(percent: percent, message: words.count > 1 ? String(words[1]) : "", at: instant)
        } else {
            self.init(percent: nil, message: text, at: instant)
        }
    }
}

extension JSON {
    func instant(_ key: String) -> Instant? { self[key]?.string.flatMap { Instant(rfc3339: $0) } }
}
