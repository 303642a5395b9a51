import Documents
import Files

/// The seam between instances: what only one of them may do at a time, and who they are.
///
/// Its vocabulary is that of `WorkQueue`: roles, fences, instants, ids; no paths, no process ids. Promises
/// (reference/distributed.md §7a): at most one tenure of a role stands at any time; the fence grows with each; hints may
/// be lost or come for nothing.
package protocol Coordinator: Sendable {
    /// Takes a role if nobody has it; never waits for it.
    func acquire(_ role: Role) async -> Acquisition

    /// Whether a tenure still stands: false means stop now. The folder coordinator's stand until they are released.
    func renew(_ tenure: Tenure) async -> Bool

    /// Gives the role up. Does nothing when the tenure stands no more.
    func release(_ tenure: Tenure) async

    /// Releases the role if another instance waits for it, and gives that one the time to take it; false when nobody waits,
    /// and the tenure goes on.
    func handOver(_ tenure: Tenure) async -> Bool

    /// Who has the role now, for showing it; nil = nobody.
    func holder(of role: Role) async -> Holder?

    /// Says that the role may be free. Each call has its own stream, which begins with the next hint.
    func hints(of role: Role) -> AsyncStream<Void>

    /// All that share the root, also those that died and have not been buried yet.
    func instances() async -> [Instance]

    /// The time that all of them go by.
    func now() async -> Instant
}

/// Where a role is kept by processes rather than by time, what the processes must inherit: the role is theirs until the
/// last of them has gone, also after `release`.
package protocol RoleLocks: Sendable {
    /// nil when the tenure stands no more.
    func lock(of tenure: Tenure) -> OpenFile?
}

/// What one instance may have at a time: to run a singleton job, or to act on the due times of a job's schedule.
package enum Role: Hashable, Sendable, CustomStringConvertible {
    case triggered(job: FileName)
    case continuous(job: FileName)
    case schedule(job: FileName)

    package var job: FileName {
        switch self {
        case .triggered(let job), .continuous(let job), .schedule(let job): job
        }
    }

    package var description: String {
        switch self {
        case .triggered(let job): "triggered job \(job.escaped)"
        case .continuous(let job): "continuous job \(job.escaped)"
        case .schedule(let job): "schedule of job \(job.escaped)"
        }
    }
}

/// The right to a role.
package struct Tenure: Sendable, Equatable {
    package let role: Role
    /// Grows with every tenure of the role.
    package let fence: Fence
    /// When the right ends by itself; nil = never (folders).
    package let deadline: Instant?
    /// The instance that had the role before. If it has died, processes of its last run may be left, and are to be ended
    /// before anything is started: one may have closed what it inherited.
    package let predecessor: ItemID?
}

package enum Acquisition: Sendable, Equatable {
    case granted(Tenure)
    /// nil: the holder is just changing.
    case held(by: Holder?)
    /// It cannot be known (full or failing disk); the text says why. Nobody may act as if it had the role.
    case unknown(String)

    package var tenure: Tenure? {
        if case .granted(let tenure) = self { tenure } else { nil }
    }
}

package struct Holder: Sendable, Equatable {
    package let instance: ItemID
    package let fence: Fence
    package let since: Instant
}
