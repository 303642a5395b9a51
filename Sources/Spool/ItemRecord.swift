import Documents
import Files

/// `item.json`: who an item is and what has happened to it so far. Written before each run starts, so that a crash
/// cannot hide an attempt.
package struct ItemRecord: Sendable, Equatable {
    /// One run of the item. Without `finishedAt` it was under way when the record was written.
    package struct Attempt: Sendable, Equatable {
        package var run: ItemID
        package var number: Int
        package var startedAt: Instant
        package var finishedAt: Instant?
        package var exitCode: Int?
        package var signal: String?
        package var reason: String?
        package var error: String?

        package init(run: ItemID, number: Int, startedAt: Instant) {
            self.run = run
            self.number = number
            self.startedAt = startedAt
        }
    }

    package var id: ItemID
    package var name: FileName
    package var trigger: Trigger
    package var size: UInt64
    package var submittedAt: Instant
    package var claimedAt: Instant
    /// The orchestrator that claimed the item last; its lock tells whether it lives.
    package var instance: ItemID
    /// Scratch folder of the current run below `claimed/.slots/`.
    package var slot: String?
    package var failures = 0
    package var interruptions = 0
    /// Grows with every grant.
    package var fence = 0
    package var nextAttemptAt: Instant?
    package var envelope: Envelope?
    package var attempts: [Attempt] = []

    package init(
        id: ItemID, name: FileName, trigger: Trigger, size: UInt64, submittedAt: Instant, claimedAt: Instant, instance: ItemID
    ) {
        self.id = id
        self.name = name
        self.trigger = trigger
        self.size = size
        self.submittedAt = submittedAt
        self.claimedAt = claimedAt
        self.instance = instance
    }

    /// The machine that continues this item's life.
    package func machine(_ state: ItemMachine.State) -> ItemMachine {
        ItemMachine(state: state, failures: failures, interruptions: interruptions)
    }

    /// Takes over how the last attempt ended from the outcome, where alone it was written: a final state needs no second
    /// record, but a new attempt must not find an old one that seems to run.
    package mutating func closeLastAttempt(with outcome: StatusDocument) {
        guard var attempt = attempts.popLast() else { return }
        attempt.finishedAt = attempt.finishedAt ?? outcome.finishedAt ?? attempt.startedAt
        attempt.exitCode = attempt.exitCode ?? outcome.exitCode
        attempt.signal = attempt.signal ?? outcome.signal
        attempt.reason = attempt.reason ?? outcome.reason
        attempt.error = attempt.error ?? outcome.error
        attempts.append(attempt)
    }

    /// Attempts remembered; older ones are dropped first, the counts stay.
    package static let attemptsKept = 50
}

extension ItemRecord {
    package var json: JSON {
        var members: [JSON.Member] = [.init("schema", 1), .init("id", .string(id.description))]
        members += Self.members(of: name)
        members += [
            .init("trigger", .string(trigger.rawValue)),
            .init("size", .integer(Int64(clamping: size))),
            .init("submitted_at", JSON(submittedAt)),
            .init("claimed_at", JSON(claimedAt)),
            .init("instance", .string(instance.description)),
            .init("failures", JSON(failures)),
            .init("interruptions", JSON(interruptions)),
            .init("fence", JSON(fence)),
        ]
        if let slot { members.append(.init("slot", .string(slot))) }
        if let nextAttemptAt { members.append(.init("next_attempt_at", JSON(nextAttemptAt))) }
        if let envelope { members.append(.init("envelope", envelope.json)) }
        members.append(.init("attempts", .array(attempts.map(\.json))))
        return .object(members)
    }

    /// A name as status files and records show it: escaped, with the bytes beside it when they are not UTF-8.
    package static func members(of name: FileName) -> [JSON.Member] {
        if let text = name.utf8, Escaped.text(name.bytes) == text { return [.init("name", .string(text))] }
        return [.init("name", .string(name.escaped)), .init("name_base64", .string(Base64.encode(name.bytes)))]
    }

    package static func name(from json: JSON) -> FileName? {
        if let encoded = json["name_base64"]?.string { return Base64.decode(encoded).flatMap { FileName($0) } }
        return json["name"]?.string.flatMap { FileName($0) }
    }

    /// nil when the text is not a record this version can rely on (torn by a power cut, or written by another).
    package init?(bytes: [UInt8]) {
        guard let json = try? JSONParser.parse(bytes), json["schema"]?.integer == 1,
            let id = json["id"]?.string.flatMap({ ItemID($0) }), let name = Self.name(from: json),
            let trigger = json["trigger"]?.string.flatMap(Trigger.init(rawValue:)),
            let size = json["size"]?.integer.flatMap(UInt64.init(exactly:)),
            let submittedAt = json["submitted_at"]?.string.flatMap({ Instant(rfc3339: $0) }),
            let claimedAt = json["claimed_at"]?.string.flatMap({ Instant(rfc3339: $0) }),
            let instance = json["instance"]?.string.flatMap({ ItemID($0) }),
            let failures = json["failures"]?.count, let interruptions = json["interruptions"]?.count,
            let fence = json["fence"]?.count, let attempts = json["attempts"]?.array
        else { return nil }
        self.init(
            id: id, name: name, trigger: trigger, size: size, submittedAt: submittedAt, claimedAt: claimedAt, instance: instance)
        self.failures = failures
        self.interruptions = interruptions
        self.fence = fence
        slot = json["slot"]?.string
        nextAttemptAt = json["next_attempt_at"]?.string.flatMap { Instant(rfc3339: $0) }
        if let envelope = json["envelope"] { self.envelope = try? Envelope(envelope) }
        for attempt in attempts {
            guard let attempt = Attempt(attempt) else { return nil }
            self.attempts.append(attempt)
        }
    }
}

extension ItemRecord.Attempt {
    var json: JSON {
        var members: [JSON.Member] = [
            .init("attempt", JSON(number)), .init("run", .string(run.description)), .init("started_at", JSON(startedAt)),
        ]
        if let finishedAt { members.append(.init("finished_at", JSON(finishedAt))) }
        if let exitCode { members.append(.init("exit_code", JSON(exitCode))) }
        if let signal { members.append(.init("signal", .string(signal))) }
        if let reason { members.append(.init("reason", .string(reason))) }
        if let error, !error.isEmpty { members.append(.init("error", .string(error))) }
        return .object(members)
    }

    init?(_ json: JSON) {
        guard let number = json["attempt"]?.count, let run = json["run"]?.string.flatMap({ ItemID($0) }),
            let startedAt = json["started_at"]?.string.flatMap({ Instant(rfc3339: $0) })
        else { return nil }
        self.init(run: run, number: number, startedAt: startedAt)
        finishedAt = json["finished_at"]?.string.flatMap { Instant(rfc3339: $0) }
        exitCode = json["exit_code"]?.integer.flatMap(Int.init(exactly:))
        signal = json["signal"]?.string
        reason = json["reason"]?.string
        error = json["error"]?.string
    }
}

extension JSON {
    /// A whole number from 0 up that can still be counted on: a file that says more has been damaged.
    var count: Int? { integer.flatMap { (0...1_000_000_000).contains($0) ? Int(exactly: $0) : nil } }
}
