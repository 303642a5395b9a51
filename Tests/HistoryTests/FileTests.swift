import Documents
import Files
import GRDB
import SystemPackage
import Testing

@testable import History

@Suite("The file of history")
struct FileTests {
    let place: Place

    init() throws { place = try Place() }

    private func permissions(_ name: StaticString) throws -> UInt32? {
        try place.folder.stamp(RelativePath(name))?.permissions
    }

    @Test func itIsPrivate_withItsCompanions() throws {
        let history = try place.open()
        try history.record([.sample()])
        #expect(try permissions("history.sqlite") == 0o600)
        #expect(try permissions("history.sqlite-wal") == 0o600)
        #expect(try permissions("history.sqlite-shm") == 0o600)
        let mode = try history.read { try String.fetchOne($0, sql: "PRAGMA journal_mode") }
        #expect(mode == "wal")
    }

    @Test func anEmptyFileOfLooseMode_isTakenOver() throws {
        try place.put([], mode: 0o644)
        try place.open().record([.sample()])
        #expect(try permissions("history.sqlite") == 0o600)
        #expect(place.notices.isEmpty)
    }

    @Test func itStaysAcrossOpening() throws {
        try place.open().record([.sample()])
        #expect(try place.open().runs() == place.open(readOnly: true).runs())
        #expect(try place.open().runs().count == 1)
    }

    @Test(arguments: [
        Array("this is no database".utf8), [UInt8](repeating: 0xFF, count: 100_000),
        Array("SQLite format 3\0 but not".utf8),
    ])
    func aFileThatIsNoDatabase_isPutAside(_ bytes: [UInt8]) throws {
        try place.put(bytes)
        #expect(throws: HistoryError.self) { try place.open(readOnly: true) }
        #expect(place.notices.isEmpty)
        let history = try place.open()
        try history.record([.sample()])
        #expect(try history.runs().count == 1)
        let aside = try #require(try place.names.first { $0.contains(".damaged-2") })
        #expect(try place.folder.read(RelativePath(try #require(FileName(aside)))) == bytes)
        #expect(place.notices.count == 1)
        #expect(place.notices.first?.contains(aside) == true)
    }

    @Test func severalDamagedFiles_areAllKept() throws {
        for round in 1...3 {
            try place.put(Array("damaged \(round)".utf8))
            _ = try place.open()
            try place.folder.removeTree(RelativePath("history.sqlite"))
            _ = try place.folder.remove(RelativePath("history.sqlite-wal"))
            _ = try place.folder.remove(RelativePath("history.sqlite-shm"))
        }
        #expect(
            try place.names.count { $0.contains(".damaged-") && !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm") } == 3)
    }

    @Test func aFolderOfThatName_isPutAside() throws {
        try place.folder.makeFolder(RelativePath("history.sqlite"))
        try place.open().record([.sample()])
        #expect(place.notices.count == 1)
    }

    @Test func aTableOfAnotherForm_isPutAsideWhenItIsFound() throws {
        let history = try place.open()
        try history.write { try $0.execute(sql: "DROP TABLE run; CREATE TABLE run (other TEXT)") }
        try history.record([.sample()])
        #expect(try history.runs().count == 1)
        #expect(place.notices.count == 1)
        try history.record([.sample(1)])
        #expect(try history.runs().count == 2)
    }

    @Test func pagesOverwrittenUnderUs_arePutAside() throws {
        try place.open().record((0..<2000).map { .sample($0) })
        let bytes = try #require(try place.folder.read(RelativePath("history.sqlite"), limit: 1 << 24))
        try place.folder.removeTree(RelativePath("history.sqlite"))
        for companion in ["-wal", "-shm"] {
            _ = try place.folder.remove(RelativePath(try #require(FileName("history.sqlite" + companion))))
        }
        // The first page stays, so it opens; the rest is gone.
        try place.put(Array(bytes.prefix(4096)) + [UInt8](repeating: 0xAB, count: max(0, bytes.count - 4096)))
        let history = try place.open()
        try history.record([.sample()])
        #expect(try history.runs().count == 1)
        #expect(place.notices.count == 1)
    }

    @Test func aFileOfALaterBobbin_isPutAside() throws {
        try place.open().write {
            try $0.execute(sql: "INSERT INTO grdb_migrations (identifier) VALUES ('99: later')")
        }
        #expect(throws: HistoryError.self) { try place.open(readOnly: true) }
        _ = try place.open()
        #expect(place.notices.first?.contains("later version") == true)
    }

    @Test func readingWhatIsNotThere_makesNothing() throws {
        #expect { try place.open(readOnly: true) } throws: { ($0 as? HistoryError)?.code == .missing }
        #expect(try place.names.isEmpty)
        #expect { try History.open(place.folder.path.appending("no").appending("where")) } throws: {
            ($0 as? HistoryError)?.code == .missing
        }
    }

    @Test func aPathThatIsNoText() throws {
        let odd = try #require(FileName([0x64, 0xFF, 0x0A]))
        try place.folder.makeFolder(RelativePath(odd))
        let path = place.folder.path.appending(odd).appending("history.sqlite")
        try History.open(path).record([.sample()])
        let history = try History.open(path)
        #expect(try history.runs().count == 1)
        try history.record([.sample(1)])
        #expect(try place.folder.names(in: RelativePath(odd)).contains(FileName("history.sqlite-wal")!))
    }

    @Test func rowsOfStrangeValues_areSkipped() throws {
        let history = try place.open()
        try history.record([.sample()])
        try history.write {
            try $0.execute(
                sql: """
                    INSERT INTO run (id, item, queue, job, name, attempt, state, finished_at, size, trigger_kind, instance)
                    VALUES (x'00', x'', 'q', 'j', 'n', 1, 's', 1, 1, 't', 'i')
                    """)
        }
        #expect(try history.runs().count == 1)
    }

    @Test func peopleCanReadIt() throws {
        let history = try place.open()
        let run = RunRecord.sample(took: .milliseconds(1500))
        try history.record([run])
        let row = try #require(try history.read { try Row.fetchOne($0, sql: "SELECT * FROM history") })
        #expect(row["item"] == run.itemID.description)
        #expect(row["finished"] == run.finishedAt.rfc3339)
        #expect(row["seconds"] == 1.5)
    }
}
