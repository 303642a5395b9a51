import Files

/// The names that common tools give to files that are not finished, or not meant as work (contract §3,
/// reference/peers.md §5). Always on; a job opens single ones with `"!glob"` in its `ignore`.
///
/// A file taken half-written is work done wrong; a file that waits with a reason on show is a question. So a doubtful
/// name waits – but a rule for random characters asks for more than their number, for `backup.20260115`,
/// `app.config`, `tmp.csv` and `sedentary` are names that people give.
package enum BuiltInNames {
    package static func verdict(_ name: FileName) -> NameVerdict {
        let bytes = name.bytes
        if bytes[0] == UInt8(ascii: ".") {
            // LibreOffice: `.~lock.NAME#` lies beside NAME as long as it is open.
            if name.hasPrefix(".~lock."), name.hasSuffix("#"), let partner = FileName(bytes[7..<(bytes.count - 1)]) {
                return .sideFile(of: partner)
            }
            return .hidden
        }
        if let partner = name.dropping(suffix: ".envelope") { return .envelope(of: partner) }
        let lower = bytes.map(lowercased)
        if let verdict = sideFile(name, lower) { return verdict }
        if let verdict = NameTable.whole[lower] ?? affixes(lower) ?? NameTable.ending(lower) { return verdict }
        return NameShapes.rule(bytes).map(NameVerdict.temporary) ?? .item
    }

    /// The names whose existence beside `name` says that the file is incomplete or in use.
    ///
    /// - Parameter isEmpty: the file has no content yet. Firefox makes an empty NAME to reserve the place while the
    ///   content grows in `NAME.part`; a file that has content does not wait for a `.part` beside it.
    package static func sideFileNames(for name: FileName, isEmpty: Bool = false) -> [FileName] {
        var names = [
            name.wrapped(after: ".aria2"), name.wrapped(after: ".lftp-pget-status"),
            name.wrapped(before: ".~lock.", after: "#"), name.wrapped(before: "~$"),
        ]
        if isEmpty { names.append(name.wrapped(after: ".part")) }
        if let shortened = wordOwnerName(for: name) { names.append(shortened) }
        if name.bytes.map(lowercased).ends(with: ".accdb") {
            names.append(FileName(name.bytes.dropLast(6) + Array(".laccdb".utf8)))
        }
        return names.compactMap(\.self)
    }

    // MARK: Side files

    private static func sideFile(_ name: FileName, _ lower: [UInt8]) -> NameVerdict? {
        let bytes = name.bytes
        if name.hasPrefix("~$"), let partner = FileName(bytes.dropFirst(2)) {
            return .sideFile(of: isWordDocument(partner) && stem(partner).count > 5 ? nil : partner)
        }
        for (suffix, partnerSuffix) in [(".aria2", ""), (".lftp-pget-status", ""), (".laccdb", ".accdb")]
            as [(StaticString, StaticString)]
        where lower.ends(with: suffix) {
            let stem = bytes.dropLast(suffix.utf8CodeUnitCount)
            return FileName(stem + partnerSuffix.withUTF8Buffer(Array.init)).map { .sideFile(of: $0) }
        }
        return nil
    }

    /// Word's owner file: `~$` before a name of up to six characters; in longer ones it replaces the first character
    /// (seven) or the first two, so `report-2026.docx` is open while `~$port-2026.docx` exists. [K]
    private static func wordOwnerName(for name: FileName) -> FileName? {
        guard isWordDocument(name), let text = name.utf8 else { return nil }
        let length = stem(name).count
        return length < 7 ? nil : FileName("~$" + text.dropFirst(length == 7 ? 1 : 2))
    }

    private static func isWordDocument(_ name: FileName) -> Bool {
        let lower = name.bytes.map(lowercased)
        return ([".doc", ".docx", ".docm", ".dot", ".dotx", ".dotm", ".rtf"] as [StaticString]).contains {
            lower.ends(with: $0)
        }
    }

    /// The name before its last dot, in characters as a person counts them.
    private static func stem(_ name: FileName) -> Substring {
        let text = name.utf8 ?? name.escaped
        return text.lastIndex(of: ".").map { text[..<$0] } ?? text[...]
    }

    // MARK: Beginnings, middles

    private static func affixes(_ lower: [UInt8]) -> NameVerdict? {
        if lower.last == UInt8(ascii: "#"), lower[0] == UInt8(ascii: "#"), lower.count > 2 {
            return .temporary(NameRule("#*#", "Emacs auto-save"))
        }
        if lower[0] == UInt8(ascii: "#"), lower.count > 1, lower.dropFirst().allSatisfy(isDigit) {
            return .noise(NameRule("#[0-9]*", "a nameless file of the kernel"))
        }
        for (prefix, verdict) in NameTable.beginnings where lower.starts(with: prefix) { return verdict }
        // What stands in the middle begins with a dot.
        for (at, byte) in lower.enumerated() where byte == UInt8(ascii: ".") && at > 0 {
            for (part, verdict) in NameTable.middles where lower[at...].starts(with: part) { return verdict }
        }
        return nil
    }
}

func lowercased(_ byte: UInt8) -> UInt8 { isUpper(byte) ? byte | 0x20 : byte }
func isUpper(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") }
func isLower(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z") }
func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

extension [UInt8] {
    func ends(with suffix: StaticString) -> Bool {
        count > suffix.utf8CodeUnitCount && suffix.withUTF8Buffer { self.suffix($0.count).elementsEqual($0) }
    }
}
