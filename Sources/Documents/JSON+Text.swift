extension JSON {
    /// The text with one key per line and two spaces of indentation, ended by a line feed.
    ///
    /// One key per line so that `grep '"state"' file` answers as well as `jq .state` (contract §6). Lists of plain
    /// values stay on one line.
    package var prettyBytes: [UInt8] {
        var text = JSONText()
        text.bytes.reserveCapacity(1024)
        text.append(self, depth: 0)
        text.bytes.append(UInt8(ascii: "\n"))
        return text.bytes
    }

    /// The text without any white space: one line, for line-oriented streams.
    package var compactBytes: [UInt8] {
        var text = JSONText(isPretty: false)
        text.append(self, depth: 0)
        return text.bytes
    }

    package var pretty: String { String(decoding: prettyBytes, as: UTF8.self) }
    package var compact: String { String(decoding: compactBytes, as: UTF8.self) }
}

private struct JSONText {
    var bytes: [UInt8] = []
    var isPretty = true

    mutating func append(_ value: JSON, depth: Int) {
        switch value {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .bool(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
        case .integer(let value): bytes.append(contentsOf: String(value).utf8)
        case .number(let value):
            // JSON has no word for the infinities or for not-a-number.
            bytes.append(contentsOf: (value.isFinite ? value.description : "null").utf8)
        case .string(let value): append(quoted: value)
        case .array(let elements): append(list: elements, depth: depth)
        case .object(let members):
            append(open: "{", close: "}", count: members.count, depth: depth, oneLine: false) { text, index in
                text.append(quoted: members[index].key)
                text.bytes.append(contentsOf: (text.isPretty ? ": " : ":").utf8)
                text.append(members[index].value, depth: depth + 1)
            }
        }
    }

    private mutating func append(list elements: [JSON], depth: Int) {
        let isPlain = elements.allSatisfy { $0.members == nil && $0.array == nil }
        append(open: "[", close: "]", count: elements.count, depth: depth, oneLine: isPlain) { text, index in
            text.append(elements[index], depth: depth + 1)
        }
    }

    private mutating func append(
        open: Character, close: Character, count: Int, depth: Int, oneLine: Bool,
        element: (inout JSONText, Int) -> Void
    ) {
        let breaksLines = isPretty && !oneLine && count > 0
        bytes.append(open.asciiValue!)
        for index in 0..<count {
            if index > 0 { bytes.append(contentsOf: (isPretty && oneLine ? ", " : ",").utf8) }
            if breaksLines { newLine(depth + 1) }
            element(&self, index)
        }
        if breaksLines { newLine(depth) }
        bytes.append(close.asciiValue!)
    }

    private mutating func newLine(_ depth: Int) {
        bytes.append(UInt8(ascii: "\n"))
        bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: depth * 2))
    }

    private mutating func append(quoted text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): bytes.append(contentsOf: #"\""#.utf8)
            case UInt8(ascii: "\\"): bytes.append(contentsOf: #"\\"#.utf8)
            case UInt8(ascii: "\n"): bytes.append(contentsOf: #"\n"#.utf8)
            case UInt8(ascii: "\t"): bytes.append(contentsOf: #"\t"#.utf8)
            case UInt8(ascii: "\r"): bytes.append(contentsOf: #"\r"#.utf8)
            case 0..<0x20, 0x7F:
                bytes.append(contentsOf: #"\u00"#.utf8)
                bytes.append(Hex.digit(byte >> 4))
                bytes.append(Hex.digit(byte & 15))
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}

/// Lower-case hexadecimal digits.
package enum Hex {
    package static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }

    package static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
