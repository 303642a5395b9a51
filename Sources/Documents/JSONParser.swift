/// Reads JSON as people write it into settings files: RFC 8259 plus `//` and `/* */` comments, trailing commas and a
/// byte order mark (contract §4), and tells the line and column of what it could not read.
package struct JSONParser {
    /// What could not be read: where, and what was expected there.
    package struct Failure: Error, Equatable, CustomStringConvertible {
        /// Counted from 1.
        package var line: Int
        /// Counted from 1, in characters of the text as an editor shows it (UTF-8 sequences).
        package var column: Int
        package var message: String

        package var description: String { "line \(line), column \(column): \(message)" }
    }

    /// Deeper nesting than this is refused, so that hostile text cannot exhaust the stack.
    private static let depthLimit = 64

    private let bytes: [UInt8]
    private var position = 0
    private var line = 1
    private var lineStart = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Parses one value that must be the whole text.
    package static func parse(_ bytes: [UInt8]) throws(Failure) -> JSON {
        var parser = JSONParser(bytes)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            parser.position = 3
            parser.lineStart = 3
        }
        try parser.skipBlanks()
        let value = try parser.value(depth: 0)
        try parser.skipBlanks()
        guard parser.position == bytes.count else { throw parser.failure("expected the end of the text") }
        return value
    }

    package static func parse(_ text: String) throws(Failure) -> JSON { try parse(Array(text.utf8)) }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func failure(_ message: String) -> Failure {
        let found =
            switch current {
            case nil: "the text ended"
            case .some(let byte) where byte >= 0x20 && byte < 0x7F: "found '\(Character(UnicodeScalar(byte)))'"
            case .some: "found a character that does not belong there"
            }
        return failure(at: place, "\(message), but \(found)")
    }

    /// A place to come back to in a message. Its column is counted only then: counting from the start of the line at
    /// every key makes a long line take minutes.
    private typealias Place = (line: Int, lineStart: Int, position: Int)

    private var place: Place { (line, lineStart, position) }

    private func failure(at place: Place, _ message: String) -> Failure {
        let column = bytes[place.lineStart..<place.position].count { $0 & 0xC0 != 0x80 } + 1
        return Failure(line: place.line, column: column, message: message.printable)
    }

    private mutating func advance() {
        if bytes[position] == UInt8(ascii: "\n") {
            line += 1
            lineStart = position + 1
        }
        position += 1
    }

    private mutating func take(_ byte: Character) -> Bool {
        guard current == byte.asciiValue else { return false }
        advance()
        return true
    }

    private mutating func skipBlanks() throws(Failure) {
        while let byte = current {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"): advance()
            case UInt8(ascii: "/"): try skipComment()
            default: return
            }
        }
    }

    private mutating func skipComment() throws(Failure) {
        let start = place
        advance()
        switch current {
        case UInt8(ascii: "/"):
            while let byte = current, byte != UInt8(ascii: "\n") { advance() }
        case UInt8(ascii: "*"):
            advance()
            while current != nil {
                if take("*") {
                    if take("/") { return }
                } else {
                    advance()
                }
            }
            throw failure(at: start, "the comment that begins here is never ended with */")
        default: throw failure("a comment begins with // or /*")
        }
    }

    private mutating func value(depth: Int) throws(Failure) -> JSON {
        guard depth < Self.depthLimit else { throw failure("nested deeper than \(Self.depthLimit) levels") }
        switch current {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try text())
        case .some(let byte) where byte == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte): return try number()
        default:
            for (word, value) in [("true", JSON.bool(true)), ("false", .bool(false)), ("null", .null)]
            where bytes[position...].starts(with: word.utf8) {
                position += word.utf8.count
                return value
            }
            throw failure("expected a value (text in double quotes, a number, true, false, null, a list or an object)")
        }
    }

    private mutating func object(depth: Int) throws(Failure) -> JSON {
        advance()
        var members: [JSON.Member] = []
        var keys: Set<String> = []
        while true {
            try skipBlanks()
            if take("}") { return .object(members) }
            guard current == UInt8(ascii: "\"") else { throw failure("expected a key in double quotes or '}'") }
            let start = place
            let key = try text()
            guard keys.insert(key).inserted else {
                throw failure(at: start, "the key \"\(key)\" is given twice")
            }
            try skipBlanks()
            guard take(":") else { throw failure("expected ':' after the key \"\(key)\"") }
            try skipBlanks()
            members.append(JSON.Member(key, try value(depth: depth + 1), line: start.line))
            try skipBlanks()
            if take(",") { continue }
            guard current == UInt8(ascii: "}") else { throw failure("expected ',' or '}' after the value of \"\(key)\"") }
        }
    }

    private mutating func array(depth: Int) throws(Failure) -> JSON {
        advance()
        var elements: [JSON] = []
        while true {
            try skipBlanks()
            if take("]") { return .array(elements) }
            elements.append(try value(depth: depth + 1))
            try skipBlanks()
            if take(",") { continue }
            guard current == UInt8(ascii: "]") else { throw failure("expected ',' or ']' in the list") }
        }
    }

    private mutating func number() throws(Failure) -> JSON {
        let start = position
        while let byte = current, "+-.eE0123456789".utf8.contains(byte) { advance() }
        let literal = String(decoding: bytes[start..<position], as: UTF8.self)
        let digits = literal.drop { $0 == "-" }
        let isWellFormed = digits.first?.isNumber == true && !(digits.hasPrefix("0") && digits.dropFirst().first?.isNumber == true)
        if isWellFormed, let whole = Int64(literal) { return .integer(whole) }
        // Swift reads "1." and "1.e5"; JSON has a digit after each point.
        let hasDigitAfterPoint = literal.firstIndex(of: ".").map { literal[$0...].dropFirst().first?.isNumber == true } ?? true
        if isWellFormed, hasDigitAfterPoint, let value = Double(literal), value.isFinite { return .number(value) }
        position = start
        throw failure("\"\(literal)\" is not a number")
    }

    private mutating func text() throws(Failure) -> String {
        advance()
        var characters: [UInt8] = []
        while true {
            guard let byte = current, byte != UInt8(ascii: "\n") else { throw failure("expected '\"' at the end of the text") }
            if byte < 0x20 && byte != UInt8(ascii: "\t") { throw failure("a control character must be written as \\u00XX") }
            advance()
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: characters, as: UTF8.self) else { throw failure("the text is not UTF-8") }
                return text
            case UInt8(ascii: "\\"): try escape(into: &characters)
            default: characters.append(byte)
            }
        }
    }

    private mutating func escape(into characters: inout [UInt8]) throws(Failure) {
        guard let byte = current else { throw failure("expected a character after '\\'") }
        guard #""\/ntrbfu"#.utf8.contains(byte) else {
            throw failure(#"expected one of " \ / n t r b f u after '\' (write '\\' for a backslash)"#)
        }
        advance()
        switch byte {
        case UInt8(ascii: "n"): characters.append(0x0A)
        case UInt8(ascii: "t"): characters.append(0x09)
        case UInt8(ascii: "r"): characters.append(0x0D)
        case UInt8(ascii: "b"): characters.append(0x08)
        case UInt8(ascii: "f"): characters.append(0x0C)
        case UInt8(ascii: "u"):
            var code = UInt32(try fourDigits())
            if (0xD800..<0xDC00).contains(code), take("\\"), take("u") {
                let low = UInt32(try fourDigits())
                guard (0xDC00..<0xE000).contains(low) else { throw failure("\\u escape: half of a surrogate pair is missing") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = UnicodeScalar(code) else { throw failure("\\u escape: half of a surrogate pair is missing") }
            characters.append(contentsOf: String(Character(scalar)).utf8)
        default: characters.append(byte)
        }
    }

    private mutating func fourDigits() throws(Failure) -> UInt16 {
        var code: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = current, let digit = Hex.value(byte) else { throw failure("expected four hexadecimal digits after \\u") }
            code = code << 4 | UInt16(digit)
            advance()
        }
        return code
    }
}
