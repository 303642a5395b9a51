import Files

/// A pattern for file names, as fnmatch(3) without flags reads it: `*` any characters or none, `?` one character,
/// `[a-z]` `[!a-z]` `[[:digit:]]` one of a set, `\` takes the next character as it is. Case counts. A `[` that is
/// never closed stands for itself.
///
/// A character is a UTF-8 sequence, or a single byte where the name is not UTF-8: so `?` matches `ä`, and no name,
/// however hostile, is out of reach of `*`. Matching takes at most pattern × name steps, whatever the pattern:
/// fnmatch(3) itself can take exponentially many.
package struct Glob: Sendable, Equatable {
    package let text: String
    private let tokens: [Token]

    package init(_ text: String) {
        self.text = text
        tokens = Self.tokens(Characters(Array(text.utf8)).values)
    }

    package func matches(_ name: FileName) -> Bool { matches(Characters(name.bytes)) }

    /// The characters of a name or pattern: scalar values, and stray bytes above all of them.
    struct Characters {
        let values: [UInt32]

        init(_ bytes: [UInt8]) {
            if bytes.allSatisfy({ $0 < 0x80 }) {
                values = bytes.map(UInt32.init)
                return
            }
            var values: [UInt32] = []
            var rest = bytes[...]
            while let first = rest.first {
                var iterator = rest.makeIterator()
                var decoder = UTF8()
                if case .scalarValue(let scalar) = decoder.decode(&iterator) {
                    values.append(scalar.value)
                    rest = rest.dropFirst(UTF8.width(scalar))
                } else {
                    values.append(0x11_0000 + UInt32(first))
                    rest = rest.dropFirst()
                }
            }
            self.values = values
        }
    }

    func matches(_ name: Characters) -> Bool {
        let name = name.values
        var at = 0
        var token = 0
        // Only the last star can need more characters: those before it have matched as early as possible.
        var star: (token: Int, at: Int)?
        while at < name.count {
            if token < tokens.count {
                switch tokens[token] {
                case .anything:
                    star = (token, at)
                    token += 1
                    continue
                case .set(let set) where set.contains(name[at]):
                    token += 1
                    at += 1
                    continue
                case .set: break
                }
            }
            guard let last = star else { return false }
            star = (last.token, last.at + 1)
            token = last.token + 1
            at = last.at + 1
        }
        return tokens[token...].allSatisfy { $0 == .anything }
    }

    private enum Token: Sendable, Equatable {
        case anything
        case set(CharacterSet)
    }

    private static func tokens(_ text: [UInt32]) -> [Token] {
        var tokens: [Token] = []
        var at = 0
        while at < text.count {
            switch text[at] {
            case "*":
                if tokens.last != .anything { tokens.append(.anything) }
                at += 1
            case "?":
                tokens.append(.set(.all))
                at += 1
            case "[":
                if let (set, next) = CharacterSet.parse(text, from: at + 1) {
                    tokens.append(.set(set))
                    at = next
                } else {
                    tokens.append(.set(.one("[")))
                    at += 1
                }
            case "\\":
                // At the end of the pattern it escapes nothing, and nothing matches: as in glibc.
                tokens.append(.set(at + 1 < text.count ? .one(text[at + 1]) : .none))
                at += 2
            default:
                tokens.append(.set(.one(text[at])))
                at += 1
            }
        }
        return tokens
    }
}

/// One place of a glob: which characters fit there.
private struct CharacterSet: Sendable, Equatable {
    var ranges: [ClosedRange<UInt32>] = []
    var isNegated = false

    static let all = CharacterSet(isNegated: true)
    static let none = CharacterSet()
    static func one(_ character: UInt32) -> CharacterSet { CharacterSet(ranges: [character...character]) }

    func contains(_ character: UInt32) -> Bool {
        ranges.contains { $0.contains(character) } != isNegated
    }

    /// Reads a bracket expression after its `[`; nil when it is never closed.
    static func parse(_ text: [UInt32], from start: Int) -> (CharacterSet, next: Int)? {
        var set = CharacterSet()
        var at = start
        if at < text.count, text[at] == "!" || text[at] == "^" {
            set.isNegated = true
            at += 1
        }
        let first = at
        while at < text.count {
            if text[at] == "]", at > first { return (set, at + 1) }
            if let (ranges, next) = characterClass(text, from: at) {
                set.ranges += ranges
                at = next
                continue
            }
            guard let low = character(text, &at) else { return nil }
            if at + 1 < text.count, text[at] == "-", text[at + 1] != "]" {
                at += 1
                guard let high = character(text, &at) else { return nil }
                if low <= high { set.ranges.append(low...high) }
            } else {
                set.ranges.append(low...low)
            }
        }
        return nil
    }

    private static func character(_ text: [UInt32], _ at: inout Int) -> UInt32? {
        if text[at] == "\\" { at += 1 }
        guard at < text.count else { return nil }
        at += 1
        return text[at - 1]
    }

    private static func characterClass(_ text: [UInt32], from at: Int) -> ([ClosedRange<UInt32>], next: Int)? {
        for (name, ranges) in classes {
            let word = Array("[:\(name):]".unicodeScalars.map(\.value))
            if text[at...].starts(with: word) { return (ranges, at + word.count) }
        }
        return nil
    }

    /// The classes of POSIX for the characters of ASCII.
    private static let classes: [(String, [ClosedRange<UInt32>])] = [
        ("alpha", [65...90, 97...122]), ("digit", [48...57]), ("alnum", [48...57, 65...90, 97...122]),
        ("upper", [65...90]), ("lower", [97...122]), ("space", [9...13, 32...32]), ("blank", [9...9, 32...32]),
        ("xdigit", [48...57, 65...70, 97...102]), ("punct", [33...47, 58...64, 91...96, 123...126]),
        ("cntrl", [0...31, 127...127]), ("print", [32...126]), ("graph", [33...126]),
    ]
}

/// Lets a character value be compared with a literal.
private func ~= (character: UnicodeScalar, value: UInt32) -> Bool { character.value == value }
private func == (value: UInt32, character: UnicodeScalar) -> Bool { character.value == value }
private func != (value: UInt32, character: UnicodeScalar) -> Bool { character.value != value }
extension CharacterSet {
    fileprivate static func one(_ character: UnicodeScalar) -> CharacterSet { .one(character.value) }
}
