import Files

/// How a job runs: once per item of its queue, or all the time.
package enum JobKind: String, Sendable, CaseIterable {
    case triggered, continuous

    /// The folder under `jobs/` that holds the jobs of this kind.
    package var folder: FileName {
        switch self {
        case .triggered: FileName("triggered")
        case .continuous: FileName("continuous")
        }
    }
}
