import GRDB

/// The form of the file. A change is a further migration; one that was published is never edited.
enum HistorySchema {
    static let migrator: DatabaseMigrator = {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: runs") { database in
            // Ids are the 16 bytes of UUIDs of version 7, which grow: rows are appended, not inserted. Times are
            // nanoseconds since 1970 (UTC). name_bytes is NULL where the name is its own escaped form.
            try database.execute(
                sql: """
                    CREATE TABLE run (
                        id BLOB PRIMARY KEY NOT NULL,
                        item BLOB NOT NULL,
                        queue TEXT NOT NULL,
                        job TEXT NOT NULL,
                        name TEXT NOT NULL,
                        name_bytes BLOB,
                        attempt INTEGER NOT NULL,
                        state TEXT NOT NULL,
                        reason TEXT,
                        exit_code INTEGER,
                        signal INTEGER,
                        submitted_at INTEGER,
                        started_at INTEGER,
                        finished_at INTEGER NOT NULL,
                        size INTEGER NOT NULL,
                        trigger_kind TEXT NOT NULL,
                        correlation_id TEXT,
                        instance TEXT NOT NULL,
                        deployment TEXT
                    ) STRICT, WITHOUT ROWID;
                    CREATE INDEX run_by_item ON run (item);
                    CREATE INDEX run_by_time ON run (finished_at);
                    CREATE INDEX run_by_queue ON run (queue, finished_at, state);
                    -- For people with the sqlite3 command: SELECT * FROM history ORDER BY finished DESC LIMIT 20;
                    CREATE VIEW history AS SELECT
                        strftime('%Y-%m-%dT%H:%M:%fZ', finished_at / 1e9, 'unixepoch') AS finished,
                        queue, name, job, state, reason, exit_code, signal, attempt,
                        round((finished_at - started_at) / 1e9, 3) AS seconds,
                        lower(substr(hex(item), 1, 8) || '-' || substr(hex(item), 9, 4) || '-' || substr(hex(item), 13, 4)
                            || '-' || substr(hex(item), 17, 4) || '-' || substr(hex(item), 21)) AS item
                    FROM run;
                    """)
        }
        return migrator
    }()
}
