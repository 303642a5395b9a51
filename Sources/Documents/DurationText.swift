/// Durations as people write them in settings: a number of seconds, or `"90s"`, `"5m"`, `"2h"`, `"7d"`, `"1h30m"`.
package enum DurationText {
    /// What is accepted, in words for an error message.
    package static let expectation = "seconds as a number, or text such as \"90s\", \"5m\", \"2h\", \"7d\""

    private static let units: [(name: String, seconds: Double)] = [
        ("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("d", 86_400), ("w", 604_800),
    ]

    /// The duration, or nil when the text is none. Never negative; at most 100 years.
    package static func parse(_ text: String) -> Duration? {
        var rest = Substring(text)
        var total = 0.0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(unit.count)
            guard let amount = Double(digits), let scale = units.first(where: { $0.name == unit })?.seconds else { return nil }
            total += amount * scale
        }
        return duration(seconds: total)
    }

    /// The duration of a number of seconds, or nil when it is negative or longer than 100 years.
    package static func duration(seconds: Double) -> Duration? {
        seconds >= 0 && seconds <= 3_155_760_000 ? .nanoseconds(Int64((seconds * 1e9).rounded())) : nil
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
