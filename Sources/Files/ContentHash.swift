import CLinux

/// The SHA-256 of what was added, piece by piece.
package struct ContentHash: Sendable {
    private var state: clinux_sha256

    package init() {
        state = clinux_sha256()
        clinux_sha256_begin(&state)
    }

    package mutating func add(_ bytes: [UInt8]) { clinux_sha256_add(&state, bytes, bytes.count) }

    package mutating func add(_ bytes: ArraySlice<UInt8>) { bytes.withUnsafeBytes { add($0) } }

    package mutating func add(_ bytes: UnsafeRawBufferPointer) { clinux_sha256_add(&state, bytes.baseAddress, bytes.count) }

    package mutating func add(_ text: StaticString) { text.withUTF8Buffer { add(UnsafeRawBufferPointer($0)) } }

    /// The 32 bytes; nothing may be added any more.
    package consuming func digest() -> [UInt8] {
        var ending = state
        return [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
            clinux_sha256_end(&ending, buffer.baseAddress)
            count = 32
        }
    }

    package static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
