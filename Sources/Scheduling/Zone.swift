import Documents

/// A time zone of the IANA database: which offset from UTC its clocks have, and when that changes.
package struct Zone: Sendable {
    /// A time in which the offset does not change.
    struct Segment: Hashable, Sendable {
        /// First second of it, and the first after it. `.min` and `.max` where it has no beginning or end.
        var start: Int64
        var end: Int64
        /// Seconds east of UTC.
        var offset: Int64
    }

    package let name: String
    /// When the offset changes, and to what; in order.
    private let changes: [(at: Int64, offset: Int64)]
    private let firstOffset: Int64
    /// The rule for all time after the last change.
    private let rule: ZoneRule?

    package static let utc = Zone(name: "UTC", changes: [], firstOffset: 0, rule: nil)

    init(name: String, changes: [(at: Int64, offset: Int64)], firstOffset: Int64, rule: ZoneRule?) {
        self.name = name
        // A change of the name or of the kind of time only is none of the clocks.
        var kept: [(at: Int64, offset: Int64)] = []
        for change in changes where change.offset != (kept.last?.offset ?? firstOffset) { kept.append(change) }
        self.changes = kept
        self.firstOffset = firstOffset
        self.rule = rule
    }

    package func offset(at instant: Int64) -> Int64 { segment(at: instant).offset }

    func segment(at instant: Int64) -> Segment {
        var low = 0
        var high = changes.count
        while low < high {
            let middle = (low + high) / 2
            if changes[middle].at <= instant { low = middle + 1 } else { high = middle }
        }
        let offset = low == 0 ? firstOffset : changes[low - 1].offset
        let start = low == 0 ? Int64.min : changes[low - 1].at
        guard low == changes.count, let rule else {
            return Segment(start: start, end: low == changes.count ? .max : changes[low].at, offset: offset)
        }
        return rule.segment(at: instant, notBefore: start, offsetBefore: offset)
    }
}

extension Zone {
    /// What its clocks show, to the second: `2026-11-25 14:05:00`.
    package func wallTime(at instant: Instant) -> String {
        let seconds = instant.nanoseconds / 1_000_000_000
        let wall = Instant(seconds: seconds + offset(at: seconds)).rfc3339
        return "\(wall.prefix(10)) \(wall.dropFirst(11).prefix(8))"
    }

    /// When the offset changes next; nil when it never does.
    package func nextChange(after instant: Int64) -> Int64? {
        let end = segment(at: instant).end
        return end == .max ? nil : end
    }
}
