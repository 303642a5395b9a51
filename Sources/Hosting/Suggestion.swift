/// "Did you mean": the known word nearest to one that somebody typed.
enum Suggestion {
    /// The word of `known` with the fewest typing errors to `word`, without regard to case, `_` and `-`; nil when
    /// even that one is too far to be meant (more than a third of the letters differ).
    static func nearest(to word: String, among known: [String]) -> String? {
        let typed = bare(word)
        guard typed.count <= 64 else { return nil }
        let ranked = known.map { (word: $0, distance: distance(typed, bare($0))) }
        guard let best = ranked.min(by: { $0.distance < $1.distance }),
            best.distance <= max(1, bare(best.word).count / 3)
        else { return nil }
        return best.word
    }

    private static func bare(_ word: String) -> [Character] {
        word.lowercased().filter { $0 != "_" && $0 != "-" && $0 != " " }
    }

    /// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other (the restricted
    /// Damerau-Levenshtein distance).
    static func distance(_ left: [Character], _ right: [Character]) -> Int {
        var rows = [Array(0...right.count)]
        for (row, character) in left.enumerated() {
            var line = [row + 1]
            for (column, other) in right.enumerated() {
                var cost = min(
                    rows[row][column] + (character == other ? 0 : 1), rows[row][column + 1] + 1, line[column] + 1)
                if row > 0, column > 0, character == right[column - 1], left[row - 1] == other {
                    cost = min(cost, rows[row - 1][column - 1] + 1)
                }
                line.append(cost)
            }
            rows.append(line)
        }
        return rows[left.count][right.count]
    }
}
