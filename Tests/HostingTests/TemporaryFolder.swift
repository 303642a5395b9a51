import Files
import Glibc
import SystemPackage
import Testing

/// A fresh folder of one test, removed with everything in it when the test ends.
final class TemporaryFolder {
    let folder: Folder

    var path: FilePath { folder.path }
    var text: String { path.string }

    init() throws {
        var template = Array("/tmp/bobbin-hosting-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw FileError(.makeFolder, "/tmp", Errno(rawValue: errno)) }
        folder = try Folder.open(FilePath(platformString: template))
    }

    deinit {
        if let parent = try? Folder.open(path.removingLastComponent()), let name = path.name {
            try? parent.removeTree(RelativePath(name))
        }
    }

    func place(_ name: String) -> FilePath { name.isEmpty ? path : FilePath(text + "/" + name) }

    /// Writes a file, and the folders above it that are missing.
    func write(_ content: String, to name: String, mode: UInt32 = 0o644) throws {
        let target = place(name)
        let parent = try Folder.make(target.removingLastComponent(), mode: 0o755)
        let place = RelativePath(try #require(target.name))
        try parent.replace(place, with: Array(content.utf8), mode: mode)
        try parent.setMode(place, mode)
    }

    func makeFolder(_ name: String) throws { _ = try Folder.make(place(name), mode: 0o755) }

    func remove(_ name: String) throws { try folder.removeTree(RelativePath(try #require(FileName(name)))) }

    func remove(_ name: String, in parent: String) throws {
        try Folder.open(place(parent)).removeTree(RelativePath(try #require(FileName(name))))
    }

    func read(_ name: String) throws -> String {
        String(decoding: try folder.read(RelativePath(try #require(FileName(name)))) ?? [], as: UTF8.self)
    }
}

func symbolicLink(_ target: String, at path: String) -> Bool { symlink(target, path) == 0 }
