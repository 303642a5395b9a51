import Documents

/// A cron expression: NCRONTAB with six fields, seconds first, or a crontab's five.
///
/// Rules of NCRONTAB (reference/webjobs.md §4.7): day and weekday must both match; the next occurrence is after the base, on
/// whole seconds. A crontab of five fields differs in one point: where both day and weekday are given, one of them is
/// enough, as crontab(5) says.
package struct CronExpression: Hashable, Sendable {
    private let second: CronField
    private let minute: CronField
    private let hour: CronField
    private let day: CronField
    private let month: CronField
    private let weekday: CronField
    /// Day or weekday, as in crontab(5), where neither is `*`.
    private let isEitherDay: Bool

    /// Seconds, minutes and hours are plain numbers: the clock shows these times once a day, and that is what is meant.
    let isFixedTime: Bool
    /// The hours are plain numbers.
    let hasFixedHours: Bool

    package init(_ text: String) throws(ScheduleError) {
        let fields = text.split { $0 == " " || $0 == "\t" }
        guard fields.count == 5 || fields.count == 6 else {
            throw ScheduleError(
                text,
                "has \(fields.count) fields; expected six (second minute hour day month weekday) or five (minute hour day month weekday)")
        }
        let isFive = fields.count == 5
        func field(_ index: Int, _ unit: CronField.Unit) throws(ScheduleError) -> CronField {
            if isFive, index == 0 { return try CronField("0", unit, sundayIsSeven: false) }
            return try CronField(fields[isFive ? index - 1 : index], unit, sundayIsSeven: isFive)
        }
        second = try field(0, .second)
        minute = try field(1, .minute)
        hour = try field(2, .hour)
        day = try field(3, .day)
        month = try field(4, .month)
        weekday = try field(5, .weekday)
        isEitherDay = isFive && !fields[2].hasPrefix("*") && !fields[4].hasPrefix("*")
        isFixedTime = second.isFixed && minute.isFixed && hour.isFixed
        hasFixedHours = hour.isFixed
        if !isEitherDay, !Self.isPossible(day, month) {
            throw ScheduleError(text, "no month that it allows has such a day; it would never be due")
        }
    }

    private static func isPossible(_ day: CronField, _ month: CronField) -> Bool {
        let lengths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return (1...12).contains { month.matches($0) && day.first <= lengths[$0 - 1] }
    }

    /// 29 February on a given weekday comes every 28 years, or 40 where a century is no leap year.
    private static let horizon: Int64 = 41

    /// The first time after `base` that matches.
    package func next(after base: WallTime) -> WallTime? {
        let start = WallTime(seconds: base.seconds + 1)
        let startYear = start.date.year
        var dayNumber = start.day
        // Only on the first day does the time of day matter.
        if matchesDay(dayNumber), let found = time(from: start.secondOfDay, on: dayNumber) { return found }
        dayNumber += 1
        while true {
            let (year, monthNumber, _) = Calendar.date(day: dayNumber)
            if year > startYear + Self.horizon { return nil }
            guard month.matches(Int(monthNumber)) else {
                dayNumber = Self.firstDayOfMonth(after: year, monthNumber)
                continue
            }
            if matchesDay(dayNumber), let found = time(from: 0, on: dayNumber) { return found }
            dayNumber += 1
        }
    }

    private static func firstDayOfMonth(after year: Int64, _ month: Int64) -> Int64 {
        Calendar.day(year: month == 12 ? year + 1 : year, month: month == 12 ? 1 : month + 1, day: 1) ?? .max
    }

    private func matchesDay(_ number: Int64) -> Bool {
        let (_, monthNumber, dayNumber) = Calendar.date(day: number)
        guard month.matches(Int(monthNumber)) else { return false }
        let isDay = day.matches(Int(dayNumber))
        let isWeekday = weekday.matches(WallTime.weekday(ofDay: number))
        return isEitherDay ? isDay || isWeekday : isDay && isWeekday
    }

    /// The first matching time of a day, from a second of that day on.
    private func time(from secondOfDay: Int64, on day: Int64) -> WallTime? {
        let (startHour, startMinute, startSecond) = (Int(secondOfDay / 3600), Int(secondOfDay / 60 % 60), Int(secondOfDay % 60))
        var hourAt = hour.next(from: startHour)
        while let atHour = hourAt {
            var minuteAt = minute.next(from: atHour == startHour ? startMinute : 0)
            while let atMinute = minuteAt {
                let isStart = atHour == startHour && atMinute == startMinute
                if let atSecond = second.next(from: isStart ? startSecond : 0) {
                    return WallTime(seconds: day * 86_400 + Int64(atHour * 3600 + atMinute * 60 + atSecond))
                }
                minuteAt = minute.next(from: atMinute + 1)
            }
            hourAt = hour.next(from: atHour + 1)
        }
        return nil
    }
}
