import Documents
import Files

/// Names that Bobbin makes of a user's name, which may use all 255 bytes already (contract §6).
package enum ShortName {
    /// The name with a suffix; one too long for that keeps its first 200 bytes, followed by `~` and a hash of the whole.
    package static func of(_ name: FileName, suffix: StaticString) -> FileName {
        if let plain = name.wrapped(after: suffix) { return plain }
        let short = FileName(name.bytes[..<200] + [UInt8(ascii: "~")] + hash(name.bytes))
        return short?.wrapped(after: suffix) ?? name
    }

    /// 16 hexadecimal digits of FNV-1a: a stable name is wanted, not a secret.
    static func hash(_ bytes: [UInt8]) -> [UInt8] {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return stride(from: 60, through: 0, by: -4).map { Hex.digit(UInt8(truncatingIfNeeded: hash >> UInt64($0)) & 15) }
    }
}
