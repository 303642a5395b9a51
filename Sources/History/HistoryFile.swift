import Documents
import Files
import GRDB
import SystemPackage

/// The file itself: opened, judged, put aside.
enum HistoryFile {
    /// Files that SQLite keeps beside the first (sqlite.org/tempfiles.html); they belong to it and move with it.
    private static let companions: [StaticString] = ["-wal", "-shm", "-journal"]
    /// How long to wait for another program that writes.
    private static let busyTimeout: Double = 5

    static func connect(_ path: FilePath, readOnly: Bool) throws -> DatabaseQueue {
        try prepare(path, readOnly: readOnly)
        return try translating(path, "open") {
            let configuration = configuration(readOnly: readOnly)
            let queue: DatabaseQueue
            if let text = String(validating: path.bytes, as: UTF8.self) {
                queue = try DatabaseQueue(path: text, configuration: configuration)
            } else {
                // GRDB takes text; a path that is none is reached through its folder, whose link SQLite resolves.
                guard let name = path.name?.utf8 else { throw FileError(.open, path.escaped, .illegalByteSequence) }
                let folder = try Folder.open(path.parent)
                queue = try withExtendedLifetime(folder) {
                    try DatabaseQueue(path: "/proc/self/fd/\(folder.descriptor)/\(name)", configuration: configuration)
                }
            }
            if readOnly {
                if try queue.read(HistorySchema.migrator.hasBeenSuperseded) { throw newer(path) }
                // An older form, or none: its writer has not come to it yet, and there is nothing to read.
                guard try queue.read(HistorySchema.migrator.hasCompletedMigrations) else {
                    throw HistoryError(.missing, path, "nothing has been written to it yet")
                }
            } else {
                if try queue.read(HistorySchema.migrator.hasBeenSuperseded) { throw newer(path) }
                try HistorySchema.migrator.migrate(queue)
            }
            return queue
        }
    }

    private static func newer(_ path: FilePath) -> HistoryError {
        HistoryError(.newer, path, "its form is unknown to this version")
    }

    /// Makes the file private before SQLite writes to it; its companions take over the mode.
    private static func prepare(_ path: FilePath, readOnly: Bool) throws(HistoryError) {
        guard let name = path.name else { throw HistoryError(.refused, path, "the path names no file") }
        let place = RelativePath(name)
        do throws(FileError) {
            let folder = try Folder.open(path.parent)
            if readOnly {
                guard try folder.stamp(place) != nil else {
                    throw FileError(.open, path.escaped, .noSuchFileOrDirectory)
                }
                _ = try folder.open(place)
                return
            }
            let file = try folder.append(to: place, mode: 0o600)
            let stamp = try file.stamp()
            guard stamp.kind == .file else { throw FileError(.open, path.escaped, .invalidArgument) }
            if stamp.permissions & 0o077 != 0 { try folder.setMode(place, 0o600) }
        } catch {
            if error.isMissing { throw HistoryError(.missing, path, error.description) }
            throw HistoryError(error.isShortage ? .shortage : .refused, path, error.description)
        }
    }

    private static func configuration(readOnly: Bool) -> Configuration {
        var configuration = Configuration()
        configuration.label = "bobbin.history"
        configuration.readonly = readOnly
        configuration.busyMode = .timeout(busyTimeout)
        configuration.prepareDatabase { database in
            // Few rows are looked at twice: 256 KiB of pages instead of 2 MiB.
            try database.execute(sql: "PRAGMA cache_size = -256")
            guard !readOnly else { return }
            // Readers do not wait for the writer, and a power cut loses the last seconds of history, never the file.
            try database.execute(sql: "PRAGMA journal_mode = WAL")
            try database.execute(sql: "PRAGMA synchronous = NORMAL")
        }
        return configuration
    }

    /// Renames the file, with what belongs to it; the answer is its new name.
    static func putAside(_ path: FilePath, at now: Instant) throws -> FileName {
        guard let name = path.name else { throw HistoryError(.refused, path, "the path names no file") }
        do throws(FileError) {
            let folder = try Folder.open(path.parent)
            // The time to the second, and a number if that is taken.
            let second = now.rfc3339.prefix(19).filter { $0 != ":" }
            for attempt in 1..<1000 {
                let suffix = attempt == 1 ? "" : "-\(attempt)"
                guard let aside = FileName(name.bytes + Array(".damaged-\(second)Z\(suffix)".utf8)) else { break }
                guard try folder.move(RelativePath(name), to: folder, as: RelativePath(aside)) != .taken else {
                    continue
                }
                for companion in companions {
                    guard let from = name.wrapped(after: companion), let to = aside.wrapped(after: companion) else {
                        continue
                    }
                    try folder.replace(RelativePath(from), to: folder, as: RelativePath(to))
                }
                return aside
            }
            throw FileError(.move, path.escaped, .fileExists)
        } catch {
            throw HistoryError(error.isShortage ? .shortage : .refused, path, error.description)
        }
    }

    /// Runs `body`, and says what SQLite said in our words.
    static func translating<Value>(_ path: FilePath, _ attempt: String, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as HistoryError {
            throw error
        } catch let error as FileError {
            throw HistoryError(error.isShortage ? .shortage : .refused, path, error.description)
        } catch let error as DatabaseError {
            let code: HistoryError.Code =
                switch error.resultCode {
                case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_FORMAT, .SQLITE_MISMATCH: .damaged
                case .SQLITE_BUSY, .SQLITE_LOCKED: .busy
                case .SQLITE_FULL, .SQLITE_IOERR, .SQLITE_NOMEM: .shortage
                case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH: attempt == "open" ? .refused : .shortage
                case .SQLITE_READONLY: .refused
                // A table is missing or has other columns: not what we made.
                case .SQLITE_ERROR, .SQLITE_SCHEMA: .damaged
                default: .other
                }
            throw HistoryError(code, path, "\(error.resultCode.rawValue): \(error.message ?? "no text")")
        }
    }
}

extension FilePath {
    /// The folder that contains it.
    fileprivate var parent: FilePath {
        let above = removingLastComponent()
        return above.isEmpty ? "." : above
    }
}
