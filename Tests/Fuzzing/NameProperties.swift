import Documents
import Files
import Spool

enum NameProperties {
    static func name(_ bytes: [UInt8]) throws(Violation) {
        let shown = Escaped.text(bytes)
        try require(DocumentProperties.isPrintable(shown), "not printable: \(shown)")
        try require(unescaped(shown) == bytes, "two names look the same: \(shown)")
        guard let name = FileName(bytes) else {
            return try require(
                bytes.isEmpty || bytes.count > 255 || bytes.contains(0) || bytes.contains(47) || bytes == [46] || bytes == [46, 46],
                "refused: \(shown)")
        }
        try require(ItemRecord.name(from: .object(ItemRecord.members(of: name))) == name, "a document says otherwise: \(shown)")
        let status = StatusName.of(name)
        try require(status.hasSuffix(".json") && status.bytes.count <= 255, "its status is \(status)")
        let verdict = NameFilter.standard.verdict(name)
        try require(!verdict.isItem || !name.hasPrefix("."), "a hidden name is taken: \(shown)")
        try require(!verdict.isItem || !name.hasSuffix(".envelope"), "an envelope is taken: \(shown)")
        for side in NameFilter.standard.sideFileNames(for: name) { try require(side != name, "it holds itself back: \(shown)") }
        let envelope = Envelope.name(for: name)
        try require(!NameFilter.standard.verdict(envelope).isItem, "\(envelope) is taken")
    }

    /// Pattern, NUL, name. A name matches itself when it is quoted, and whatever it is when stars stand around.
    static func glob(_ bytes: [UInt8]) throws(Violation) {
        let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let pattern = String(validating: parts[0], as: UTF8.self), let name = FileName(parts[1]) else { return }
        let matches = Glob(pattern).matches(name)
        try require(!matches || Glob("*" + pattern).matches(name), "a star in front takes \(name) from \(pattern)")
        // Behind a backslash, a star would be one itself.
        let isOpen = pattern.hasSuffix("\\") || pattern.contains("[")
        try require(!matches || isOpen || Glob(pattern + "*").matches(name), "a star behind takes \(name) from \(pattern)")
        try require(Glob("*").matches(name), "a star does not match \(name)")
        if let text = name.utf8 {
            let quoted = text.unicodeScalars.map { "\\\($0)" }.joined()
            try require(Glob(quoted).matches(name), "\(quoted) does not match")
        }
        let filter = NameFilter(patterns: [pattern], ignore: ["!" + pattern, pattern])
        try require(!matches || !filter.verdict(name).isItem, "\(name) is taken though it is ignored")
    }

    /// What `Escaped` has made of bytes, read by its own description.
    private static func unescaped(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = Substring(text).unicodeScalars
        while let scalar = rest.popFirst() {
            guard scalar == "\\" else {
                bytes += Array(String(scalar).utf8)
                continue
            }
            switch rest.popFirst() {
            case "\\": bytes.append(92)
            case "n": bytes.append(10)
            case "t": bytes.append(9)
            case "r": bytes.append(13)
            case "x":
                guard let byte = UInt8(String(rest.prefix(2)), radix: 16) else { return nil }
                bytes.append(byte)
                rest = rest.dropFirst(2)
            case "u":
                guard let end = rest.firstIndex(of: "}"), let value = UInt32(String(rest[..<end]).dropFirst(), radix: 16),
                    let scalar = UnicodeScalar(value)
                else { return nil }
                bytes += Array(String(scalar).utf8)
                rest = rest[rest.index(after: end)...]
            default: return nil
            }
        }
        return bytes
    }
}
