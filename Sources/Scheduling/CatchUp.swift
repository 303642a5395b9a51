import Documents

/// What is done about due times that nobody was there for (setting `catch_up`).
package enum CatchUp: String, Sendable, CaseIterable {
    /// The last of them is made good.
    case latest
    /// All of them are, at most a hundred: the latest.
    case all
    case none

    package static let limit = 100

    /// What is to be done about the due times of some while.
    package struct Due: Sendable, Equatable {
        /// To act on, in order.
        package var times: [Instant]
        /// Others that were missed.
        package var missed: Int
        /// Further back there were more, and they were not counted.
        package var isMissedMore: Bool
    }

    /// Which due times to act on.
    ///
    /// - Parameters:
    ///   - last: the last due time that was acted on, or when the schedule was first seen.
    ///   - now: the wall clock; due times up to here have come.
    ///   - tolerance: a due time that came so short a while ago was not missed, whatever the setting says.
    package func due(_ schedule: Schedule, after last: Instant, now: Instant, tolerance: Duration, in zone: Zone) -> Due {
        let room = self == .all ? Self.limit : 1
        var (times, isMore) = Self.latest(schedule, after: last, through: now, atLeast: room + 1, in: zone)
        let count = times.count
        times = times.suffix(room)
        if self == .none { times.removeAll { now - $0 > tolerance } }
        return Due(times: times, missed: count - times.count, isMissedMore: isMore)
    }

    /// The latest due times of a while, found from its end: a schedule of every second that nobody acted on for a year is no
    /// reason to count to thirty million.
    private static func latest(
        _ schedule: Schedule, after last: Instant, through now: Instant, atLeast count: Int, in zone: Zone
    ) -> (times: [Instant], isMore: Bool) {
        guard last < now else { return ([], false) }
        if case .every(let interval) = schedule {
            let number = (now - last).nanoseconds / interval.nanoseconds
            let first = max(1, number - Int64(count) + 1)
            guard number >= 1 else { return ([], false) }
            return ((first...number).map { last + .nanoseconds(interval.nanoseconds * $0) }, first > 1)
        }
        for days in [0.001, 0.05, 1, 31, 366] {
            let base = now + .nanoseconds(Int64(-days * 86_400e9))
            guard base > last else { break }
            let times = Array(schedule.dueTimes(after: base, through: now, in: zone))
            if times.count >= count { return (times, true) }
        }
        return (Array(schedule.dueTimes(after: last, through: now, in: zone)), false)
    }
}
