import Documents

/// What is done about due times that nobody was there for (setting `catch_up`).
package enum CatchUp: String, Sendable, CaseIterable {
    /// The last of them is made good.
    case latest
    /// All of them are, at most a hundred: the latest.
    case all
    case none

    package static let limit = 100

    /// Which due times to act on.
    ///
    /// - Parameters:
    ///   - last: the last due time that was acted on, or when the schedule was first seen.
    ///   - now: the wall clock; due times up to here have come.
    ///   - tolerance: a due time that came so short a while ago was not missed, whatever the setting says.
    /// - Returns: those to act on, in order, and how many others were missed.
    package func due(
        _ schedule: Schedule, after last: Instant, now: Instant, tolerance: Duration, in zone: Zone
    ) -> (due: [Instant], missed: Int) {
        var kept: [Instant] = []
        var count = 0
        let room = self == .all ? Self.limit : 1
        for time in schedule.dueTimes(after: last, through: now, in: zone) {
            count += 1
            kept.append(time)
            if kept.count > 2 * room { kept.removeFirst(kept.count - room) }
        }
        kept = kept.suffix(room)
        if self == .none { kept.removeAll { now - $0 > tolerance } }
        return (kept, count - kept.count)
    }
}
