import Documents
import Files

/// The seam between those who run items (Engine) and those who keep them (this room, or later a distributed engine).
///
/// Its vocabulary is ids, grants, fences, references and instants; no paths, no process ids, no locks. Promises
/// (reference/distributed.md §7a): at most one live grant per item; `commit` is the commit point and may answer
/// `stale`; whether an item is tried again is decided behind this seam; hints may be lost or doubled.
package protocol WorkQueue: Sendable {
    /// The queue's name.
    nonisolated var name: FileName { get }

    /// Grants up to `count` items that may start now; never waits for one.
    func claim(upTo count: Int) async -> [Grant]

    /// Tells, per grant, whether it still stands. The folder queue's grants stand until they are committed.
    func extend(_ grants: [Grant]) async -> [Bool]

    /// Decides what an ended run means for its item and makes it so.
    func commit(_ endings: [(grant: Grant, result: RunResult)]) async -> [CommitAnswer]

    /// Takes items back that did not run to an end for reasons that are not theirs: no attempt is counted.
    func giveBack(_ grants: [Grant], reason: GiveBackReason) async

    /// Frees items whose holder is gone, after ending what still runs of them. Idempotent.
    func recover() async -> [Recovered]

    /// An operator's word on one item.
    func control(_ item: ItemID, _ order: ItemOrder) async -> OrderAnswer

    /// Says that a claim may succeed now. May be lost, may come for nothing.
    nonisolated var hints: AsyncStream<Void> { get }

    /// Makes a hint come.
    nonisolated func nudge()

    /// How many items are in which state, as far as is known without reading the folders anew.
    func count() async -> QueueCount
}

/// Grows with every grant of an item; whoever holds a smaller one has lost the item.
package struct Fence: Hashable, Comparable, Sendable {
    package let value: Int
    package init(_ value: Int) { self.value = value }
    package static func < (left: Fence, right: Fence) -> Bool { left.value < right.value }
}

/// The right to run one item once.
package struct Grant: Sendable {
    package let item: ItemID
    package let run: ItemID
    package let queue: FileName
    /// The user's name for the payload, byte-exact.
    package let name: FileName
    package let fence: Fence
    /// When the right ends by itself; nil = never (folders).
    package let deadline: Instant?
    /// Counted from 1.
    package let attempt: Int
    package let maxAttempts: Int
    package let interruptions: Int
    package let trigger: Trigger
    package let correlationID: String?
    package let session: String?
    /// Arguments for the script instead of the payload's path; nil = the payload's path.
    package let arguments: [String]?
    package let submittedAt: Instant
    package let claimedAt: Instant
    /// Bytes of the payload.
    package let size: UInt64
}

/// What made the item (contract §5, `BOBBIN_TRIGGER`).
package enum Trigger: String, Sendable, CaseIterable {
    case drop, manual, schedule, watch, api, forward
}

/// What a run left behind, as Execution saw it.
package struct RunResult: Sendable {
    package var ending: RunEnding
    package var startedAt: Instant
    package var finishedAt: Instant
    /// The last lines of standard error, at most 4 KiB.
    package var error: String
    /// Something was written to the item's log.
    package var hasLog: Bool
    package var deployment: String?

    package init(
        ending: RunEnding, startedAt: Instant, finishedAt: Instant, error: String = "", hasLog: Bool = false, deployment: String? = nil
    ) {
        self.ending = ending
        self.hasLog = hasLog
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.error = error
        self.deployment = deployment
    }
}

/// How a run ended, and what the exit-code contract (§5) makes of it.
package struct RunEnding: Sendable, Equatable {
    package enum Meaning: Sendable, Equatable {
        case success
        /// Try again after the back-off, whatever the reason.
        case failure
        /// The input is bad: no further attempt can help.
        case badInput
        /// The job, not the item, is broken: the item waits without using an attempt.
        case jobBroken
        /// Progress was checkpointed: run again at once.
        case again
        /// An operator cancelled the item while it ran.
        case cancelled
        /// The orchestrator stopped before the run could end: no attempt is counted.
        case stopped
    }

    package var meaning: Meaning
    /// Machine-readable word: `exit`, `tempfail`, `timeout`, `idle_timeout`, `signal`, `bad_input`, `job_broken` …
    package var reason: String
    package var exitCode: Int?
    /// Name of the signal that ended the process, `SIGKILL`.
    package var signal: String?

    package init(_ meaning: Meaning, reason: String, exitCode: Int? = nil, signal: String? = nil) {
        self.meaning = meaning
        self.reason = reason
        self.exitCode = exitCode
        self.signal = signal
    }
}

package enum CommitAnswer: Sendable {
    case accepted(Transition)
    /// The grant no longer stands: nothing was changed, nothing may be published.
    case stale
}

/// What a commit made of an item.
package struct Transition: Sendable {
    package var status: StatusDocument
    /// The run that ended; nil when none had started.
    package var run: ItemID?
    package var submittedAt: Instant
    package var trigger: Trigger
    /// When the item may start again, on the clock that counts from boot; nil when the state is final.
    package var retryAfter: Duration?

    package init(
        status: StatusDocument, run: ItemID?, submittedAt: Instant, trigger: Trigger, retryAfter: Duration? = nil
    ) {
        self.status = status
        self.run = run
        self.submittedAt = submittedAt
        self.trigger = trigger
        self.retryAfter = retryAfter
    }
}

package enum GiveBackReason: String, Sendable {
    case stopped
    case jobBroken = "job_broken"
    case shortage
}

package struct Recovered: Sendable, Equatable {
    package enum Outcome: String, Sendable { case published, retrying, failed, returned, removed }
    package var item: ItemID
    package var outcome: Outcome
}

package enum ItemOrder: Sendable { case retry, cancel, discard }

package enum OrderAnswer: Sendable, Equatable {
    case done
    /// The item runs in this instance: its run must be stopped, then committed as cancelled.
    case running(run: ItemID)
    /// Not possible in the item's state; the text says why and what to do.
    case refused(String)
}

package struct QueueCount: Sendable, Equatable {
    package var waiting: Int
    package var claimed: Int
    package var retrying: Int
}
