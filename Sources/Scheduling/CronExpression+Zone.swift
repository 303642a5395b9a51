import Documents

/// Wall-clock times become instants (contract §8).
///
/// Where clocks are put forward, a time that they skip is due at the first instant after, if its hours are fixed; an
/// expression with hours such as `*` or `8-18` just goes on by the clock. Where they are put back, fixed times are due the
/// first time only, and expressions that step through the hour go through it twice.
extension CronExpression {
    /// The first due time after an instant, on a whole second.
    package func next(after base: Instant, in zone: Zone) -> Instant? {
        let start = base.wholeSeconds
        var segment = zone.segment(at: start)
        // Strictly after the base, so from the wall-clock time that it was.
        var wall = WallTime(seconds: start + segment.offset)
        while true {
            if let found = first(after: wall, in: segment, of: zone) { return Instant(seconds: found) }
            guard segment.end != .max else { return nil }
            let next = zone.segment(at: segment.end)
            let (skipped, resumed) = (segment.end + segment.offset, segment.end + next.offset)
            if resumed > skipped, hasFixedHours, let time = self.next(after: WallTime(seconds: max(wall.seconds, skipped - 1))),
                time.seconds < resumed
            {
                return Instant(seconds: segment.end)
            }
            // Nothing is due in the rest of this calendar: then it is due nowhere.
            guard self.next(after: WallTime(seconds: resumed - 1)) != nil else { return nil }
            segment = next
            wall = WallTime(seconds: resumed - 1)
        }
    }

    /// The first matching instant of one segment; nil when it has none.
    private func first(after base: WallTime, in segment: Zone.Segment, of zone: Zone) -> Int64? {
        var wall = base
        while let time = next(after: wall) {
            let instant = time.seconds - segment.offset
            if instant >= segment.end { return nil }
            if !isFixedTime || !isRepeated(time, in: segment, of: zone) { return instant }
            wall = time
        }
        return nil
    }

    /// Whether clocks have shown this time already before they were put back to the segment's.
    private func isRepeated(_ time: WallTime, in segment: Zone.Segment, of zone: Zone) -> Bool {
        guard segment.start != .min else { return false }
        let before = zone.segment(at: segment.start - 1)
        return time.seconds < segment.start + before.offset
    }
}

extension Instant {
    /// Rounded down.
    fileprivate var wholeSeconds: Int64 {
        let (quotient, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        return rest < 0 ? quotient - 1 : quotient
    }
}
