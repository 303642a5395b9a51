import Documents
import Files
import SystemPackage

/// Writes a run's output to its log, line by line, with time and level (contract §5):
///
///     [2026-11-23T18:25:02.123Z > 3f9c2a: INFO] text        standard output
///     [2026-11-23T18:25:02.123Z > 3f9c2a: ERR ] text        standard error
///     [2026-11-23T18:25:02.123Z > 3f9c2a: SYS INFO] text    Bobbin
///
/// the form of the WebJobs logs with an ISO time. Bytes that are not UTF-8 and control characters are written escaped;
/// a line longer than `lineLimit` is cut into several; one without an end is written when the run ends. Memory is
/// bounded by the line limit, a file by `sizeLimit`, behind which only the last lines are kept; a rolled log bounds
/// itself. A disk that cannot take the log never holds up the run.
struct LineLog {
    enum Level: String {
        case output = "INFO"
        case error = "ERR "
        case system = "SYS INFO"
        case systemError = "SYS ERR "
    }

    /// Bytes.
    static let lineLimit = 8 * 1024
    /// Bytes one run may add, before only its end is kept.
    static let sizeLimit = 10 * 1024 * 1024
    /// Bytes of the end that are kept.
    static let tailLimit = 64 * 1024
    /// Bytes of standard error that the status shows.
    static let errorLimit = 4 * 1024

    private let site: Folder
    private let log: Script.Log
    private let tag: String
    private let clocks: Clocks
    private var file: OpenFile?
    private var pending: [UInt8] = []
    private var partial: [Level: [UInt8]] = [:]
    private var written = 0
    private var tail: [UInt8] = []
    private var skipped = 0
    private var hasFailed = false
    private(set) var errorTail: [UInt8] = []
    /// Whether the item's file has got anything.
    var isBegun: Bool { file != nil }

    init(_ script: Script, clocks: Clocks) {
        site = script.site
        log = script.log
        tag =
            switch script.log {
            case .file: Self.tag(of: script.run)
            case .rolled(let log): log.tag
            }
        self.clocks = clocks
    }

    /// The last digits of an id are random; its first tell the time, and would be the same for neighbours.
    static func tag(of id: ItemID) -> String { String(id.description.suffix(6)) }

    mutating func append(_ bytes: ArraySlice<UInt8>, _ level: Level) {
        if level == .error {
            errorTail += bytes.suffix(Self.errorLimit)
            if errorTail.count > Self.errorLimit { errorTail.removeFirst(errorTail.count - Self.errorLimit) }
        }
        var rest = bytes
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            add(rest[..<end], level, ends: true)
            rest = rest[rest.index(after: end)...]
        }
        if !rest.isEmpty { add(rest, level, ends: false) }
    }

    private mutating func add(_ piece: ArraySlice<UInt8>, _ level: Level, ends: Bool) {
        var line = partial.removeValue(forKey: level) ?? []
        line += piece
        while line.count > Self.lineLimit {
            // Not through the middle of a character.
            var cut = Self.lineLimit
            while cut > Self.lineLimit - 4, line[cut] & 0xC0 == 0x80 { cut -= 1 }
            write(Array(line[..<cut]), level)
            line.removeFirst(cut)
        }
        if ends {
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            write(line, level)
        } else {
            partial[level] = line
        }
    }

    mutating func system(_ text: String, isError: Bool = false) {
        write(Array(text.utf8), isError ? .systemError : .system)
    }

    private mutating func write(_ line: [UInt8], _ level: Level) {
        let text = form(line, level)
        guard case .file(_, let title) = log else {
            pending += text
            return
        }
        if written == 0, pending.isEmpty { pending += form(Array(title.utf8), .system) }
        // Once a line did not fit, no later one goes before it.
        guard tail.isEmpty, written + pending.count + text.count <= Self.sizeLimit else {
            tail += text
            if tail.count > 2 * Self.tailLimit {
                skipped += tail.count - Self.tailLimit
                tail.removeFirst(tail.count - Self.tailLimit)
            }
            return
        }
        pending += text
    }

    private func form(_ line: [UInt8], _ level: Level) -> [UInt8] { Self.form(line, level, tag: tag, at: clocks.now()) }

    static func form(_ line: [UInt8], _ level: Level, tag: String, at time: Instant) -> [UInt8] {
        Array("[\(time.rfc3339) > \(tag): \(level.rawValue)] \(printable(line))\n".utf8)
    }

    /// Tabs and backslashes stay as they are: a log shows what the script wrote, as far as that is text.
    private static func printable(_ line: [UInt8]) -> String {
        if line.allSatisfy({ ($0 >= 0x20 && $0 < 0x7F) || $0 == 0x09 }) { return String(decoding: line, as: UTF8.self) }
        return line.split(separator: UInt8(ascii: "\\"), omittingEmptySubsequences: false)
            .map { part in
                part.split(separator: 0x09, omittingEmptySubsequences: false).map { Escaped.text(Array($0)) }.joined(separator: "\t")
            }.joined(separator: "\\")
    }

    /// Hands what has gathered to the file system.
    mutating func flush() {
        guard !pending.isEmpty, !hasFailed else {
            pending = []
            return
        }
        switch log {
        case .rolled(let log): log.append(pending)
        case .file(let place, _): append(to: place)
        }
        pending = []
    }

    private mutating func append(to place: RelativePath) {
        do throws(FileError) {
            let open: OpenFile
            if let file { open = file } else { open = try site.append(to: place, mode: 0o640) }
            file = open
            written += pending.count
            try open.write(pending)
        } catch {
            hasFailed = error.code != .noSpace
        }
    }

    /// Writes what is left: lines without an end, and the end of an output that was too long.
    mutating func finish() {
        for level in [Level.output, .error] {
            if let line = partial.removeValue(forKey: level), !line.isEmpty { write(line, level) }
        }
        flush()
        guard !tail.isEmpty else { return }
        let cut = tail.count > Self.tailLimit ? tail.count - Self.tailLimit : 0
        skipped += cut
        pending += form(Array("the output is longer than \(Self.sizeLimit) bytes; \(skipped) bytes of it were not kept".utf8), .systemError)
        let kept = tail.dropFirst(cut)
        pending += skipped > 0 ? kept.drop { $0 != UInt8(ascii: "\n") }.dropFirst() : kept
        tail = []
        flush()
    }

    /// The end of standard error as a status shows it.
    var errorText: String {
        var text = errorTail[...]
        if text.count == Self.errorLimit { text = text.drop { $0 != UInt8(ascii: "\n") }.dropFirst() }
        let lines = (text.isEmpty ? errorTail[...] : text).split(separator: UInt8(ascii: "\n")).map { Self.printable(Array($0)) }
        // Escaped bytes take more room than they took before: what comes last counts.
        var shown: [UInt8] = []
        for line in lines.reversed() {
            let room = Self.errorLimit - shown.count - 1
            guard room > 0 else { break }
            var kept = Array(line.utf8)[...]
            if kept.count > room {
                kept = kept.suffix(room).drop { $0 & 0xC0 == 0x80 }
            }
            shown = Array(kept) + (shown.isEmpty ? [] : [UInt8(ascii: "\n")]) + shown
            if kept.count < line.utf8.count { break }
        }
        return String(decoding: shown, as: UTF8.self)
    }
}
