import Files
import Glibc
import SystemPackage
import Testing

/// The looks that follow links, and the search for programs.
@Suite struct LinksTests {
    private final class Root {
        let folder: Folder

        init() throws {
            var template = Array("/tmp/bobbin-links-XXXXXX".utf8CString)
            try #require(mkdtemp(&template) != nil)
            folder = try Folder.open(FilePath(platformString: template))
            try folder.write(Array("content".utf8), toNew: RelativePath("file"))
            try folder.makeFolder("inner")
            for (target, name) in [
                ("file", "link"), ("link", "linklink"), ("none", "dangling"), ("loop", "loop"), ("inner", "folderlink"),
                ("/dev/zero", "device"),
            ] {
                try #require(symlink(target, "\(folder.path)/\(name)") == 0)
            }
            try #require(mkfifo("\(folder.path)/pipe", 0o600) == 0)
        }

        deinit {
            if let tmp = try? Folder.open("/tmp"), let name = folder.path.name {
                try? tmp.removeTree(RelativePath(name))
            }
        }
    }

    @Test func target_isWhatTheNameLeadsToInTheEnd() throws {
        let root = try Root()
        func kind(_ name: StaticString) throws -> Stamp.Kind? { try root.folder.target(RelativePath(name))?.kind }
        #expect(try kind("file") == .file)
        #expect(try kind("link") == .file)
        #expect(try kind("linklink") == .file)
        #expect(try kind("folderlink") == .folder)
        #expect(try kind("pipe") == .pipe)
        #expect(try kind("device") == .device)
        #expect(try kind("dangling") == nil)
        #expect(try kind("loop") == nil)
        #expect(try kind("none") == nil)
        #expect(try root.folder.target("linklink")?.isSameFile(as: #require(try root.folder.stamp("file"))) == true)
    }

    /// A pipe without a writer and an endless device must not hold the reader up.
    @Test(.timeLimit(.minutes(1))) func readTarget_readsRegularFilesOnly() throws {
        let root = try Root()
        #expect(try root.folder.readTarget("linklink", limit: 100) == Array("content".utf8))
        #expect(try root.folder.readTarget("file", limit: 3) == Array("con".utf8))
        for name in ["pipe", "device", "dangling", "loop", "none", "folderlink"] as [StaticString] {
            #expect(try root.folder.readTarget(RelativePath(name), limit: 100) == nil)
        }
    }

    @Test func search_findsWhatMayBeExecuted() throws {
        let root = try Root()
        let text = root.folder.path.string
        let search = ProgramSearch(path: Array("/no/such:\(text):/bin".utf8))
        #expect(search.find(Array("sh".utf8)) == "/bin/sh")
        #expect(search.find(Array("linklink".utf8)) == nil)
        try root.folder.setMode("file", 0o755)
        #expect(search.find(Array("file".utf8)) == FilePath("\(text)/file"))  // before /bin/file
        #expect(search.find(Array("linklink".utf8)) == FilePath("\(text)/linklink"))
        for name in ["inner", "folderlink", "device", "dangling", "", "a/b", ".."] {
            #expect(search.find(Array(name.utf8)) == nil)
        }
        #expect(search.description == "/no/such:\(text):/bin")
    }
}

extension RelativePath: ExpressibleByStringLiteral {
    package init(stringLiteral value: StaticString) { self.init(value) }
}
