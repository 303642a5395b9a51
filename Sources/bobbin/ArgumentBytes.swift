import ArgumentParser
import Documents
import Files
import Glibc
import SystemPackage

/// The command line as the shell gave it. Names are bytes, Swift's texts are not: a byte that belongs to no UTF-8
/// sequence travels through the parser as a character of a private range, and is a byte again before it is used.
enum ArgumentBytes {
    /// U+10FF00 + the byte: private use (Unicode 23.5), where nobody assigns anything. Such a character that stands on
    /// the command line itself is taken apart as well, so that no two command lines become the same text.
    private static let base: UInt32 = 0x10_FF00

    /// The arguments after the program's name.
    static var commandLine: [String] {
        (1..<max(1, Int(CommandLine.argc))).compactMap { index in
            CommandLine.unsafeArgv[index].map { text in
                self.text(UnsafeRawBufferPointer(start: text, count: strlen(text)).map { $0 })
            }
        }
    }

    static func text(_ bytes: [UInt8]) -> String {
        if let text = String(validating: bytes, as: UTF8.self), !text.unicodeScalars.contains(where: isByte) {
            return text
        }
        var text = String.UnicodeScalarView()
        var rest = bytes[...]
        while let first = rest.first {
            var iterator = rest.makeIterator()
            var decoder = UTF8()
            if case .scalarValue(let scalar) = decoder.decode(&iterator), !isByte(scalar) {
                text.append(scalar)
                rest = rest.dropFirst(UTF8.width(scalar))
            } else {
                text.append(Unicode.Scalar(base + UInt32(first)) ?? "?")
                rest = rest.dropFirst()
            }
        }
        return String(text)
    }

    static func bytes(_ text: String) -> [UInt8] {
        text.unicodeScalars.flatMap { scalar in
            isByte(scalar) ? [UInt8(scalar.value - base)] : Array(String(Character(scalar)).utf8)
        }
    }

    private static func isByte(_ scalar: Unicode.Scalar) -> Bool { (base + 0x80...base + 0xFF).contains(scalar.value) }
}

/// A name, an id or a path from the command line.
struct NameArgument: ExpressibleByArgument {
    let bytes: [UInt8]

    init?(argument: String) {
        bytes = ArgumentBytes.bytes(argument)
        if bytes.isEmpty { return nil }
    }

    init(_ name: FileName) { bytes = name.bytes }

    var escaped: String { Escaped.text(bytes) }
    var path: FilePath { FilePath(bytes: bytes) }
    var id: ItemID? { ItemID(bytes: bytes) }

    /// The name as it is given and, for one that was copied from what Bobbin shows, what its escapes stand for.
    var names: [FileName] {
        [FileName(bytes), Unescaped.bytes(bytes).flatMap { FileName($0) }].compactMap { $0 }
    }

    var description: String { escaped }
}

/// Reads back what `Escaped` shows.
enum Unescaped {
    /// nil when nothing is escaped, or when the text is none that `Escaped` writes.
    static func bytes(_ shown: [UInt8]) -> [UInt8]? {
        guard shown.contains(UInt8(ascii: "\\")) else { return nil }
        var bytes: [UInt8] = []
        var rest = shown[...]
        while let first = rest.popFirst() {
            guard first == UInt8(ascii: "\\") else {
                bytes.append(first)
                continue
            }
            switch rest.popFirst() {
            case UInt8(ascii: "\\"): bytes.append(UInt8(ascii: "\\"))
            case UInt8(ascii: "n"): bytes.append(UInt8(ascii: "\n"))
            case UInt8(ascii: "t"): bytes.append(UInt8(ascii: "\t"))
            case UInt8(ascii: "r"): bytes.append(UInt8(ascii: "\r"))
            case UInt8(ascii: "x"):
                guard let byte = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else { return nil }
                bytes.append(byte)
                rest = rest.dropFirst(2)
            case UInt8(ascii: "u"):
                guard rest.first == UInt8(ascii: "{"), let end = rest.firstIndex(of: UInt8(ascii: "}")),
                    let value = UInt32(String(decoding: rest[(rest.startIndex + 1)..<end], as: UTF8.self), radix: 16),
                    let scalar = Unicode.Scalar(value)
                else { return nil }
                bytes += Array(String(Character(scalar)).utf8)
                rest = rest[(end + 1)...]
            default: return nil
            }
        }
        return bytes
    }
}

/// A duration from the command line: seconds, or `90s`, `5m`, `2h`, `7d`.
struct DurationArgument: ExpressibleByArgument {
    let duration: Duration

    init?(argument: String) {
        guard let duration = Double(argument).flatMap(DurationText.duration(seconds:)) ?? DurationText.parse(argument)
        else { return nil }
        self.duration = duration
    }
}

/// A time from the command line: RFC 3339, or `+DURATION` from now (`-DURATION`: ago).
struct TimeArgument: ExpressibleByArgument {
    let instant: Instant

    init?(argument: String) {
        if let instant = Instant(rfc3339: argument) {
            self.instant = instant
        } else if let sign = argument.first, sign == "+" || sign == "-",
            let duration = DurationArgument(argument: String(argument.dropFirst()))?.duration
        {
            instant = Clocks.system.now() + (sign == "+" ? duration : .zero - duration)
        } else {
            return nil
        }
    }
}
