/// Durations as people write them in settings: a number of seconds, or `"90s"`, `"5m"`, `"2h"`, `"7d"`, `"1h30m"`.
package enum DurationText {
    /// What is accepted, in words for an error message.
    package static let expectation = "seconds as a number, or text such as \"90s\", \"5m\", \"2h\", \"7d\""

    /// Units and their nanoseconds.
    private static let units: [(name: String, nanoseconds: Double)] = [
        ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9), ("d", 86_400e9), ("w", 604_800e9),
    ]

    private static let longest = 3_155_760_000.0

    /// The duration, or nil when the text is none. Never negative; at most 100 years.
    package static func parse(_ text: String) -> Duration? {
        var rest = Substring(text)
        // Each part is whole nanoseconds before it is added: as a sum of fractions, "51d1ms" came back as 51d0.99ms.
        var total = Duration.zero
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(unit.count)
            guard let amount = Double(digits), let scale = units.first(where: { $0.name == unit })?.nanoseconds,
                amount * scale <= longest * 1e9
            else { return nil }
            total += .nanoseconds(Int64((amount * scale).rounded()))
        }
        return total <= .seconds(longest) ? total : nil
    }

    /// The duration of a number of seconds, or nil when it is negative or longer than 100 years.
    package static func duration(seconds: Double) -> Duration? {
        seconds >= 0 && seconds <= longest ? .nanoseconds(Int64((seconds * 1e9).rounded())) : nil
    }

    /// The shortest of the accepted forms: `90s`, `1h30m`, `250ms`.
    package static func text(_ duration: Duration) -> String {
        var milliseconds = duration.nanoseconds / 1_000_000
        guard milliseconds > 0 else { return "0s" }
        var parts = ""
        for (name, size) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)] as [(String, Int64)] {
            if milliseconds >= size { parts += "\(milliseconds / size)\(name)" }
            milliseconds %= size
        }
        return parts
    }
}
