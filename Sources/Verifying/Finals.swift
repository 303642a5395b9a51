import Documents
import Files

/// The final states that an earlier verification saw, to be compared with those of today: a line for each item,
/// `QUEUE ID CRC LENGTH`, the checksum that of `outcome.json`.
package struct Finals: Sendable, Equatable {
    package struct Key: Hashable, Sendable {
        package let queue: FileName
        package let item: ItemID
    }

    package var outcomes: [Key: Checksum] = [:]

    package init() {}

    package init(bytes: [UInt8]) throws(EvidenceProblem) {
        for (index, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() where !line.isEmpty {
            let words = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
            guard words.count >= 4, let length = Int(String(decoding: words[words.count - 1], as: UTF8.self)),
                let crc = UInt32(String(decoding: words[words.count - 2], as: UTF8.self)),
                let item = ItemID(bytes: Array(words[words.count - 3])),
                // The name of a queue may have blanks.
                let queue = FileName(words.dropLast(3).joined(separator: [UInt8(ascii: " ")]))
            else { throw EvidenceProblem(line: index + 1, expected: "QUEUE ID CRC LENGTH") }
            outcomes[Key(queue: queue, item: item)] = Checksum(crc: crc, length: length)
        }
    }

    package var bytes: [UInt8] {
        let lines = outcomes.map { key, sum in key.queue.bytes + Array(" \(key.item) \(sum)\n".utf8) }
        return lines.sorted { $0.lexicographicallyPrecedes($1) }.flatMap { $0 }
    }
}
