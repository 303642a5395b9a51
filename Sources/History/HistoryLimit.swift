import Documents

/// What of a queue's past is remembered; what is over either limit is removed. nil is no limit.
package struct HistoryLimit: Sendable, Equatable {
    /// Runs that ended before are removed.
    package var cutoff: Instant?
    /// The newest so many runs are kept.
    package var count: Int?

    package init(cutoff: Instant? = nil, count: Int? = nil) {
        self.cutoff = cutoff
        self.count = count
    }
}
