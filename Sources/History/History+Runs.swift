import Documents
import Files
import Foundation
import GRDB

extension History {
    // MARK: Writing

    /// Adds runs, or replaces what is known of them, in one transaction. About 10 µs for each in a batch of hundreds.
    package func record(_ runs: [RunRecord]) throws {
        guard !runs.isEmpty else { return }
        try write { database in
            let places = String(repeating: "?, ", count: RunRecord.columnCount - 1) + "?"
            let statement = try database.cachedStatement(
                sql: "INSERT OR REPLACE INTO run (\(RunRecord.columns)) VALUES (\(places))")
            for run in runs {
                statement.setUncheckedArguments(run.arguments)
                try statement.execute()
            }
        }
    }

    /// Removes what is over the limits of each queue; queues that are not named keep theirs. The answer is how many runs.
    @discardableResult
    package func prune(_ limits: [String: HistoryLimit]) throws -> Int {
        var removed = 0
        for (queue, limit) in limits.sorted(by: { $0.key < $1.key }) {
            if let cutoff = limit.cutoff {
                removed += try remove("queue = ? AND finished_at < ?", [queue, cutoff.nanoseconds])
            }
            if let count = limit.count {
                // In the order of the index `run_by_queue`, so that nothing is sorted.
                removed += try remove("queue = ? ORDER BY finished_at DESC, state DESC, id DESC", [queue], after: count)
            }
        }
        return removed
    }

    /// In portions, so that a writer does not wait for long.
    private func remove(_ condition: String, _ arguments: StatementArguments, after kept: Int = 0) throws -> Int {
        let portion = 2000
        var removed = 0
        var last = portion
        while last == portion {
            last = try write { database in
                try database.execute(
                    sql: "DELETE FROM run WHERE id IN (SELECT id FROM run WHERE \(condition) LIMIT \(portion) OFFSET \(kept))",
                    arguments: arguments)
                return database.changesCount
            }
            removed += last
        }
        return removed
    }

    // MARK: Reading

    /// Runs from the latest end to the earliest, of one queue or of all.
    ///
    /// - Parameters:
    ///   - limit: at most this many; none when it is not positive.
    ///   - before: only those that ended before; for the next page, the `finishedAt` of the last of this one.
    ///   - state: only those whose state is this word.
    ///   - name: only those of files of this name. Without a queue, every row may be looked at.
    package func runs(
        queue: String? = nil, limit: Int = 100, before: Instant? = nil, state: String? = nil, name: FileName? = nil
    ) throws -> [RunRecord] {
        var conditions: [String] = []
        var arguments: StatementArguments = []
        func require(_ condition: String, _ value: (any DatabaseValueConvertible)?) {
            guard let value else { return }
            conditions.append(condition)
            arguments += [value]
        }
        require("queue = ?", queue)
        require("finished_at < ?", before?.nanoseconds)
        require("state = ?", state)
        // Escaping gives different names different texts.
        require("name = ?", name?.escaped)
        let filter = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        return try fetch("\(filter) ORDER BY finished_at DESC LIMIT \(max(0, limit))", arguments)
    }

    package func run(id: ItemID) throws -> RunRecord? {
        try fetch("WHERE id = ?", [id.stored]).first
    }

    /// The runs of an item, from the first attempt to the last.
    package func items(itemID: ItemID) throws -> [RunRecord] {
        try fetch("WHERE item = ? ORDER BY finished_at, id", [itemID.stored])
    }

    /// Which of these items have a run on record; for rebuilding history from the folders.
    package func contains(itemIDs: [ItemID]) throws -> Set<ItemID> {
        try read { database in
            let statement = try database.cachedStatement(sql: "SELECT 1 FROM run WHERE item = ? LIMIT 1")
            return try Set(itemIDs.filter { try Row.fetchOne(statement, arguments: [$0.stored]) != nil })
        }
    }

    /// Counts, the usual duration and the latest end, of one queue or of all.
    package func statistics(queue: String? = nil) throws -> RunStatistics {
        let filter = queue == nil ? "" : "WHERE queue = ?"
        let arguments = StatementArguments(queue.map { [$0.databaseValue] } ?? [])
        return try read { database in
            var statistics = RunStatistics()
            let groups = try Row.fetchCursor(
                database, sql: "SELECT state, count(*), max(finished_at) FROM run \(filter) GROUP BY state",
                arguments: arguments)
            var last: Int64?
            while let row = try groups.next() {
                guard let state = String.fromDatabaseValue(row[0]), let count = Int.fromDatabaseValue(row[1]) else {
                    continue
                }
                statistics.counts[state] = count
                last = max(last ?? .min, Int64.fromDatabaseValue(row[2]) ?? .min)
            }
            statistics.lastFinishedAt = last.map(Instant.init(nanoseconds:))
            let started = filter.isEmpty ? "WHERE started_at IS NOT NULL" : "\(filter) AND started_at IS NOT NULL"
            let durations = try Int64.fetchAll(
                database,
                sql: """
                    SELECT finished_at - started_at AS took FROM
                        (SELECT started_at, finished_at FROM run \(started) ORDER BY finished_at DESC LIMIT 1000)
                    ORDER BY took
                    """, arguments: arguments)
            if !durations.isEmpty { statistics.medianDuration = .nanoseconds(max(0, durations[durations.count / 2])) }
            return statistics
        }
    }

    private func fetch(_ tail: String, _ arguments: StatementArguments) throws -> [RunRecord] {
        try read { database in
            let rows = try Row.fetchCursor(
                database, sql: "SELECT \(RunRecord.columns) FROM run \(tail)", arguments: arguments)
            var runs: [RunRecord] = []
            while let row = try rows.next() { if let run = RunRecord(row: row) { runs.append(run) } }
            return runs
        }
    }
}
