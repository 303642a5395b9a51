import Documents

/// What a clock on the wall shows, to the second, without saying where: seconds since 1970-01-01T00:00:00 there.
package struct WallTime: Hashable, Comparable, Sendable {
    package var seconds: Int64

    package init(seconds: Int64) { self.seconds = seconds }

    /// nil when there is no such date or time.
    package init?(year: Int64, month: Int64, day: Int64, hour: Int64 = 0, minute: Int64 = 0, second: Int64 = 0) {
        guard let day = Calendar.day(year: year, month: month, day: day), (0..<24).contains(hour), (0..<60).contains(minute),
            (0..<60).contains(second)
        else { return nil }
        seconds = day * 86_400 + hour * 3600 + minute * 60 + second
    }

    package static func < (left: WallTime, right: WallTime) -> Bool { left.seconds < right.seconds }

    /// Days since 1970-01-01.
    var day: Int64 { seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400 }
    var secondOfDay: Int64 { seconds - day * 86_400 }
    var date: (year: Int64, month: Int64, day: Int64) { Calendar.date(day: day) }

    /// 0 = Sunday.
    static func weekday(ofDay day: Int64) -> Int { Int(((day + 4) % 7 + 7) % 7) }
}
