import Documents
import Glibc

/// `limits`: what each process of a run may use; nil: what the orchestrator may.
package struct ResourceLimits: Sendable, Equatable {
    /// Bytes.
    package var memory: UInt64?
    package var cpu: Duration?
    package var openFiles: UInt64?
    /// Bytes.
    package var fileSize: UInt64?
    package var processes: UInt64?

    static let sizes: ClosedRange<Int64> = 1...999_999_999_999_999

    init() {}

    init(_ value: JSON) {
        func size(_ key: String) -> UInt64? {
            value[key].flatMap { $0.string.flatMap(Self.size) ?? $0.integer.map(UInt64.init) }
        }
        func count(_ key: String) -> UInt64? { value[key]?.integer.map(UInt64.init) }
        memory = size("memory")
        cpu = value["cpu"]?.duration
        openFiles = count("open_files")
        fileSize = size("file_size")
        processes = count("processes")
    }

    var json: JSON {
        func number(_ value: UInt64?) -> JSON? { value.map { .integer(Int64($0)) } }
        let members: [(String, JSON?)] = [
            ("memory", number(memory)), ("cpu", cpu.map { .string(DurationText.text($0)) }), ("open_files", number(openFiles)),
            ("file_size", number(fileSize)), ("processes", number(processes)),
        ]
        return .object(members.compactMap { name, value in value.map { JSON.Member(name, $0) } })
    }

    /// Bytes of `512M`; the letters stand for powers of 1024.
    static func size(_ text: String) -> UInt64? {
        // As many digits as the pattern of the schema allows.
        let units: [Character: (bytes: UInt64, digits: Int)] = ["K": (1 << 10, 9), "M": (1 << 20, 9), "G": (1 << 30, 6), "T": (1 << 40, 4)]
        let unit = text.last.flatMap { units[$0] }
        let digits = unit == nil ? Substring(text) : text.dropLast()
        guard (1...(unit?.digits ?? 15)).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            digits.first != "0", let number = UInt64(digits)
        else { return nil }
        return number * (unit?.bytes ?? 1)
    }

    /// The form of names of useradd(8), or a number.
    static func isAccount(_ text: String) -> Bool {
        let bytes = Array((text.last == "$" ? text.dropLast() : Substring(text)).utf8)
        func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x5F }
        func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
        guard let first = bytes.first, bytes.count <= 31, isLetter(first) || isDigit(first) else { return false }
        return bytes.allSatisfy { isLetter($0) || isDigit($0) || $0 == 0x2E || $0 == 0x2D }
    }
}
