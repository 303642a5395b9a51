/// One record of bobbin-watch; the form is described in bobbin-watch/Protocol.swift.
package struct WatchRecord: Equatable {
    package var letter: Letter
    package var number: Int
    package var rest: ArraySlice<UInt8>

    package enum Letter: UInt8, CaseIterable {
        case ready = 82  // R
        case inForce = 43  // +
        case refused = 33  // !
        case movedIn = 77  // M
        case closed = 87  // W
        case created = 67  // C
        case touched = 65  // A
        case changed = 66  // B
        case deleted = 68  // D
        case movedAway = 86  // V
        case unmounted = 85  // U
        case dropped = 88  // X
        case overflow = 79  // O
        case unavailable = 69  // E
    }

    package init(_ letter: Letter, _ number: Int, _ rest: ArraySlice<UInt8> = []) {
        self.letter = letter
        self.number = number
        self.rest = rest
    }

    /// Nil when the bytes (without the NUL) are no record.
    package init?(_ bytes: ArraySlice<UInt8>) {
        guard let first = bytes.first, let letter = Letter(rawValue: first) else { return nil }
        var number = 0
        var index = bytes.startIndex + 1
        while index < bytes.endIndex, bytes[index] != UInt8(ascii: "/") {
            let digit = bytes[index] &- UInt8(ascii: "0")
            guard digit < 10, number < 1 << 48 else { return nil }
            number = number * 10 + Int(digit)
            index += 1
        }
        guard index < bytes.endIndex, index > bytes.startIndex + 1 else { return nil }
        self.init(letter, number, bytes[(index + 1)...])
    }

    /// The rest as decimal numbers separated by full stops; nil when it is anything else.
    package var numbers: [UInt64]? {
        let parts = rest.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let numbers = parts.compactMap { UInt64(String(decoding: $0, as: UTF8.self)) }
        return numbers.count == parts.count ? numbers : nil
    }
}

/// Cuts the stream of bobbin-watch into records, wherever the pieces that were read begin and end.
package struct RecordParser {
    package init() {}

    private var unfinished: [UInt8] = []
    /// The longest record: a letter, a number of 16 digits, the separator and a name of 255 bytes.
    private static let limit = 512

    /// Calls `body` for each complete record, with nil for bytes that are none: whoever wrote those cannot be relied
    /// on for the rest either.
    package mutating func parse(_ bytes: ArraySlice<UInt8>, _ body: (WatchRecord?) -> Void) {
        var rest = bytes
        while let end = rest.firstIndex(of: 0) {
            if unfinished.isEmpty {
                body(WatchRecord(rest[..<end]))
            } else {
                unfinished += rest[..<end]
                body(WatchRecord(unfinished[...]))
                unfinished.removeAll(keepingCapacity: true)
            }
            rest = rest[(end + 1)...]
        }
        unfinished += rest
        if unfinished.count > Self.limit {
            unfinished.removeAll()
            body(nil)
        }
    }
}

/// What bobbin-watch is told.
enum WatchCommand: Equatable {
    case watch(WatchToken, path: [UInt8], isWhole: Bool = false)
    case stop(WatchToken)

    package var bytes: [UInt8] {
        switch self {
        case .watch(let token, let path, let isWhole): Array("\(isWhole ? "*" : "+")\(token.number)/".utf8) + path + [0]
        case .stop(let token): Array("-\(token.number)/".utf8) + [0]
        }
    }
}
