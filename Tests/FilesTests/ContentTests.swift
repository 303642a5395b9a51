import Documents
import Glibc
import SystemPackage
import Testing

@testable import Files

@Suite struct ContentTests {
    @Test func replace_putsTheNewInPlaceOfTheOld() throws {
        let scratch = try Scratch()
        try scratch.folder.replace("a", with: Array("one".utf8), mode: 0o640)
        try scratch.folder.replace("a", with: Array("two".utf8), mode: 0o640)
        #expect(try scratch.read("a") == "two")
        #expect(try scratch.names == ["a"])
    }

    @Test func replace_takesOverTheTemporaryNameOfACrash() throws {
        let scratch = try Scratch()
        try scratch.write("torn", ".a.new")
        try scratch.folder.replace("a", with: Array("whole".utf8))
        #expect(try scratch.names == ["a"])
        #expect(try scratch.read("a") == "whole")
    }

    @Test(
        "a replacement that fails leaves the old content and no temporary name",
        arguments: [FileOperation.create, .write, .move], [Errno.noSpace, .ioError, .permissionDenied])
    func replace_thatFails(_ operation: FileOperation, _ code: Errno) throws {
        let scratch = try Scratch()
        try scratch.write("old", "a")
        // The first call of the operation fails; cleaning up behind it may call it again.
        Faults.$plan.withValue(Fault(operation, code, turn: 1).plan) {
            #expect(throws: FileError.self) {
                try scratch.folder.replace("a", with: Array("new".utf8))
            }
        }
        #expect(try scratch.names == ["a"])
        #expect(try scratch.read("a") == "old")
    }

    @Test func write_toANameThatIsTaken_changesNothing() throws {
        let scratch = try Scratch()
        try scratch.write("old", "a")
        #expect(throws: FileError.self) { try scratch.write("new", "a") }
        #expect(try scratch.read("a") == "old")
    }

    @Test func read_isBoundedAndNilForNothing() throws {
        let scratch = try Scratch()
        try scratch.folder.write(Array(repeating: 7, count: 200_000), toNew: "big")
        #expect(try scratch.folder.read("big", limit: 70_000)?.count == 70_000)
        #expect(try scratch.folder.read("big")?.count == 200_000)
        #expect(try scratch.folder.read("none") == nil)
    }

    @Test(.timeLimit(.minutes(1))) func open_neverFollowsALinkNorWaitsForAPipe() throws {
        let scratch = try Scratch()
        try scratch.write("x", "file")
        try #require(symlink("file", "\(scratch.path)/link") == 0)
        try #require(mkfifo("\(scratch.path)/pipe", 0o600) == 0)
        #expect(throws: FileError(.open, "\(scratch.path)/link", .tooManySymbolicLinkLevels)) { try scratch.folder.open("link") }
        #expect(try scratch.folder.open("pipe").stamp().kind == .pipe)
        #expect(throws: FileError.self) { try scratch.folder.create("link") }
        #expect(throws: FileError.self) { try scratch.folder.append(to: "link") }
    }

    @Test func append_addsToTheEnd() throws {
        let scratch = try Scratch()
        for text in ["one ", "two "] { try scratch.folder.append(to: "log").write(Array(text.utf8)) }
        #expect(try scratch.read("log") == "one two ")
    }

    @Test func listing_streamsEveryNameOnce() throws {
        let scratch = try Scratch()
        for number in 0..<1000 { try scratch.folder.write([], toNew: RelativePath(FileName.of("f\(number)"))) }
        try scratch.folder.makeFolder("folder")
        let listing = try scratch.folder.listing()
        var seen: Set<FileName> = []
        var count = 0
        while let entry = try listing.next() {
            seen.insert(entry.name)
            count += 1
            #expect(entry.mayBeFolder || entry.mayBeFile)
        }
        #expect(count == 1001)
        #expect(seen.count == 1001)
        #expect(try listing.next() == nil)
        #expect(throws: FileError.self) {
            try Faults.$plan.withValue(Fault(.list, .ioError).plan) { try scratch.folder.names() }
        }
    }

    @Test func hasEntries_isTrueForAnything_alsoHiddenNames() throws {
        let scratch = try Scratch()
        try scratch.folder.makeFolder("inner")
        let inner = try scratch.folder.folder("inner")
        #expect(try !inner.hasEntries())
        #expect(try scratch.folder.isEmpty("inner"))
        #expect(try scratch.folder.isEmpty("none"))
        try inner.write([], toNew: ".hidden")
        #expect(try inner.hasEntries())
        #expect(try inner.hasEntries())
        try inner.remove(".hidden")
        #expect(try !inner.hasEntries())
        try inner.write([], toNew: RelativePath(#require(FileName(Array(repeating: 0x2E, count: 3)))))
        #expect(try inner.hasEntries())
        #expect(try !scratch.folder.isEmpty("inner"))
    }

    @Test func isStillAtPath_isFalseAfterARenameAReplacementAndARemoval() throws {
        let scratch = try Scratch()
        try scratch.folder.makeFolder("q")
        let queue = try scratch.folder.folder("q")
        #expect(queue.isStillAtPath())
        #expect(try scratch.folder.move("q", to: scratch.folder, as: "moved") == .moved)
        #expect(!queue.isStillAtPath())
        try scratch.folder.makeFolder("q")
        #expect(!queue.isStillAtPath())
        try scratch.folder.removeTree("q")
        #expect(try scratch.folder.move("moved", to: scratch.folder, as: "q") == .moved)
        #expect(queue.isStillAtPath())
        try scratch.folder.removeTree("q")
        #expect(!queue.isStillAtPath())
    }

    @Test func folder_throughALink_isRefused() throws {
        let scratch = try Scratch()
        try scratch.folder.makeFolder("real")
        try #require(symlink("real", "\(scratch.path)/link") == 0)
        #expect(throws: FileError.self) { try scratch.folder.folder("link") }
        #expect(throws: FileError.self) { try Folder.open(scratch.path.appending("link"), followingLink: false) }
    }

    @Test func make_makesAllThatIsMissing() throws {
        let scratch = try Scratch()
        let made = try Folder.make(scratch.path.appending("a").appending("b").appending("c"), mode: 0o755)
        #expect(made.isStillAtPath())
        _ = try Folder.make(scratch.path.appending("a").appending("b").appending("c"), mode: 0o755)
        try scratch.write("x", "file")
        #expect(throws: FileError.self) { try Folder.make(scratch.path.appending("file").appending("below"), mode: 0o755) }
    }

    @Test func stamp_tellsKindsAndChanges() throws {
        let scratch = try Scratch()
        try scratch.write("x", "file")
        let first = try #require(try scratch.folder.stamp("file"))
        #expect(first.kind == .file && first.size == 1)
        try scratch.folder.setMode("file", 0o644)
        try scratch.folder.append(to: "file").write([1])
        let second = try #require(try scratch.folder.stamp("file"))
        #expect(second.isSameFile(as: first) && !second.isUnchanged(since: first))
        #expect(try scratch.folder.stamp("none") == nil)
        #expect(try scratch.folder.stamp(RelativePath("file") / "below") == nil)
        #expect(try scratch.folder.open("file").stamp() == second)
    }

    @Test func error_saysWhatWasAttemptedOnWhatAndWhy() {
        let error = FileError(.open, "/a\\nb", .noSuchFileOrDirectory)
        #expect(error.description.hasPrefix("could not open /a\\nb: "))
        #expect(error.description.contains("errno 2"))
        #expect(error.isMissing && !error.isShortage)
        for code in [Errno.noSpace, .tooManyOpenFiles, .readOnlyFileSystem, .ioError] { #expect(FileError(.open, "", code).isShortage) }
        for code in [Errno.permissionDenied, .fileExists, .noSuchFileOrDirectory] { #expect(!FileError(.open, "", code).isShortage) }
    }

    @Test func offload_returnsAndThrowsWhatTheBodyDoes() async throws {
        #expect(await Offload.run { 42 } == 42)
        let error = FileError(.sync, "x", .ioError)
        await #expect(throws: error) { try await Offload.run { () throws(FileError) in throw error } }
        let sum = await withTaskGroup(of: Int.self) { group in
            for number in 1...100 { group.addTask { await Offload.run { number } } }
            return await group.reduce(0, +)
        }
        #expect(sum == 5050)
    }
}
