/// The rule by which a zone goes on after the last change in its file: `CET-1CEST,M3.5.0,M10.5.0/3` (POSIX, with the hours
/// beyond a day of RFC 9636).
struct ZoneRule: Sendable {
    /// A day of each year.
    enum Day: Hashable, Sendable {
        /// 1...365; 29 February is never counted.
        case julian(Int64)
        /// 0...365.
        case zeroBased(Int64)
        /// A weekday (0 = Sunday) of a week (1...5, 5 = the last) of a month.
        case month(Int64, week: Int64, weekday: Int64)

        func day(in year: Int64) -> Int64 {
            let newYear = WallTime(year: year, month: 1, day: 1)?.day ?? 0
            switch self {
            case .julian(let number):
                let isLeap = WallTime(year: year, month: 2, day: 29) != nil
                return newYear + number - 1 + (isLeap && number >= 60 ? 1 : 0)
            case .zeroBased(let number): return newYear + number
            case .month(let month, let week, let weekday):
                let first = WallTime(year: year, month: month, day: 1)?.day ?? 0
                let next = WallTime(year: month == 12 ? year + 1 : year, month: month == 12 ? 1 : month + 1, day: 1)?.day ?? 0
                let ahead = (weekday - Int64(WallTime.weekday(ofDay: first)) + 7) % 7
                var day = first + ahead + (week - 1) * 7
                while day >= next { day -= 7 }
                return day
            }
        }
    }

    struct Change: Hashable, Sendable {
        var day: Day
        /// Seconds after midnight, by the clock before the change; may be below zero and beyond a day.
        var time: Int64
    }

    let standard: Int64
    let summer: (offset: Int64, start: Change, end: Change)?

    /// nil when the text is no such rule.
    init?(_ text: String) {
        var reader = Reader(rest: text[...])
        guard reader.name(), let west = reader.time() else { return nil }
        standard = -west
        guard !reader.rest.isEmpty else {
            summer = nil
            return
        }
        guard reader.name() else { return nil }
        var offset = standard + 3600
        if reader.rest.first != "," {
            guard let west = reader.time() else { return nil }
            offset = -west
        }
        guard reader.take(","), let start = reader.change(), reader.take(","), let end = reader.change(), reader.rest.isEmpty else {
            return nil
        }
        summer = (offset, start, end)
    }

    /// The changes of a year, in order.
    private func changes(in year: Int64) -> [(at: Int64, offset: Int64)] {
        guard let summer else { return [] }
        let start = summer.start.day.day(in: year) * 86_400 + summer.start.time - standard
        let end = summer.end.day.day(in: year) * 86_400 + summer.end.time - summer.offset
        return start < end ? [(start, summer.offset), (end, standard)] : [(end, standard), (start, summer.offset)]
    }

    /// - Parameter notBefore: the last change in the file; the rule holds from then on, `offsetBefore` until its first change.
    func segment(at instant: Int64, notBefore: Int64, offsetBefore: Int64) -> Zone.Segment {
        guard summer != nil else { return Zone.Segment(start: notBefore, end: .max, offset: notBefore == .min ? standard : offsetBefore) }
        let year = WallTime(seconds: instant).date.year
        // Changes of an offset to itself (all-year summer time) end nothing.
        var before = (at: notBefore, offset: offsetBefore)
        var after: Int64 = .max
        for change in (year - 1...year + 2).flatMap(changes(in:)) where change.at > notBefore {
            if change.at <= instant {
                if change.offset != before.offset { before = change }
            } else if change.offset != before.offset {
                after = change.at
                break
            }
        }
        return Zone.Segment(start: before.at, end: after, offset: before.offset)
    }

    private struct Reader {
        var rest: Substring

        mutating func take(_ character: Character) -> Bool {
            guard rest.first == character else { return false }
            rest.removeFirst()
            return true
        }

        /// `CET`, or `<+0330>`.
        mutating func name() -> Bool {
            if take("<") {
                guard let end = rest.firstIndex(of: ">") else { return false }
                rest = rest[rest.index(after: end)...]
                return true
            }
            let letters = rest.prefix { $0.isASCII && $0.isLetter }
            rest = rest.dropFirst(letters.count)
            return letters.count >= 3
        }

        mutating func number() -> Int64? {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(digits.count)
            return Int64(digits)
        }

        /// `[+-]hh[:mm[:ss]]`, in seconds.
        mutating func time() -> Int64? {
            let isNegative = take("-")
            if !isNegative { _ = take("+") }
            guard let hours = number(), hours <= 167 else { return nil }
            var seconds = hours * 3600
            for unit: Int64 in [60, 1] where take(":") {
                guard let part = number(), part < 60 else { return nil }
                seconds += part * unit
            }
            return isNegative ? -seconds : seconds
        }

        mutating func change() -> Change? {
            let day: Day
            if take("M") {
                guard let month = number(), (1...12).contains(month), take("."), let week = number(), (1...5).contains(week), take("."),
                    let weekday = number(), (0...6).contains(weekday)
                else { return nil }
                day = .month(month, week: week, weekday: weekday)
            } else if take("J") {
                guard let count = number(), (1...365).contains(count) else { return nil }
                day = .julian(count)
            } else {
                guard let count = number(), (0...365).contains(count) else { return nil }
                day = .zeroBased(count)
            }
            guard take("/") else { return Change(day: day, time: 2 * 3600) }
            guard let time = time() else { return nil }
            return Change(day: day, time: time)
        }
    }
}
