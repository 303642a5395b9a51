import Documents
import SystemPackage

/// One component of a path, as the bytes the user chose: never empty, no slash, no NUL, not `.` or `..`.
///
/// Not a `String`: names on Linux need not be UTF-8, and must come out of Bobbin exactly as they went in.
package struct FileName: Hashable, Sendable {
    package let bytes: [UInt8]

    package init?(_ bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        guard !bytes.isEmpty, bytes.count <= 255, !bytes.contains(0), !bytes.contains(UInt8(ascii: "/")),
            bytes != [UInt8(ascii: ".")], bytes != [UInt8(ascii: "."), UInt8(ascii: ".")]
        else { return nil }
        self.bytes = bytes
    }

    package init?(_ text: some StringProtocol) { self.init(text.utf8) }

    /// For names that are part of Bobbin's own layout.
    package init(_ literal: StaticString) {
        bytes = literal.withUTF8Buffer { Array($0) }
    }

    /// The name as text, when it is valid UTF-8.
    package var utf8: String? { String(validating: bytes, as: UTF8.self) }

    /// The name as it may be shown on a terminal, in a log line or in a status file: one line, printable; see
    /// `Escaped`.
    package var escaped: String { Escaped.text(bytes) }

    package func hasPrefix(_ text: StaticString) -> Bool {
        text.withUTF8Buffer { bytes.starts(with: $0) }
    }

    package func hasSuffix(_ text: StaticString) -> Bool {
        text.withUTF8Buffer { bytes.count >= $0.count && bytes.suffix($0.count).elementsEqual($0) }
    }

    /// The name with bytes put before and after it; nil when that exceeds the 255 bytes of a name.
    package func wrapped(before: StaticString = "", after: StaticString = "") -> FileName? {
        FileName(before.withUTF8Buffer(Array.init) + bytes + after.withUTF8Buffer(Array.init))
    }

    package func dropping(suffix: StaticString) -> FileName? {
        hasSuffix(suffix) ? FileName(bytes.dropLast(suffix.utf8CodeUnitCount)) : nil
    }
}

extension FileName: Comparable {
    package static func < (left: FileName, right: FileName) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }
}

extension FileName: CustomStringConvertible {
    package var description: String { escaped }
}

/// Text that is safe to show: bytes that are not printable UTF-8 appear as `\n`, `\t`, `\xFF`, `\u{202E}`, and a
/// backslash as `\\`, so that two different names never look the same and none can move the cursor.
package enum Escaped {
    package static func text(_ bytes: [UInt8]) -> String {
        if bytes.allSatisfy({ $0 >= 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }) {
            return String(decoding: bytes, as: UTF8.self)
        }
        var shown = ""
        var decoder = UTF8()
        var rest = bytes[...]
        while !rest.isEmpty {
            var iterator = rest.makeIterator()
            switch decoder.decode(&iterator) {
            case .scalarValue(let scalar):
                shown += text(scalar)
                rest = rest.dropFirst(String(Character(scalar)).utf8.count)
            case .error, .emptyInput:
                shown += "\\x" + hexadecimal(UInt32(rest.first!), digits: 2)
                rest = rest.dropFirst()
            }
            decoder = UTF8()
        }
        return shown
    }

    private static func text(_ scalar: UnicodeScalar) -> String {
        switch scalar {
        case "\\": return "\\\\"
        case "\n": return "\\n"
        case "\t": return "\\t"
        case "\r": return "\\r"
        default: break
        }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
            return scalar.value < 0x80 ? "\\x" + hexadecimal(scalar.value, digits: 2) : "\\u{" + hexadecimal(scalar.value, digits: 4) + "}"
        default: return String(Character(scalar))
        }
    }

    private static func hexadecimal(_ value: UInt32, digits: Int) -> String {
        let text = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}

/// A path below an open `Folder`, made of names: it cannot lead outside except through a link inside.
package struct RelativePath: Hashable, Sendable {
    /// The bytes with a NUL at the end, as the kernel takes them.
    private let terminated: [UInt8]

    private init(terminated: [UInt8]) { self.terminated = terminated }

    init(bytes: [UInt8]) { terminated = bytes + [0] }

    package init(_ name: FileName) { terminated = name.bytes + [0] }
    package init(_ literal: StaticString) { terminated = literal.withUTF8Buffer(Array.init) + [0] }
    package init(_ id: ItemID) { terminated = Array(id.description.utf8) + [0] }

    /// A path as it was written down, of names joined by slashes; nil when it is none.
    package init?(path: ArraySlice<UInt8>) {
        for part in path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) where FileName(part) == nil { return nil }
        guard !path.isEmpty else { return nil }
        terminated = path + [0]
    }

    private func appending(_ component: some Collection<UInt8>) -> RelativePath {
        var joined = terminated
        joined.reserveCapacity(terminated.count + component.count + 1)
        joined[joined.count - 1] = UInt8(ascii: "/")
        joined.append(contentsOf: component)
        joined.append(0)
        return RelativePath(terminated: joined)
    }

    package static func / (left: RelativePath, right: FileName) -> RelativePath { left.appending(right.bytes) }
    package static func / (left: RelativePath, right: ItemID) -> RelativePath { left.appending(right.description.utf8) }
    package static func / (left: RelativePath, right: StaticString) -> RelativePath {
        left.appending(right.withUTF8Buffer(Array.init))
    }

    package var bytes: ArraySlice<UInt8> { terminated[..<(terminated.count - 1)] }
    package var escaped: String { Escaped.text(Array(bytes)) }

    func withCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        terminated.withUnsafeBytes { body($0.baseAddress!.assumingMemoryBound(to: CChar.self)) }
    }
}

extension FilePath {
    /// The exact bytes of the path.
    package var bytes: [UInt8] {
        withPlatformString { text in
            Array(UnsafeBufferPointer(start: text, count: length)).map(UInt8.init(bitPattern:))
        }
    }

    package init(bytes: some Sequence<UInt8>) {
        let terminated = Array(bytes).map(CChar.init(bitPattern:)) + [0]
        self = terminated.withUnsafeBufferPointer { FilePath(platformString: $0.baseAddress!) }
    }

    package var escaped: String { Escaped.text(bytes) }

    package func appending(_ name: FileName) -> FilePath { FilePath(bytes: bytes + [UInt8(ascii: "/")] + name.bytes) }
    package func appending(_ path: RelativePath) -> FilePath { FilePath(bytes: bytes + [UInt8(ascii: "/")] + path.bytes) }

    /// The last component as a name; nil for `/` and the empty path.
    package var name: FileName? { FileName(bytes.split(separator: UInt8(ascii: "/")).last ?? []) }
}
