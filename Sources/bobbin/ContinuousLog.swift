import Documents
import Engine
import Execution
import Files
import Spool

/// The log of a continuous job, read as one though it is rolled.
struct ContinuousLog {
    private let folder: Folder

    /// nil when it has never run.
    init?(_ name: FileName, _ layout: Layout) {
        guard let folder = try? Folder.open(layout.continuousData(name)) else { return nil }
        self.folder = folder
    }

    var path: String { folder.path.appending(RolledLog.place).escaped }

    /// The last lines, or all that there are; the oldest first.
    func lines(last limit: Int?) throws -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        for place in RolledLog.places.reversed() {
            guard let bytes = try folder.read(place, limit: 16 << 20) else { continue }
            lines = bytes.split(separator: UInt8(ascii: "\n")) + lines
            if let limit, lines.count >= limit { return Array(lines.suffix(limit)) }
        }
        return lines
    }

    /// Goes on with what comes, until the command is interrupted.
    func follow(_ take: ([UInt8]) -> Void) async throws {
        var file = try? folder.open(RolledLog.place)
        var position = try file.map { Int(clamping: try $0.stamp().size) } ?? 0
        while true {
            if let open = file {
                while case let chunk = try open.read(at: position, count: 64 * 1024), !chunk.isEmpty {
                    take(chunk)
                    position += chunk.count
                }
            }
            // Rolled: what is there now begins anew, once the old one has been read to its end.
            if let there = try folder.stamp(RolledLog.place), try file?.stamp().isSameFile(as: there) != true {
                file = try? folder.open(RolledLog.place)
                position = 0
                continue
            }
            try await Task.sleep(for: .milliseconds(200))
        }
    }
}
