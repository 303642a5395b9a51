import Files

/// What `cksum` prints of a file: CRC and length (POSIX, cksum). Every system has the tool, so that a ledger can be
/// written by a line of shell. It finds accidents, not forgeries.
package struct Checksum: Hashable, Sendable, CustomStringConvertible {
    package let crc: UInt32
    package let length: Int

    package init(crc: UInt32, length: Int) {
        self.crc = crc
        self.length = length
    }

    package init(of bytes: some Collection<UInt8>) {
        var sum = Running()
        sum.add(bytes)
        self = sum.end
    }

    /// Of a whole file, a piece at a time.
    package init(of file: OpenFile) throws(FileError) {
        var sum = Running()
        while case let piece = try file.read(at: sum.length, count: 256 * 1024), !piece.isEmpty { sum.add(piece) }
        self = sum.end
    }

    package var description: String { "\(crc) \(length)" }

    private struct Running {
        private(set) var length = 0
        private var crc: UInt32 = 0

        mutating func add(_ bytes: some Collection<UInt8>) {
            length += bytes.count
            for byte in bytes { step(byte) }
        }

        private mutating func step(_ byte: UInt8) {
            crc = crc << 8 ^ Checksum.table[Int(UInt8(truncatingIfNeeded: crc >> 24) ^ byte)]
        }

        var end: Checksum {
            var copy = self
            var rest = length
            while rest > 0 {
                copy.step(UInt8(truncatingIfNeeded: rest))
                rest >>= 8
            }
            return Checksum(crc: ~copy.crc, length: length)
        }
    }

    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index) << 24) { crc, _ in crc & 0x8000_0000 == 0 ? crc << 1 : crc << 1 ^ 0x04C1_1DB7 }
    }
}
