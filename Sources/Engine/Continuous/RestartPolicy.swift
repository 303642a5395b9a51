import Spool

/// When a continuous job that has ended is started again (setting `restart_delay`): after a wait that grows with each
/// short life, and begins anew after a long one. Ending well is no reason to hurry: such a job is meant to run for ever.
package struct RestartPolicy: Sendable, Equatable {
    /// A life of this length says that the job works.
    package static let stableAfter = Duration.seconds(60)

    package var backoff: Backoff
    /// Lives in a row that were shorter.
    package private(set) var shortLives = 0

    package init(_ backoff: Backoff) { self.backoff = backoff }

    /// The wait before the next start.
    package mutating func delay(afterLife life: Duration) -> Duration {
        if life >= Self.stableAfter { shortLives = 0 }
        shortLives += 1
        return backoff.delay(afterFailures: shortLives)
    }

    /// The job was changed, or somebody wants it started now.
    package mutating func reset() { shortLives = 0 }
}
