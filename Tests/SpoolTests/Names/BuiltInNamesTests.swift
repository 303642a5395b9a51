import Files
import Spool
import TestSupport
import Testing

@Suite struct BuiltInNamesTests {
    private func verdict(_ name: String) throws -> NameVerdict { BuiltInNames.verdict(try #require(FileName(name))) }

    /// Every row of reference/peers.md §5 that names a pattern, in its order.
    @Test(arguments: [
        ".report.csv.Xa81bQ", ".~tmp~", ".rsync-partial", ".syncthing.report.csv.tmp", ".stfolder", ".stversions",
        ".stignore",
        ".in.report.csv.", ".pureftpd-upload.5f3a", ".in.x", ".com.google.Chrome.a8Zk", ".sync", ".bts",
        ".report.csv.~1f", ".dropbox",
        ".dropbox.cache", ".~report.csv", ".azDownload-ab12-x", ".report.swp", ".report.swo", ".report.swx",
        ".report.swpx", ".#report",
        ".goutputstream-AB12CD", ".directory", ".tmpAb12", ".#report3f2a", ".nfs000000000042", ".fuse_hidden0000",
        ".smbdelete12",
        "._report.csv", ".DS_Store", ".Spotlight-V100", ".Trashes", ".fseventsd", ".localized", ".TemporaryItems",
        ".afpDeleted1",
        ".@__thumb", ".snapshot", ".zfs", ".Trash-1000", ".camel", ".flumespool", ".envelope",
    ])
    func dotName_isHidden(_ name: String) throws {
        #expect(try verdict(name) == .hidden)
    }

    @Test(arguments: [
        "film.mkv.a81f.partial", "~syncthing~film.mkv.tmp", "report.csv.filepart", "film.mkv.crdownload",
        "Unconfirmed 12345.crdownload",
        "film.mkv.part", "film.mkv.PART", "film.mkv.CrDownload", "page.download", "page.opdownload", "page.partial",
        "film.mkv.ytdl",
        "film.mp4.part-Frag12", "film.mp4.part-Frag12.part", "film.temp.mp4", "film.temp.MKV", "film.mkv.!ut",
        "film.mkv.!qB",
        "film.mkv.bc!", "film.mkv.!sync", "film.bts", "_UNPACK_film", "_FAILED_film", "incomplete",
        "x.ocTransferId12345.part",
        "x.ocTransferId99", "data.gstmp", "data_.gstmp", "data.bin.a1B2c3D4", "report.swp", "report.swo", "report.swx",
        "report.swpx",
        "4913", "report.txt~", "#report.txt#", "report.txt.kQwZpA", "sedA1b2C3", "XXa1B2c3", "tmp.Ab3dE6gH9j",
        "tmpa1b2c3d4", "lu1234abc.tmp",
        "~WRD0001.tmp", "01234567.tmp", "report.tmp", "report.temp", "report.new", "report.bak", "report.inprogress",
        "report.lock",
        "archive.gz.tmp", "conf.dpkg-new", "conf.dpkg-tmp", "conf.rpmnew", "tmp_obj_a1b2c3", "report.TMP", "index.lock",
    ])
    func inProgressName_isTemporary(_ name: String) throws {
        guard case .temporary = try verdict(name) else {
            Issue.record("\(name): \(try verdict(name))")
            return
        }
    }

    @Test(arguments: [
        "notes.sync-conflict-20260115-101500-ABCDEFG.txt", "#123456", "__MACOSX", "Thumbs.db", "THUMBS.DB",
        "desktop.ini",
        "report.pdf:Zone.Identifier", "$RECYCLE.BIN", "System Volume Information", "@eaDir", "#recycle", "#snapshot",
        "@tmp", "@Recycle",
        "lost+found", "report.csv.camelLock", "report.csv.PROCESSING", "report.csv.COMPLETED", "film.torrent.added",
        "report.csv.DONE",
        "00000000.lck",
    ])
    func desktopAndMarkerName_isNoise(_ name: String) throws {
        guard case .noise = try verdict(name) else {
            Issue.record("\(name): \(try verdict(name))")
            return
        }
    }

    @Test(
        arguments: [
            ("film.iso.aria2", "film.iso"), ("film.iso.lftp-pget-status", "film.iso"),
            (".~lock.table.ods#", "table.ods"),
            ("~$table.xlsx", "table.xlsx"), ("~$notes.docx", "notes.docx"), ("~$port-2026.docx", nil),
            ("base.laccdb", "base.accdb"),
        ] as [(String, String?)])
    func companion_isSideFileOfItsPartner(_ name: String, _ partner: String?) throws {
        #expect(try verdict(name) == .sideFile(of: partner.flatMap { FileName($0) }))
    }

    @Test func envelope_belongsToTheFileItIsNamedAfter() throws {
        #expect(try verdict("a.csv.envelope") == .envelope(of: FileName("a.csv")))
        #expect(try verdict("a.part.envelope") == .envelope(of: FileName("a.part")))
        #expect(try verdict("a.Envelope") == .item)
        #expect(try verdict("envelope") == .item)
    }

    @Test(arguments: [
        "report.pdf", "report.new.pdf", "tmp.csv", "temp.csv", "new", "part", "part-1.csv", "chapter.part1.rar",
        "room.temp.csv",
        "template.html", "backup.20260115", "access.log.20260115", "access.log.1", "app.config", "db.sqlite",
        "settings.backup",
        "data.parquet", "table.ipynb", "model.pickle", "main.3f2a9c1b.js", "IMG_0001.JPG",
        "Screenshot 2026-01-15 at 10.15.00.png",
        "invoice #42.pdf", "#hashtag.txt", "#", "~", "C#", "issue#12", "sedentary", "sediment", "sed", "tmpfile",
        "tmp_backups", "tmp_report",
        "XXLARGE1", "XXreport", "release.tar.gz", "lockfile", "lock.json", "package-lock.json", "done.csv", "download",
        "downloads.zip",
        "a", "-rf", "--help", "a b\tc\nd", "häßlich.txt", "日本語.txt", "🎉", "claimed", "status", "4914", "49130",
        "1700000000.M1P2.host",
        "msg.1700000000.V801", "order.json", "incomplete-orders.csv", "$HOME", "@home", "lost+found.txt", "notes.DOCX",
        "a.b.c.d",
        "trailing.", "trailing ", "under_score.tsv", "video.mp4", "report.final", "Report.Latest", "photo.orig",
        "x.diff", "x.patch", "x.envelopes",
    ])
    func plausibleRealName_isAnItem(_ name: String) throws {
        if name == "~" { return #expect(try !verdict(name).isItem) }
        #expect(try verdict(name) == .item)
    }

    @Test func nameThatIsNotUTF8_isAnItemUnlessItsEndSaysOtherwise() throws {
        #expect(BuiltInNames.verdict(try #require(FileName([0xFF, 0xFE]))) == .item)
        #expect(!BuiltInNames.verdict(try #require(FileName([0xFF] + Array(".part".utf8)))).isItem)
    }

    @Test func sideFileNames_areThoseThatHoldAFileBack() throws {
        func names(_ name: String, isEmpty: Bool = false) throws -> [String] {
            BuiltInNames.sideFileNames(for: try #require(FileName(name)), isEmpty: isEmpty).map(\.escaped)
        }
        #expect(try names("a.iso") == ["a.iso.aria2", "a.iso.lftp-pget-status", ".~lock.a.iso#", "~$a.iso"])
        #expect(try names("a.iso", isEmpty: true).last == "a.iso.part")
        #expect(try names("notes.docx").contains("~$notes.docx"))
        #expect(try names("notes12.docx").contains("~$otes12.docx"))
        #expect(try names("report-2026.docx").contains("~$port-2026.docx"))
        #expect(try names("base.accdb").contains("base.laccdb"))
    }

    @Test func sideFileNamesOfALongName_leaveOutThoseThatCannotExist() throws {
        let name = try #require(FileName(repeatElement(UInt8(ascii: "a"), count: 253)))
        #expect(BuiltInNames.sideFileNames(for: name, isEmpty: true).map(\.bytes.count) == [255])
    }

    @Test func everySideFileThatTellsItsPartner_isAmongThoseThatHoldThePartnerBack() throws {
        for text in [
            "film.iso.aria2", "x.lftp-pget-status", ".~lock.table.ods#", "~$table.xlsx", "~$notes.docx", "base.laccdb",
        ] {
            let side = try #require(FileName(text))
            guard case .sideFile(let partner?) = BuiltInNames.verdict(side) else {
                Issue.record("\(text) is no side file")
                continue
            }
            #expect(BuiltInNames.sideFileNames(for: partner).contains(side))
        }
    }

    @Test func random_neverCrashesAndHiddenIsAlwaysHidden() throws {
        for seed in UInt64(1)...20 {
            var dice = Dice(seed: seed)
            for _ in 0..<2000 {
                let bytes = (0..<Int.random(in: 1...12, using: &dice)).map { _ in
                    Bool.random(using: &dice)
                        ? UInt8.random(in: 1...255, using: &dice)
                        : Array(".~#$aXZ0part".utf8).randomElement(using: &dice)!
                }
                guard let name = FileName(bytes) else { continue }
                let verdict = BuiltInNames.verdict(name)
                #expect(!(bytes[0] == UInt8(ascii: ".") && verdict.isItem), "seed \(seed): \(name)")
                #expect((verdict.reason == nil) == verdict.isItem)
                _ = BuiltInNames.sideFileNames(for: name, isEmpty: true)
            }
        }
    }
}
