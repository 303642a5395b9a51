import Documents
import Files

/// Decides when what lies in a job's folder is complete: when nothing has changed for a second (contract §7). Whoever
/// writes the same files over and over does not put it off for longer than the ceiling. A copy that goes on does, for as
/// long as it brings something new: half of it must not run.
package struct TreeQuiet {
    package static let quietTime = Duration.seconds(1)
    package static let ceiling = Duration.seconds(10)
    /// Not even a copy is waited for any longer.
    package static let patience = Duration.seconds(600)

    package enum Verdict: Sendable, Equatable {
        case quiet
        /// It never was quiet: what is taken has to prove that it did not change meanwhile.
        case atCeiling
        /// Not before this time, on the clock that counts from boot.
        case wait(until: Duration)
    }

    private struct Look {
        var fingerprint: [UInt8]
        var sizes: [RelativePath: (size: UInt64, changed: Instant)]
    }

    private var began: Duration?
    private var lastChange = Duration.zero
    private var lastGrowth = Duration.zero
    private var last: Look?

    package init() {}

    /// - Parameter isUnfinished: whether a file that grows is on its way rather than rewritten: open for writing, and
    ///   less than what is deployed.
    package mutating func look(
        _ tree: JobTree, now: Instant, uptime: Duration, isUnfinished: (RelativePath, UInt64) -> Bool = { _, _ in false }
    ) -> Verdict {
        let start = began ?? uptime
        if began == nil { lastGrowth = uptime }
        began = start
        if tree.fingerprint != last?.fingerprint {
            // A stamp of the future tells nothing of its age.
            let age = now - tree.newest
            lastChange = age < .zero ? uptime : uptime - age
            let sizes = Self.sizes(tree)
            if let last, Self.isGrowing(from: last.sizes, to: sizes, isUnfinished) { lastGrowth = uptime }
            last = Look(fingerprint: tree.fingerprint, sizes: sizes)
        }
        if uptime - lastChange >= Self.quietTime { return .quiet }
        let end = min(max(start, lastGrowth) + Self.ceiling, start + Self.patience)
        return uptime >= end ? .atCeiling : .wait(until: min(lastChange + Self.quietTime, end))
    }

    private static func sizes(_ tree: JobTree) -> [RelativePath: (size: UInt64, changed: Instant)] {
        var sizes: [RelativePath: (size: UInt64, changed: Instant)] = [:]
        for entry in tree.entries where entry.stamp.kind == .file { sizes[entry.place] = (entry.stamp.size, entry.stamp.changed) }
        return sizes
    }

    private static func isGrowing(
        from old: [RelativePath: (size: UInt64, changed: Instant)], to new: [RelativePath: (size: UInt64, changed: Instant)],
        _ isUnfinished: (RelativePath, UInt64) -> Bool
    ) -> Bool {
        guard old.count == new.count else { return true }
        for (place, file) in new {
            guard let before = old[place] else { return true }
            if before.changed != file.changed, file.size > before.size, isUnfinished(place, file.size) { return true }
        }
        return false
    }
}
