import Documents
import Files

/// The clock by which a file system stamps its files. On a network that is the server's, which may go wrong by hours; it
/// is asked by a probe file (reference/distributed.md §4).
struct FileSystemClock {
    private let clocks: Clocks
    /// nil = the file system uses this machine's clock.
    private let folder: Folder?
    private let probe: RelativePath
    private var ahead: Duration = .zero
    private var askedAt: Duration?

    /// How long an answer holds.
    private static let validity = Duration.seconds(60)

    init(clocks: Clocks, folder: Folder?, probe: RelativePath) {
        self.clocks = clocks
        self.folder = folder
        self.probe = probe
    }

    mutating func now() -> Instant {
        guard let folder else { return clocks.now() }
        if askedAt.map({ clocks.uptime() - $0 > Self.validity }) ?? true {
            askedAt = clocks.uptime()
            // Without an answer the last one holds: a full disk must not stop the clock.
            if let found = try? ask(folder) { ahead = found - clocks.now() }
        }
        return clocks.now() + ahead
    }

    private func ask(_ folder: Folder) throws(FileError) -> Instant? {
        try folder.remove(probe)
        let changed = try folder.create(probe).stamp().changed
        try folder.remove(probe)
        return changed
    }
}
