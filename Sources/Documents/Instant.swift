/// A moment on the wall clock: nanoseconds since 1970-01-01T00:00:00Z, from the year 1678 to 2262.
///
/// Bobbin writes instants as RFC 3339 in UTC with milliseconds (contract §6) and measures ages and back-offs on a
/// monotonic clock, never by subtracting instants, except where a time must survive a restart.
package struct Instant: Hashable, Comparable, Sendable {
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// Whole seconds outside the representable range are clamped to it: file systems hold stranger times than ours.
    package init(seconds: Int64, nanoseconds: Int64 = 0) {
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overflow2) = scaled.addingReportingOverflow(nanoseconds)
        self.nanoseconds = overflow || overflow2 ? (seconds < 0 ? .min : .max) : sum
    }

    package static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }

    package static func + (instant: Instant, duration: Duration) -> Instant {
        let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(duration.nanoseconds)
        return Instant(nanoseconds: overflow ? (duration < .zero ? .min : .max) : sum)
    }

    package static func - (left: Instant, right: Instant) -> Duration {
        let (difference, overflow) = left.nanoseconds.subtractingReportingOverflow(right.nanoseconds)
        return .nanoseconds(overflow ? (left < right ? Int64.min : .max) : difference)
    }

    /// Days since 1970-01-01 and nanoseconds of that day.
    private var split: (day: Int64, rest: Int64) {
        let perDay: Int64 = 86_400_000_000_000
        let (day, rest) = nanoseconds.quotientAndRemainder(dividingBy: perDay)
        return rest < 0 ? (day - 1, rest + perDay) : (day, rest)
    }

    /// `2026-11-23T18:25:02.123Z`
    package var rfc3339: String {
        let (day, rest) = split
        let (year, month, dayOfMonth) = Calendar.date(day: day)
        let milliseconds = rest / 1_000_000
        return String(unsafeUninitializedCapacity: 24) { buffer in
            var at = 0
            func put(_ value: Int64, digits: Int, then separator: Character) {
                var value = value
                for index in stride(from: at + digits - 1, through: at, by: -1) {
                    buffer[index] = UInt8(ascii: "0") + UInt8(value % 10)
                    value /= 10
                }
                buffer[at + digits] = separator.asciiValue!
                at += digits + 1
            }
            put(year, digits: 4, then: "-")
            put(month, digits: 2, then: "-")
            put(dayOfMonth, digits: 2, then: "T")
            put(milliseconds / 3_600_000, digits: 2, then: ":")
            put(milliseconds / 60_000 % 60, digits: 2, then: ":")
            put(milliseconds / 1000 % 60, digits: 2, then: ".")
            put(milliseconds % 1000, digits: 3, then: "Z")
            return at
        }
    }

    /// The UTC day, `2026-11-23`: the name of a folder under `done/`.
    package var day: String { String(rfc3339.prefix(10)) }
}

extension Duration {
    /// Nanoseconds, clamped to what 64 bits hold (292 years).
    package var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overflow2) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
        return overflow || overflow2 ? (seconds < 0 ? .min : .max) : sum
    }

    package var seconds: Double { Double(nanoseconds) / 1e9 }
}

/// Days and dates of the proleptic Gregorian calendar, in UTC.
package enum Calendar {
    /// Year, month (1...12) and day of month (1...31) of a day counted from 1970-01-01.
    package static func date(day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        // Counting from 1 March of the year 0 puts the leap day at the end, where it disturbs nothing.
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    /// The day, counted from 1970-01-01, of a date; nil when there is no such date (30 February).
    package static func day(year: Int64, month: Int64, day: Int64) -> Int64? {
        guard (1...12).contains(month), (1...31).contains(day) else { return nil }
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let count = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
        let back = date(day: count)
        return back == (year, month, day) ? count : nil
    }
}
