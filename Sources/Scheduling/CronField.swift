/// One field of a cron expression: the values that match.
struct CronField: Hashable, Sendable {
    /// What a field counts.
    enum Unit: String, Sendable, CaseIterable {
        case second, minute, hour, day, month, weekday

        var range: ClosedRange<Int> {
            switch self {
            case .second, .minute: 0...59
            case .hour: 0...23
            case .day: 1...31
            case .month: 1...12
            case .weekday: 0...6
            }
        }

        fileprivate var names: [String] {
            switch self {
            case .month:
                [
                    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
                    "december",
                ]
            case .weekday: ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
            case .second, .minute, .hour, .day: []
            }
        }
    }

    /// Bit n is set when n matches.
    private let bits: UInt64
    /// Written with numbers only, without `*`, a range or a step: a fixed time, where clocks change.
    let isFixed: Bool

    /// A field as NCRONTAB writes it: `*`, a value, `a-b`, each with `/step`, in a list separated by commas; `a-b` with a > b
    /// is swapped; a value with a step goes on to the end of the range. English names of months and weekdays, or their
    /// beginnings; the first that fits is meant.
    ///
    /// - Parameter sundayIsSeven: 7 is Sunday as well, as in five-field crontabs.
    init(_ text: Substring, _ unit: Unit, sundayIsSeven: Bool) throws(ScheduleError) {
        var bits: UInt64 = 0
        var isFixed = true
        for element in text.split(separator: ",", omittingEmptySubsequences: false) {
            let parts = element.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            var range = unit.range
            let isEverything = parts[0] == "*"
            if !isEverything {
                let ends = parts[0].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
                let first = try Self.value(ends[0], unit, sundayIsSeven: sundayIsSeven)
                let last = ends.count > 1 ? try Self.value(ends[1], unit, sundayIsSeven: sundayIsSeven) : first
                if ends.count > 1 {
                    range = min(first, last)...max(first, last)
                } else if parts.count > 1 {
                    range = first...max(first, unit.range.upperBound)
                } else {
                    range = first...first
                }
                isFixed = isFixed && ends.count == 1 && parts.count == 1
            } else {
                isFixed = false
            }
            var step = 1
            if parts.count > 1 {
                guard let number = Int(parts[1]), number >= 1, parts[1].allSatisfy(\.isNumber) else {
                    throw ScheduleError(element, "a step is a number from 1, as in \"*/5\"")
                }
                step = number
            }
            for value in stride(from: range.lowerBound, through: range.upperBound, by: step) {
                bits |= 1 << (unit == .weekday ? value % 7 : value)
            }
        }
        self.bits = bits
        self.isFixed = isFixed
    }

    private static func value(_ text: Substring, _ unit: Unit, sundayIsSeven: Bool) throws(ScheduleError) -> Int {
        let highest = unit == .weekday && sundayIsSeven ? 7 : unit.range.upperBound
        if let number = Int(text), text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
            if (unit.range.lowerBound...highest).contains(number) { return number }
            let hint = unit == .weekday && number == 7 ? " (with six fields Sunday is 0)" : ""
            throw ScheduleError(text, "the \(unit.rawValue) is from \(unit.range.lowerBound) to \(highest)\(hint)")
        }
        let lower = text.lowercased()
        if !lower.isEmpty, let index = unit.names.firstIndex(where: { $0.hasPrefix(lower) }) { return index + unit.range.lowerBound }
        let extra = unit.names.isEmpty ? "" : ", or an English name such as \(unit.names[1].prefix(3))"
        throw ScheduleError(
            text, "expected *, a number from \(unit.range.lowerBound) to \(highest)\(extra), a range a-b, a step /n, or a list of them")
    }

    func matches(_ value: Int) -> Bool { bits & (1 << value) != 0 }

    /// The lowest value that matches.
    var first: Int { bits.trailingZeroBitCount }

    /// The lowest value from `value` that matches.
    func next(from value: Int) -> Int? {
        guard value < 64 else { return nil }
        let rest = bits >> value
        return rest == 0 ? nil : value + rest.trailingZeroBitCount
    }
}
