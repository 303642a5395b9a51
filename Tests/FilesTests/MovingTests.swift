import Documents
import Glibc
import SystemPackage
import Testing

@testable import Files

@Suite struct MovingTests {
    @Test func move_neverOverwrites() throws {
        let scratch = try Scratch()
        try scratch.write("old", "a")
        try scratch.write("new", "b")
        #expect(try scratch.folder.move("a", to: scratch.folder, as: "b") == .taken)
        #expect(try scratch.read("a") == "old")
        #expect(try scratch.read("b") == "new")
        #expect(try scratch.folder.move("none", to: scratch.folder, as: "c") == .missing)
        #expect(try scratch.folder.move("a", to: scratch.folder, as: "c") == .moved)
        #expect(try scratch.names == ["b", "c"])
    }

    @Test func move_ofAFolderOntoOneThatIsNotEmpty_isTaken() throws {
        let scratch = try Scratch()
        try scratch.folder.makeFolder("a")
        try scratch.folder.makeFolder("b")
        #expect(try scratch.folder.move("a", to: scratch.folder, as: "b") == .taken)
        #expect(try scratch.names == ["a", "b"])
    }

    @Test("where RENAME_NOREPLACE is not known, a link and a removal do the same")
    func moveByLink_keepsAllPromises() throws {
        let scratch = try Scratch()
        try scratch.write("old", "a")
        try scratch.write("new", "b")
        func move(_ from: RelativePath, _ to: RelativePath) throws -> Folder.Move {
            try Faults.$plan.withValue(Fault(.move, .invalidArgument, turn: 1).plan) {
                try scratch.folder.move(from, to: scratch.folder, as: to)
            }
        }
        let stamp = try #require(try scratch.folder.stamp("a"))
        #expect(try move("a", "b") == .taken)
        #expect(try scratch.read("b") == "new")
        #expect(try move("none", "c") == .missing)
        #expect(try move("a", "c") == .moved)
        #expect(try scratch.names == ["b", "c"])
        #expect(try scratch.folder.stamp("c")?.isSameFile(as: stamp) == true)
        #expect(try scratch.folder.stamp("c")?.links == 1)
        try scratch.folder.makeFolder("d")
        #expect(try move("d", "e") == .moved)
        #expect(try scratch.names == ["b", "c", "e"])
        try #require(symlink("b", "\(scratch.path)/link") == 0)
        #expect(try move("link", "link2") == .moved)
        #expect(try scratch.folder.stamp("link2")?.kind == .symbolicLink)
    }

    @Test func moveByLink_thatWasCutOff_isFinished() throws {
        let scratch = try Scratch()
        try scratch.write("old", "a")
        #expect(try scratch.folder.link("a", to: scratch.folder, as: "b") == .moved)
        let answer = try Faults.$plan.withValue(Fault(.move, .invalidArgument, turn: 1).plan) {
            try scratch.folder.move("a", to: scratch.folder, as: "b")
        }
        #expect(answer == .moved)
        #expect(try scratch.names == ["b"])
    }

    /// Fails the first move and every link, as a file system without help and without hard links does.
    private func withoutLinks<Value>(_ code: Errno, _ body: () throws -> Value) rethrows -> Value {
        let move = Fault(.move, .invalidArgument, turn: 1).plan
        return try Faults.$plan.withValue(Faults { $0 == .link ? code : move.decide($0, $1) }, operation: body)
    }

    @Test(arguments: [Errno.notPermitted, .noFunction, .notSupported, .tooManyLinks])
    func move_withoutHardLinks_keepsAllPromises(_ code: Errno) throws {
        let scratch = try Scratch()
        try scratch.write("old", "a")
        try scratch.write("new", "b")
        func move(_ from: RelativePath, _ to: RelativePath) throws -> Folder.Move {
            try withoutLinks(code) { try scratch.folder.move(from, to: scratch.folder, as: to) }
        }
        #expect(try move("a", "b") == .taken)
        #expect(try scratch.read("b") == "new")
        #expect(try move("none", "c") == .missing)
        #expect(try move("a", "c") == .moved)
        #expect(try scratch.read("c") == "old")
        #expect(try scratch.names == ["b", "c"])
    }

    @Test func move_toAnOwnName_isARenameAndKeepsTheFile() throws {
        let scratch = try Scratch()
        try scratch.write("old", "a")
        let stamp = try #require(try scratch.folder.stamp("a"))
        let plan = Fault(.move, .invalidArgument, turn: 1).plan
        let answer = try Faults.$plan.withValue(Faults { $0 == .link ? .ioError : plan.decide($0, $1) }) {
            try scratch.folder.move("a", to: scratch.folder, as: "own", .own)
        }
        #expect(answer == .moved)
        #expect(try scratch.folder.stamp("own")?.isSameFile(as: stamp) == true)
        #expect(try scratch.names == ["own"])
    }

    @Test func move_ofAFolderWithoutHelp_neverReplaces() throws {
        let scratch = try Scratch()
        for name in ["a", "empty", "full"] as [RelativePath] { try scratch.folder.makeFolder(name) }
        try scratch.write("x", "file")
        try scratch.folder.write([1], toNew: "full/x")
        for target in ["empty", "full", "file"] as [RelativePath] {
            let answer = try Faults.$plan.withValue(Fault(.move, .invalidArgument, turn: 1).plan) {
                try scratch.folder.move("a", to: scratch.folder, as: target)
            }
            #expect(answer == .taken, "\(target)")
        }
        #expect(try scratch.names == ["a", "empty", "file", "full"])
    }

    @Test func linkOrCopy_withoutHardLinks_copies() throws {
        let scratch = try Scratch()
        try scratch.folder.write(Array("text".utf8), toNew: "a", mode: 0o640)
        func copy(_ to: RelativePath) throws -> Folder.Move {
            try Faults.$plan.withValue(Fault(.link, .noFunction).plan) { try scratch.folder.linkOrCopy("a", to: scratch.folder, as: to) }
        }
        #expect(try copy("b") == .moved)
        #expect(try scratch.read("b") == "text")
        #expect(try scratch.folder.stamp("b")?.permissions == 0o640)
        #expect(try copy("b") == .taken)
        #expect(try scratch.names == ["a", "b"])
    }

    @Test(arguments: [Errno.noSpace, .permissionDenied, .ioError, .improperLink])
    func move_thatFails_changesNothingAndSaysWhat(_ code: Errno) throws {
        let scratch = try Scratch()
        try scratch.write("old", "a")
        Faults.$plan.withValue(Fault(.move, code).plan) {
            #expect(throws: FileError(.move, "\(scratch.path)/a", code)) {
                try scratch.folder.move("a", to: scratch.folder, as: "b")
            }
        }
        #expect(try scratch.names == ["a"])
    }

    @Test func link_givesASecondName() throws {
        let scratch = try Scratch()
        try scratch.write("x", "a")
        try scratch.write("y", "taken")
        #expect(try scratch.folder.link("a", to: scratch.folder, as: "b") == .moved)
        #expect(try scratch.folder.link("a", to: scratch.folder, as: "taken") == .taken)
        #expect(try scratch.folder.link("none", to: scratch.folder, as: "c") == .missing)
        #expect(try scratch.folder.stamp("b")?.links == 2)
    }

    @Test func remove_andRemoveEmptyFolder_answerWhetherTheyDid() throws {
        let scratch = try Scratch()
        try scratch.write("x", "a")
        try scratch.folder.makeFolder("full")
        try scratch.folder.write([], toNew: RelativePath("full") / "x")
        #expect(try scratch.folder.remove("a"))
        #expect(try !scratch.folder.remove("a"))
        #expect(try !scratch.folder.removeEmptyFolder("full"))
        #expect(try !scratch.folder.removeEmptyFolder("none"))
        try scratch.folder.removeTree("full")
        #expect(try scratch.names == [])
    }

    @Test func removeTree_removesLinksAndNeverTheirTargets() throws {
        let scratch = try Scratch()
        try scratch.write("kept", "outside")
        try scratch.folder.makeFolder("outer")
        try scratch.folder.write([], toNew: RelativePath("outer") / "kept")
        try scratch.folder.makeFolder("tree")
        try scratch.folder.makeFolder(RelativePath("tree") / "locked", mode: 0o000)
        try scratch.folder.makeFolder(RelativePath("tree") / "deep")
        try scratch.folder.makeFolder(RelativePath("tree") / "deep" / "deeper")
        try scratch.folder.write([], toNew: RelativePath("tree") / "deep" / "deeper" / "file", mode: 0o000)
        try #require(symlink("../outside", "\(scratch.path)/tree/link") == 0)
        try #require(symlink("../outer", "\(scratch.path)/tree/folderlink") == 0)
        try #require(symlink("nowhere", "\(scratch.path)/tree/dangling") == 0)
        try #require(mkfifo("\(scratch.path)/tree/pipe", 0o600) == 0)
        let odd = try #require(FileName([0xFF, 0x0A]))
        try scratch.folder.write([], toNew: RelativePath("tree") / odd)
        try scratch.folder.removeTree("tree")
        #expect(try scratch.names == ["outer", "outside"])
        #expect(try scratch.folder.names(in: "outer").count == 1)
    }

    @Test func removeTree_ofALinkOrAFileOrNothing_removesWhatBearsTheName() throws {
        let scratch = try Scratch()
        try scratch.folder.makeFolder("target")
        try scratch.folder.write([], toNew: RelativePath("target") / "kept")
        try #require(symlink("target", "\(scratch.path)/link") == 0)
        try scratch.write("x", "file")
        try scratch.folder.removeTree("link")
        try scratch.folder.removeTree("file")
        try scratch.folder.removeTree("none")
        #expect(try scratch.names == ["target"])
        #expect(try scratch.folder.names(in: "target").count == 1)
    }

    /// Go's module cache and others make folders that their owner may not write to.
    @Test func removeTree_ofAFolderThatMayNotBeWritten_makesItWritable() throws {
        let scratch = try Scratch()
        try scratch.folder.makeFolder("tree")
        try scratch.folder.makeFolder(RelativePath("tree") / "cache")
        try scratch.folder.write([], toNew: RelativePath("tree") / "cache" / "file")
        try scratch.folder.setMode(RelativePath("tree") / "cache", 0o500)
        // Tests may run as root, whom modes do not stop: the refusal is forced, for as long as the mode forbids.
        let path = scratch.path
        let plan = Faults { operation, subject in
            guard operation == .remove, subject.hasSuffix("/cache/file") else { return nil }
            let mode = try? Folder.open(path.appending("tree")).stamp("cache")?.permissions
            return mode.map { $0 & 0o200 == 0 } == true ? .permissionDenied : nil
        }
        try Faults.$plan.withValue(plan) { try scratch.folder.removeTree("tree") }
        #expect(try scratch.names == [])
    }
}
