import Documents
import Files

/// The state of a continuous job on one instance, in the words of WebJobs (reference/webjobs.md §3.1).
package enum ContinuousState: String, Sendable, CaseIterable {
    case initializing = "Initializing"
    case starting = "Starting"
    case running = "Running"
    case pendingRestart = "PendingRestart"
    case stopping = "Stopping"
    case stopped = "Stopped"
    case disabling = "Disabling"
    case inactiveInstance = "InactiveInstance"
}

/// What an instance tells of a continuous job: `data/jobs/continuous/NAME/state_INSTANCE.json`, and beside it
/// `status_INSTANCE` in the form of WebJobs.
package struct ContinuousReport: Sendable, Equatable {
    package var state = ContinuousState.initializing
    package var since: Instant
    /// Why it is so, where that is not plain.
    package var reason: String?
    package var nextStart: Instant?
    package var pid: Int32?
    package var run: ItemID?
    /// Starts since the job was last started by somebody.
    package var starts = 0
    package var lastEnd: String?
    package var problems: [String] = []
    /// The last order that has been carried out.
    package var order: ItemID?

    package init(since: Instant) { self.since = since }

    func json(of job: FileName, instance: ItemID) -> JSON {
        .object([
            .init("job", .string(job.escaped)),
            .init("instance", .string(instance.description)),
            .init("state", .string(state.rawValue)),
            .init("since", JSON(since)),
            .init("reason", JSON(reason)),
            .init("next_start_at", JSON(nextStart)),
            .init("pid", pid.map { .integer(Int64($0)) } ?? .null),
            .init("run", JSON(run?.description)),
            .init("starts", JSON(starts)),
            .init("last_end", JSON(lastEnd)),
            .init("problems", .array(problems.map(JSON.string))),
            .init("order", JSON(order?.description)),
        ])
    }

    package static func stateFile(_ instance: ItemID) -> FileName { FileName("state_\(instance).json") ?? FileName("state") }
    package static func statusFile(_ instance: ItemID) -> FileName { FileName("status_\(instance)") ?? FileName("status") }
}
