extension Instant {
    /// Reads RFC 3339 (`2026-11-23T18:25:02.123Z`, `2026-11-23 20:25:02+02:00`); nil when the text is anything else.
    package init?(rfc3339 text: String) {
        let bytes = Array(text.utf8)
        func digits(_ start: Int, _ count: Int) -> Int64? {
            guard start + count <= bytes.count else { return nil }
            var value: Int64 = 0
            for byte in bytes[start..<start + count] {
                guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
                value = value * 10 + Int64(byte - UInt8(ascii: "0"))
            }
            return value
        }
        func character(_ index: Int) -> Character? {
            index < bytes.count ? Character(UnicodeScalar(bytes[index])) : nil
        }
        guard let year = digits(0, 4), character(4) == "-", let month = digits(5, 2), character(7) == "-",
            let dayOfMonth = digits(8, 2), let day = Calendar.day(year: year, month: month, day: dayOfMonth),
            let separator = character(10), "Tt ".contains(separator),
            let hour = digits(11, 2), hour < 24, character(13) == ":",
            let minute = digits(14, 2), minute < 60, character(16) == ":",
            let second = digits(17, 2), second <= 60
        else { return nil }
        var index = 19
        var fraction: Int64 = 0
        if character(index) == "." {
            index += 1
            var unit: Int64 = 100_000_000
            let start = index
            while let digit = digits(index, 1) {
                fraction += digit * unit
                unit /= 10
                index += 1
            }
            guard index > start else { return nil }
        }
        var offset: Int64 = 0
        switch character(index) {
        case "Z", "z": index += 1
        case .some(let sign) where sign == "+" || sign == "-":
            guard let hours = digits(index + 1, 2), hours < 24, character(index + 3) == ":",
                let minutes = digits(index + 4, 2), minutes < 60
            else { return nil }
            offset = (hours * 3600 + minutes * 60) * (sign == "-" ? -1 : 1)
            index += 6
        default: return nil
        }
        guard index == bytes.count else { return nil }
        self.init(seconds: day * 86_400 + hour * 3600 + minute * 60 + second - offset, nanoseconds: fraction)
    }
}
