import Synchronization

/// The id of an item, a run or an instance: UUID version 7 (RFC 9562) in lower case, unique, sorting by time.
package struct ItemID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// A new id whose first 48 bits are the milliseconds of `now`; ids made in this process always grow, also within
    /// one millisecond and when the clock steps back.
    package static func make(at now: Instant) -> ItemID {
        // The 12 bits after the version hold the fraction of the millisecond (RFC 9562 §6.2, method 3).
        let microseconds = UInt64(max(0, now.nanoseconds)) / 1000
        let stamp = (microseconds / 1000) << 12 | (microseconds % 1000) * 4096 / 1000
        let next = lastStamp.withLock { last in
            last = max(last + 1, stamp)
            return last
        }
        let high = (next >> 12) << 16 | 0x7000 | next & 0xFFF
        return ItemID(high: high, low: UInt64.random(in: .min ... .max) & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000)
    }

    private static let lastStamp = Mutex<UInt64>(0)

    /// The instant the id was made, to the millisecond; clamped, since an id read from a name can hold any number.
    package var madeAt: Instant {
        let milliseconds = Int64(high >> 16)
        return Instant(seconds: milliseconds / 1000, nanoseconds: milliseconds % 1000 * 1_000_000)
    }

    /// Accepts the 36 characters of the lower-case text form only: an id is also the name of a folder.
    package init?(_ text: some StringProtocol) {
        self.init(bytes: Array(text.utf8))
    }

    package init?(bytes: [UInt8]) {
        guard bytes.count == 36 else { return nil }
        var halves: (UInt64, UInt64) = (0, 0)
        var digits = 0
        for (index, byte) in bytes.enumerated() {
            if [8, 13, 18, 23].contains(index) {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let digit = Hex.value(byte), !(UInt8(ascii: "A")...UInt8(ascii: "F")).contains(byte) else { return nil }
            if digits < 16 { halves.0 = halves.0 << 4 | UInt64(digit) } else { halves.1 = halves.1 << 4 | UInt64(digit) }
            digits += 1
        }
        (high, low) = halves
    }

    package var description: String {
        String(unsafeUninitializedCapacity: 36) { buffer in
            var at = 0
            for digit in 0..<32 {
                if [8, 12, 16, 20].contains(digit) {
                    buffer[at] = UInt8(ascii: "-")
                    at += 1
                }
                let half = digit < 16 ? high : low
                buffer[at] = Hex.digit(UInt8(truncatingIfNeeded: half >> UInt64(60 - digit % 16 * 4)) & 15)
                at += 1
            }
            return at
        }
    }

    package static func < (left: ItemID, right: ItemID) -> Bool {
        left.high == right.high ? left.low < right.low : left.high < right.high
    }
}
