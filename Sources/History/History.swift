// History: what happened, in SQLite.
//
// One row for each run that ended, in data/history.sqlite. Everything in it is derived from what lies in the folders
// (contract §2): deleting the file loses history, never work, so nothing waits for it, nothing is synced for it, and a
// damaged file is put aside for a new one. The orchestrator writes through `HistoryWriter`, which collects rows and
// never makes its caller wait; commands read through a `History` of their own.
//
// Read this file, then `RunRecord.swift`, `HistoryWriter.swift`.

import Documents
import Files
import GRDB
import Synchronization
import SystemPackage

/// The file of past runs. Every call blocks while it works: call it through `Offload`, or where waiting does no harm.
package final class History: Sendable {
    package let path: FilePath
    package let isReadOnly: Bool

    let connection: Mutex<DatabaseQueue>
    private let clocks: Clocks
    private let onNotice: @Sendable (String) -> Void

    /// Opens the file, making it when it is missing, with mode 0600.
    ///
    /// A file that cannot be read, is damaged, or was written by a later Bobbin is renamed to
    /// `history.sqlite.damaged-TIME`, said through `onNotice`, and started anew. Opened for reading only, nothing is
    /// changed, and all of that throws.
    ///
    /// - Throws: `HistoryError`.
    package static func open(
        _ path: FilePath, readOnly: Bool = false, clocks: Clocks = .system,
        onNotice: @escaping @Sendable (String) -> Void = { _ in }
    ) throws -> History {
        do {
            let queue = try HistoryFile.connect(path, readOnly: readOnly)
            return History(path, readOnly, queue, clocks, onNotice)
        } catch let error as HistoryError where error.code.isMendedByStartingAnew && !readOnly {
            let aside = try HistoryFile.putAside(path, at: clocks.now())
            onNotice(Self.notice(path, aside, error))
            return History(path, readOnly, try HistoryFile.connect(path, readOnly: false), clocks, onNotice)
        }
    }

    private init(
        _ path: FilePath, _ isReadOnly: Bool, _ queue: DatabaseQueue, _ clocks: Clocks,
        _ onNotice: @escaping @Sendable (String) -> Void
    ) {
        self.path = path
        self.isReadOnly = isReadOnly
        self.clocks = clocks
        self.onNotice = onNotice
        connection = Mutex(queue)
    }

    private static func notice(_ path: FilePath, _ aside: FileName, _ error: HistoryError) -> String {
        "\(error) It was renamed to \(aside.escaped) and history starts anew; no work is lost. "
            + "Mend: none is needed; remove the renamed file when nobody wants to look into it."
    }

    // MARK: Access

    /// Reads, with errors in our words.
    func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        let queue = connection.withLock { $0 }
        return try HistoryFile.translating(path, "read") { try queue.read(body) }
    }

    /// Writes in one transaction. A file found to be damaged only now is put aside, and the write is done in the new
    /// one.
    func write<Value>(_ body: (Database) throws -> Value) throws -> Value {
        guard !isReadOnly else { throw HistoryError(.readOnly, path, "it was opened for reading") }
        let queue = connection.withLock { $0 }
        do {
            return try HistoryFile.translating(path, "write") { try queue.write(body) }
        } catch let error as HistoryError where error.code == .damaged {
            let fresh = try startAnew(after: queue, because: error)
            return try HistoryFile.translating(path, "write") { try fresh.write(body) }
        }
    }

    private func startAnew(after damaged: DatabaseQueue, because error: HistoryError) throws -> DatabaseQueue {
        let (fresh, aside) = try connection.withLock { queue -> (DatabaseQueue, FileName?) in
            // Another thread was faster.
            guard queue === damaged else { return (queue, nil) }
            let aside = try HistoryFile.putAside(path, at: clocks.now())
            queue = try HistoryFile.connect(path, readOnly: false)
            return (queue, aside)
        }
        if let aside { onNotice(Self.notice(path, aside, error)) }
        return fresh
    }
}
