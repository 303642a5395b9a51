import Documents
import Glibc
import Synchronization
import SystemPackage
import Testing

@testable import Files

/// A fresh folder of one test, removed with everything in it when the test ends.
final class Scratch: Sendable {
    let folder: Folder

    var path: FilePath { folder.path }

    init() throws {
        var template = Array("/tmp/bobbin-files-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw FileError(.makeFolder, "/tmp", Errno(rawValue: errno)) }
        folder = try Folder.open(FilePath(platformString: template))
    }

    deinit {
        if let parent = try? Folder.open("/tmp"), let name = path.name { try? parent.removeTree(RelativePath(name)) }
    }

    func write(_ content: String, _ name: StaticString) throws {
        try folder.write(Array(content.utf8), toNew: RelativePath(name))
    }

    func read(_ name: StaticString) throws -> String? {
        try folder.read(RelativePath(name)).map { String(decoding: $0, as: UTF8.self) }
    }

    var names: [String] { get throws { try folder.names().map(\.escaped).sorted() } }
}

/// Forces an errno at the n-th call of an operation, or at all of them.
final class Fault: Sendable {
    private let seen = Mutex(0)
    let operation: FileOperation
    let code: Errno
    let turn: Int?

    init(_ operation: FileOperation, _ code: Errno, turn: Int? = nil) {
        self.operation = operation
        self.code = code
        self.turn = turn
    }

    var plan: Faults {
        Faults { [self] asked, _ in
            guard asked == operation else { return nil }
            let count = seen.withLock { count in
                count += 1
                return count
            }
            return turn == nil || count == turn ? code : nil
        }
    }
}

extension FileName {
    /// A name of a test, from text.
    static func of(_ text: String) throws -> FileName { try #require(FileName(text)) }
}
