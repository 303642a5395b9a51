import Documents
import Files
import Spool

/// I4: attempts and interruptions are recorded and keep their limits. I6: nothing starts before its time.
extension Look {
    private static let maxInterruptions = ItemMachine.Limits().maxInterruptions

    mutating func judgeAttempts(_ item: ItemSight) {
        guard let record = item.record else {
            if item.area != .claimed {
                accuse(
                    .i4, "no_record", item, "its item.json \(item.hasRecord ? "cannot be read" : "is missing"): its attempts are not known",
                    mend: "bobbin retry gives it a new one; its payload is untouched")
            }
            return
        }
        if let limit = item.outcome?.maxAttempts, limit > 0, record.failures > limit {
            accuse(
                .i4, "too_many_attempts", item, "it failed \(record.failures) times, with max_attempts \(limit)",
                mend: "compare its item.json with settings.job: was max_attempts lowered?")
        }
        if record.interruptions > Self.maxInterruptions {
            accuse(
                .i4, "too_many_interruptions", item,
                "it was interrupted \(record.interruptions) times, and \(Self.maxInterruptions) are allowed",
                mend: "report it, with its item.json")
        }
        guard record.attempts.count < ItemRecord.attemptsKept else { return }
        let known = Set(record.attempts.map(\.run))
        for start in runsByItem[item.id] ?? [] where start.kind == "start" && !known.contains(start.run) {
            accuse(
                .i4, "hidden_run", item, "run \(start.run) started and is not in item.json",
                mend: "a power cut may take the last record with it; otherwise report it")
        }
    }

    mutating func judgeTimes(_ item: ItemSight) {
        guard let record = item.record else { return }
        for attempt in record.attempts {
            if let time = record.envelope?.notBefore, attempt.startedAt < time {
                accuse(
                    .i6, "before_its_time", item, "run \(attempt.run) started at \(attempt.startedAt.rfc3339), before \(time.rfc3339)",
                    mend: "see whether the clock was set; otherwise report it")
            }
            if let time = record.envelope?.expiresAt, attempt.startedAt > time {
                accuse(
                    .i6, "after_its_expiry", item, "run \(attempt.run) started at \(attempt.startedAt.rfc3339), after \(time.rfc3339)",
                    mend: "see whether the clock was set; otherwise report it")
            }
        }
        guard evidence.isUntouched, let backoff = evidence.rules[item.queue]?.limits.backoff else { return }
        judgeBackoffs(item, record, backoff)
    }

    /// Only from the first attempt on is it known how many failures came before.
    private mutating func judgeBackoffs(_ item: ItemSight, _ record: ItemRecord, _ backoff: Backoff) {
        guard record.attempts.count < ItemRecord.attemptsKept else { return }
        var failures = 0
        for (attempt, next) in zip(record.attempts, record.attempts.dropFirst()) {
            guard let end = attempt.finishedAt, let reason = attempt.reason, next.number > attempt.number else { continue }
            failures += 1
            let rest = backoff.nominalDelay(afterFailures: failures) * (1 - backoff.jitter)
            // Times are written to the millisecond.
            guard next.startedAt - end < rest - .milliseconds(2) else { continue }
            accuse(
                .i6, "before_its_back_off", item,
                "run \(next.run) started \(next.startedAt - end) after the one that ended with \(reason), and the back-off is \(rest)",
                mend: "was it retried by an operator, or retry_delay changed? otherwise report it")
        }
    }
}
