import Documents
import Foundation
import GRDB

extension RunRecord {
    /// In the order of `arguments` and of `init(row:)`.
    static let columns = """
        id, item, queue, job, name, name_bytes, attempt, state, reason, exit_code, signal, submitted_at, started_at, \
        finished_at, size, trigger_kind, correlation_id, instance, deployment
        """
    static let columnCount = 19

    var arguments: StatementArguments {
        StatementArguments(
            [
                runID.stored, itemID.stored, queue.databaseValue, job.databaseValue, name.databaseValue,
                name.utf8.elementsEqual(nameBytes) ? .null : Data(nameBytes).databaseValue,
                attempt.databaseValue, state.databaseValue, reason.stored, exitCode.stored, signal.stored,
                (submittedAt?.nanoseconds).stored, (startedAt?.nanoseconds).stored,
                finishedAt.nanoseconds.databaseValue,
                size.databaseValue, trigger.databaseValue, correlationID.stored, instance.databaseValue,
                deployment.stored,
            ] as [DatabaseValue])
    }

    /// Nil when the row is not one of ours; a value that is not of its kind must not end the program.
    init?(row: Row) {
        func value<Value: DatabaseValueConvertible>(_ index: Int) -> Value? {
            Value.fromDatabaseValue(row[index] as DatabaseValue)
        }
        func instant(_ index: Int) -> Instant? { (value(index) as Int64?).map(Instant.init(nanoseconds:)) }
        guard row.count == Self.columnCount, let runID = ItemID(stored: row[0]), let itemID = ItemID(stored: row[1]),
            let queue: String = value(2), let job: String = value(3), let name: String = value(4),
            let attempt: Int = value(6), let state: String = value(7), let finishedAt = instant(13),
            let size: Int64 = value(14), let trigger: String = value(15), let instance: String = value(17)
        else { return nil }
        self.init(
            runID: runID, itemID: itemID, queue: queue, job: job, name: name,
            nameBytes: (value(5) as Data?).map(Array.init) ?? Array(name.utf8), attempt: attempt, state: state,
            reason: value(8), exitCode: value(9), signal: value(10), submittedAt: instant(11), startedAt: instant(12),
            finishedAt: finishedAt, size: size, trigger: trigger, correlationID: value(16), instance: instance,
            deployment: value(18))
    }
}

extension ItemID {
    /// The 16 bytes, most significant first, so that ids sort in the file as they do in memory.
    var stored: DatabaseValue {
        withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { Data($0) }.databaseValue
    }

    init?(stored: DatabaseValue) {
        guard let data = Data.fromDatabaseValue(stored), data.count == 16 else { return nil }
        func half(_ bytes: Data.SubSequence) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        self.init(high: half(data.prefix(8)), low: half(data.suffix(8)))
    }
}

extension Optional where Wrapped: DatabaseValueConvertible {
    fileprivate var stored: DatabaseValue { self?.databaseValue ?? .null }
}
