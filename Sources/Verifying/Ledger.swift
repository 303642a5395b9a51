import Files

/// What was dropped, written down by those who dropped it: a line for each file,
///
///     QUEUE CRC LENGTH NAME
///
/// where CRC and LENGTH are what `cksum < FILE` prints, or `- -` when they are not known. The name is the rest of the
/// line, byte by byte; a name with a line feed has no place in a ledger file. Empty lines and `#` lines are passed over.
package struct Ledger: Sendable {
    package struct Drop: Hashable, Sendable {
        package let queue: FileName
        package let name: FileName
        /// nil: not known.
        package let sum: Checksum?

        package init(queue: FileName, name: FileName, sum: Checksum?) {
            self.queue = queue
            self.name = name
            self.sum = sum
        }
    }

    package private(set) var drops: [Drop]

    package init(_ drops: [Drop]) { self.drops = drops }

    package init(bytes: [UInt8]) throws(EvidenceProblem) {
        drops = []
        for (index, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            if line.isEmpty || line.first == UInt8(ascii: "#") { continue }
            let words = line.split(separator: UInt8(ascii: " "), maxSplits: 3, omittingEmptySubsequences: false)
            guard words.count == 4, let queue = FileName(words[0]), let name = FileName(words[3]) else {
                throw EvidenceProblem(line: index + 1, expected: "QUEUE CRC LENGTH NAME")
            }
            let (crc, length) = (String(decoding: words[1], as: UTF8.self), String(decoding: words[2], as: UTF8.self))
            var sum: Checksum?
            if (crc, length) != ("-", "-") {
                guard let crc = UInt32(crc), let length = Int(length), length >= 0 else {
                    throw EvidenceProblem(line: index + 1, expected: "CRC and LENGTH as cksum prints them, or - -")
                }
                sum = Checksum(crc: crc, length: length)
            }
            drops.append(Drop(queue: queue, name: name, sum: sum))
        }
    }
}

/// Evidence that cannot be read.
package struct EvidenceProblem: Error, Equatable, CustomStringConvertible {
    package let line: Int
    package let expected: String
    package var description: String { "line \(line): expected \(expected)" }
}
