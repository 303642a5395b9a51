import TestSupport

/// Small damage to known inputs, for machines without libFuzzer and for a fixed budget.
package struct Mutation {
    private let corpus: [[UInt8]]
    /// Bytes that mean something to one of the readers.
    private static let telling = Array("{}[]\",:\\/*?!=<.-+eE0129\n\r\t \0\u{FF}\u{80}".utf8) + [0xFF, 0x80, 0xC3, 0xE2, 0xF0]

    package init(_ corpus: [[UInt8]]) { self.corpus = corpus }

    package func next(_ dice: inout Dice) -> [UInt8] {
        var bytes = corpus.randomElement(using: &dice) ?? []
        for _ in 0..<Int.random(in: 1...4, using: &dice) {
            let at = Int.random(in: 0...bytes.count, using: &dice)
            let end = min(bytes.count, at + Int.random(in: 0...8, using: &dice))
            switch Int.random(in: 0..<7, using: &dice) {
            case 0: bytes.removeSubrange(at..<end)
            case 1: bytes.insert(contentsOf: bytes[at..<end], at: at)
            case 2: bytes.insert(Self.telling.randomElement(using: &dice) ?? 0, at: at)
            case 3 where at < bytes.count: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &dice)
            case 4: bytes.insert(UInt8.random(in: 0...255, using: &dice), at: at)
            case 5: bytes = Array(bytes[..<at])
            default:
                let other = corpus.randomElement(using: &dice) ?? []
                bytes.replaceSubrange(at..<bytes.count, with: other.suffix(Int.random(in: 0...other.count, using: &dice)))
            }
        }
        return bytes
    }
}
