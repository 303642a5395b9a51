import Documents
import Glibc

/// Standard output and error, with colours on a terminal only (and not with NO_COLOR, https://no-color.org).
enum Terminal {
    static let isInteractive = isatty(STDOUT_FILENO) == 1
    private static let hasColours =
        isInteractive && getenv("NO_COLOR") == nil && getenv("TERM").map { String(cString: $0) } != "dumb"

    enum Colour: String {
        case red = "31"
        case green = "32"
        case yellow = "33"
        case blue = "34"
        case grey = "90"
        case bold = "1"
    }

    static func paint(_ text: String, _ colour: Colour) -> String {
        hasColours ? "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m" : text
    }

    static func say(_ text: String) { write(STDOUT_FILENO, text + "\n") }

    static func complain(_ text: String, _ priority: String = Priority.warning) {
        if isJournal { journal(priority, text) } else { write(STDERR_FILENO, text + "\n") }
    }

    /// Whether standard error is the journal of systemd (systemd.exec(5), JOURNAL_STREAM).
    static let isJournal: Bool = {
        var stamp = stat()
        guard let stream = getenv("JOURNAL_STREAM"), fstat(STDERR_FILENO, &stamp) == 0 else { return false }
        return String(cString: stream) == "\(stamp.st_dev):\(stamp.st_ino)"
    }()

    /// Each line of a text with its priority.
    static func journal(_ priority: String, _ text: some StringProtocol) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        write(STDERR_FILENO, lines.map { priority + $0 + "\n" }.joined())
    }

    /// One line that the next call replaces; nothing where lines cannot be replaced.
    static func progress(_ text: String) {
        if isInteractive { write(STDOUT_FILENO, "\r\u{1B}[K\(text)") }
    }

    static func endProgress() {
        if isInteractive { write(STDOUT_FILENO, "\r\u{1B}[K") }
    }

    static func write(_ descriptor: Int32, _ text: String) { write(descriptor, bytes: Array(text.utf8)) }

    static func write(_ descriptor: Int32, bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            // A reader that has gone (`bobbin jobs | head`) is no error.
            if count < 0 && errno != EINTR { return }
            rest = rest.dropFirst(max(count, 0))
        }
    }

    /// The answer of a command in JSON.
    static func say(_ answer: JSON) { write(STDOUT_FILENO, bytes: answer.prettyBytes) }

    /// Rows with aligned columns; the first row is the heading.
    static func table(_ rows: [[String]]) -> String {
        guard let columns = rows.first?.count else { return "" }
        let widths = (0..<columns).map { column in rows.map { width($0[column]) }.max() ?? 0 }
        return rows.enumerated().map { index, row in
            let cells = row.enumerated().map { column, cell in
                column == columns - 1 ? cell : cell + String(repeating: " ", count: widths[column] - width(cell))
            }
            let line = cells.joined(separator: "  ")
            return index == 0 ? paint(line, .bold) : line
        }.joined(separator: "\n")
    }

    /// Characters shown, without colour codes.
    private static func width(_ text: String) -> Int {
        var count = 0
        var isCode = false
        for character in text {
            if character == "\u{1B}" { isCode = true } else if isCode { isCode = character != "m" } else { count += 1 }
        }
        return count
    }
}
