import Documents
import Files

/// One run that ended, as it is remembered.
package struct RunRecord: Sendable, Equatable {
    /// The run; a record of the same run replaces the one before.
    package var runID: ItemID
    package var itemID: ItemID
    package var queue: String
    package var job: String
    /// The file's name as it may be shown: escaped, one line.
    package var name: String
    /// The file's name as it was dropped.
    package var nameBytes: [UInt8]
    /// Counted from 1.
    package var attempt: Int
    /// The word of the status file (contract §6): `succeeded`, `failed`, `retrying` …
    package var state: String
    /// The machine-readable word of the status file, where there is one: `exit_code`, `timeout` …
    package var reason: String?
    /// 0...255; nil when the script did not end by itself.
    package var exitCode: Int?
    /// The signal that ended the script.
    package var signal: Int?
    package var submittedAt: Instant?
    /// Nil when the script never started.
    package var startedAt: Instant?
    package var finishedAt: Instant
    /// Bytes of the payload.
    package var size: Int64
    /// What brought the item: `file`, `schedule`, `http` …
    package var trigger: String
    package var correlationID: String?
    /// The orchestrator that ran it.
    package var instance: String
    /// The snapshot of the job that ran; nil when jobs run in place.
    package var deployment: String?

    package init(
        runID: ItemID, itemID: ItemID, queue: String, job: String, name: String, nameBytes: [UInt8], attempt: Int,
        state: String, reason: String? = nil, exitCode: Int? = nil, signal: Int? = nil, submittedAt: Instant? = nil,
        startedAt: Instant? = nil, finishedAt: Instant, size: Int64, trigger: String, correlationID: String? = nil,
        instance: String, deployment: String? = nil
    ) {
        self.runID = runID
        self.itemID = itemID
        self.queue = queue
        self.job = job
        self.name = name
        self.nameBytes = nameBytes
        self.attempt = attempt
        self.state = state
        self.reason = reason
        self.exitCode = exitCode
        self.signal = signal
        self.submittedAt = submittedAt
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.size = size
        self.trigger = trigger
        self.correlationID = correlationID
        self.instance = instance
        self.deployment = deployment
    }

    /// How long the script ran; nil when it never started or the clock stepped back meanwhile.
    package var duration: Duration? {
        startedAt.flatMap { $0 <= finishedAt ? finishedAt - $0 : nil }
    }
}

/// What a queue's past looks like in numbers.
package struct RunStatistics: Sendable, Equatable {
    /// Runs by the word of their state.
    package var counts: [String: Int] = [:]
    /// Of the last 1000 runs that started; nil when there are none.
    package var medianDuration: Duration?
    package var lastFinishedAt: Instant?

    package var total: Int { counts.values.reduce(0, +) }

    package init(counts: [String: Int] = [:], medianDuration: Duration? = nil, lastFinishedAt: Instant? = nil) {
        self.counts = counts
        self.medianDuration = medianDuration
        self.lastFinishedAt = lastFinishedAt
    }
}
