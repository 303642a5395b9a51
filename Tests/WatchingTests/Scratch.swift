import CLinux
import Files
import Glibc
import SystemPackage
import TestSupport
import Testing

/// A fresh temporary folder that goes away with the last reference.
final class Scratch: Sendable {
    let folder: Folder
    var path: FilePath { folder.path }

    init() throws {
        var template = Array("/tmp/bobbin-watching-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer {
            mkdtemp($0.baseAddress!).map { FilePath(platformString: $0) }
        }
        folder = try Folder.open(try #require(made))
    }

    deinit {
        guard let parent = try? Folder.open(path.removingLastComponent()), let name = path.name else { return }
        _ = try? parent.removeTree(RelativePath(name))
    }

    /// Makes a folder inside.
    func make(_ name: StaticString) throws -> Folder {
        try folder.makeFolder(RelativePath(name))
        return try folder.folder(RelativePath(name))
    }

    /// Writes an executable script.
    func script(_ text: String) throws -> FilePath {
        try folder.write(Array(text.utf8), toNew: RelativePath("script"), mode: 0o700)
        return path.appending("script")
    }
}

/// Programs that tests start themselves.
enum Program {
    /// bobbin-watch as it was built beside the tests.
    static let watch: FilePath = {
        var buffer = [CChar](repeating: 0, count: 4096)
        let length = max(0, readlink("/proc/self/exe", &buffer, buffer.count - 1))
        let beside = FilePath(bytes: buffer[..<length].map(UInt8.init(bitPattern:))).removingLastComponent().appending(
            "bobbin-watch")
        if access(beside.string, X_OK) == 0 { return beside }
        return FilePath(#filePath).removingLastComponent().removingLastComponent().removingLastComponent().appending(
            ".build/debug/bobbin-watch")
    }()

    /// Starts a program with pipes as its input and output.
    static func start(_ path: FilePath, _ arguments: [String] = [], input: Int32 = -1, output: Int32 = -1) throws
        -> pid_t
    {
        var spawn = clinux_start()
        spawn.input = input
        spawn.output = output
        spawn.error = STDERR_FILENO
        spawn.folder = -1
        spawn.umask = -1
        var list = ([path.string] + arguments).map { strdup($0) } + [nil]
        var environment: [UnsafeMutablePointer<CChar>?] = [strdup("PATH=/usr/bin:/bin:/usr/sbin:/sbin"), nil]
        defer { for text in list + environment { free(text) } }
        let id = path.withPlatformString { text in
            list.withUnsafeMutableBufferPointer { list in
                environment.withUnsafeMutableBufferPointer { environment in
                    spawn.program = text
                    spawn.arguments = UnsafePointer(list.baseAddress)
                    spawn.environment = UnsafePointer(environment.baseAddress)
                    return clinux_spawn(&spawn)
                }
            }
        }
        try #require(id > 0)
        close(spawn.pidfd)
        return id
    }

    /// Runs a line of shell and waits for it.
    static func shell(_ line: String) throws -> Int32 {
        let id = try start("/bin/sh", ["-c", line])
        var status: Int32 = 0
        while waitpid(id, &status, 0) < 0, errno == EINTR {}
        return status >> 8 & 0xFF
    }

    /// Whether the process runs: a zombie does not.
    static func isAlive(_ id: pid_t) -> Bool {
        guard let bytes = try? Folder.open(FilePath("/proc/\(id)")).read(RelativePath("stat")) else { return false }
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.lastIndex(of: ")") else { return false }
        return !["Z", "X"].contains(text[end...].dropFirst(2).first)
    }

    static func pipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        try #require(clinux_pipe(&ends) == 0)
        return (ends[0], ends[1])
    }
}

/// Waits until something holds, at most `limit`; fails with the name of what was waited for.
func wait(
    for what: String, within limit: Duration = .seconds(20), _ location: SourceLocation = #_sourceLocation,
    until holds: @Sendable () async throws -> Bool
) async throws {
    var patience = Patience(limit)
    while try await !holds() {
        if patience.isOver() {
            Issue.record("waited \(limit) in vain for \(what)", sourceLocation: location)
            throw CancellationError()
        }
        try await Task.sleep(for: .milliseconds(2))
    }
}
