import Files

/// The names a job takes: the built-in list, changed by its settings `patterns` and `ignore` (contract §4).
///
/// Hidden names and envelopes come first and cannot be changed. Then `ignore` is read like a .gitignore: the last
/// entry that matches decides, a plain one ignores, one that begins with `!` opens – also what the built-in list
/// holds, so `"!*.new"` takes `report.new`, and no longer waits for a side file of that name. Entries that open match
/// without regard to case, as the built-in list does; all other globs take case as it is. Where no entry matches, the
/// built-in list decides. What is left must match one of `patterns`, if there are any.
package struct NameFilter: Sendable, Equatable {
    private struct Entry: Sendable, Equatable {
        let text: String
        let glob: Glob
        let opens: Bool

        init(_ text: String) {
            self.text = text
            opens = text.hasPrefix("!")
            glob = Glob(opens ? String(decoding: text.utf8.dropFirst().map(lowercased), as: UTF8.self) : text)
        }
    }

    private let patterns: [Glob]
    private let entries: [Entry]

    /// Takes every name that the built-in list does not hold.
    package static let standard = NameFilter()

    package init(patterns: [String] = [], ignore: [String] = []) {
        self.patterns = patterns.map(Glob.init)
        entries = ignore.map(Entry.init)
    }

    package func verdict(_ name: FileName) -> NameVerdict {
        let builtIn = BuiltInNames.verdict(name)
        if patterns.isEmpty && entries.isEmpty { return builtIn }
        let isFixed =
            switch builtIn {
            case .hidden, .envelope: true
            case .sideFile: name.hasPrefix(".")
            case .item, .temporary, .noise, .ignored, .unmatched: false
            }
        // What a schedule drops is no file that `patterns` could be about.
        if isFixed || OwnName.isOwn(name) { return builtIn }
        if let entry = entry(for: name) {
            if !entry.opens { return .ignored(by: entry.text) }
        } else if !builtIn.isItem {
            return builtIn
        }
        if patterns.isEmpty { return .item }
        let characters = Glob.Characters(name.bytes)
        return patterns.contains { $0.matches(characters) } ? .item : .unmatched
    }

    private func entry(for name: FileName) -> Entry? {
        if entries.isEmpty { return nil }
        let exact = Glob.Characters(name.bytes)
        let lower = Glob.Characters(name.bytes.map(lowercased))
        return entries.last { $0.glob.matches($0.opens ? lower : exact) }
    }

    /// The names whose existence beside `name` holds it back; see `BuiltInNames.sideFileNames`.
    package func sideFileNames(for name: FileName, isEmpty: Bool = false) -> [FileName] {
        let names = BuiltInNames.sideFileNames(for: name, isEmpty: isEmpty)
        if entries.isEmpty { return names }
        return names.filter { side in
            side.hasPrefix(".") || !(entry(for: side)?.opens ?? false)
        }
    }
}
