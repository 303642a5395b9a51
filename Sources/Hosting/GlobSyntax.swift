/// Whether a glob says what its author meant; matching is done elsewhere, by rules under which every text is a glob.
enum GlobSyntax {
    /// Not empty; no slash, for a name has none; each `[` closed; no `\` at the end.
    static func isSound(_ glob: String) -> Bool {
        let bytes = Array(glob.utf8)
        guard !bytes.isEmpty, !bytes.contains(UInt8(ascii: "/")) else { return false }
        var at = 0
        while at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: "\\"):
                at += 2
                if at > bytes.count { return false }
            case UInt8(ascii: "["):
                at += 1
                if at < bytes.count, bytes[at] == UInt8(ascii: "!") || bytes[at] == UInt8(ascii: "^") { at += 1 }
                // A `]` in the first place is one of the characters.
                if at < bytes.count, bytes[at] == UInt8(ascii: "]") { at += 1 }
                guard let end = bytes[min(at, bytes.count)...].firstIndex(of: UInt8(ascii: "]")) else { return false }
                at = end + 1
            default: at += 1
            }
        }
        return true
    }
}
