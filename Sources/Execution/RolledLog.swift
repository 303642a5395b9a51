import Documents
import Files
import Synchronization
import SystemPackage

/// The log of a job that runs for ever: `job_log.txt`, and its predecessors `job_log_1.txt` (the youngest) to
/// `job_log_9.txt`, about 1 MiB each. What is oldest goes; nothing is cut off in the middle. Several orchestrators may
/// write to one.
///
/// A disk that cannot take a line never holds up the job: the line is dropped, and how many were is said later.
package final class RolledLog: Sendable {
    package static let place = RelativePath("job_log.txt")
    /// Bytes after which the next line begins a new file.
    static let sizeLimit: UInt64 = 1 << 20
    /// Files, with the newest.
    static let count = 10

    /// Tells the lines of one instance from those of others.
    let tag: String
    private let folder: Folder
    private let clocks: Clocks
    private let state = Mutex(State())

    private struct State {
        var file: OpenFile?
        var dropped = 0
        var why: Errno?
    }

    package init(in folder: Folder, instance: ItemID, clocks: Clocks) {
        self.folder = folder
        self.clocks = clocks
        tag = LineLog.tag(of: instance)
    }

    /// A line of Bobbin's own.
    package func system(_ text: String, isError: Bool = false) {
        append(form(text, isError ? .systemError : .system))
    }

    private func form(_ text: String, _ level: LineLog.Level) -> [UInt8] {
        LineLog.form(Array(text.utf8), level, tag: tag, at: clocks.now())
    }

    /// Appends whole lines.
    func append(_ lines: [UInt8]) {
        state.withLock { state in
            do throws(FileError) {
                let file = try open(&state)
                if let why = state.why {
                    // A line may have been written in part.
                    try file.write(Array("\n".utf8) + form("\(state.dropped) lines could not be written: \(why)", .systemError))
                    state.why = nil
                    state.dropped = 0
                }
                try file.write(lines)
            } catch {
                state.dropped += lines.count { $0 == UInt8(ascii: "\n") }
                state.why = error.code
            }
        }
    }

    /// The file to write to: another when it was rolled, by whomever, or removed.
    private func open(_ state: inout State) throws(FileError) -> OpenFile {
        if let there = try folder.stamp(Self.place) {
            if there.size >= Self.sizeLimit {
                try roll()
            } else if let file = state.file, try file.stamp().isSameFile(as: there) {
                return file
            }
        }
        let file = try folder.append(to: Self.place, mode: 0o640)
        state.file = file
        return file
    }

    private func roll() throws(FileError) {
        // Somebody else is about it: one file gets a little longer.
        guard try folder.file.tryLock() else { return }
        defer { folder.file.unlock() }
        guard let there = try folder.stamp(Self.place), there.size >= Self.sizeLimit else { return }
        for index in (1..<Self.count - 1).reversed() {
            _ = try folder.replace(Self.predecessor(index), to: folder, as: Self.predecessor(index + 1))
        }
        _ = try folder.replace(Self.place, to: folder, as: Self.predecessor(1))
    }

    private static func predecessor(_ index: Int) -> RelativePath {
        RelativePath(FileName("job_log_\(index).txt") ?? FileName("job_log_0.txt" as StaticString))
    }

    /// All there is, the oldest first: to read it as one.
    package static var places: [RelativePath] { (1..<count).reversed().map(predecessor) + [place] }
}
