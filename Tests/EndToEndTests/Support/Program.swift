import CLinux
import Glibc
import Testing

/// A program that a test has started, in a session of its own.
final class Program: @unchecked Sendable {
    let id: pid_t
    let output: Path
    let error: Path
    private var status: Int32?

    /// The programs under test: `$BOBBIN_BIN`, else beside the test bundle, else what `swift build` made.
    static let bobbin: Path = {
        if let named = getenv("BOBBIN_BIN") { return Path(String(cString: named)) }
        var buffer = [CChar](repeating: 0, count: 4096)
        let length = max(0, readlink("/proc/self/exe", &buffer, buffer.count - 1))
        let program = Path(buffer[..<length].map(UInt8.init(bitPattern:)))
        let beside = Path(Array(program.bytes[..<(program.bytes.lastIndex(of: 47) ?? 0)])) / "bobbin"
        if beside.exists { return beside }
        let here = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        return Path("/\(here)/.build/debug/bobbin")
    }()

    /// Starts a program; its output and errors go to files, its standard input is empty.
    init(_ arguments: [String], environment: [String: String] = [:], output: Path, error: Path) throws {
        self.output = output
        self.error = error
        var request = clinux_start()
        let flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC
        let ends = [output.withC { open($0, flags, 0o644) }, error.withC { open($0, flags, 0o644) }]
        defer { for end in ends { close(end) } }
        request.input = -1
        request.output = ends[0]
        request.error = ends[1]
        request.folder = -1
        request.umask = 0o022
        var all = ["PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": "/nonexistent", "LANG": "C.UTF-8"]
        all.merge(environment) { $1 }
        var list = arguments.map { strdup($0) } + [nil]
        var pairs = all.map { strdup("\($0)=\($1)") } + [nil]
        defer { for text in list + pairs { free(text) } }
        id = list.withUnsafeMutableBufferPointer { list in
            pairs.withUnsafeMutableBufferPointer { pairs in
                request.program = UnsafePointer(list[0])
                request.arguments = UnsafePointer(list.baseAddress)
                request.environment = UnsafePointer(pairs.baseAddress)
                return clinux_spawn(&request)
            }
        }
        try #require(id > 0, "\(arguments[0]) cannot be started: errno \(-id)")
        close(request.pidfd)
    }

    /// Exit code, or 128 + signal, once it has ended.
    var ending: Int32? {
        if status == nil {
            var value: Int32 = 0
            if waitpid(id, &value, WNOHANG) == id {
                status = value & 0x7F == 0 ? value >> 8 & 0xFF : 128 + value & 0x7F
            }
        }
        return status
    }

    var isRunning: Bool { ending == nil }

    func signal(_ number: Int32) { if isRunning { kill(id, number) } }

    /// Waits for its end; returns the exit code, or 128 + signal.
    @discardableResult
    func end(within limit: Duration = usualLimit, _ what: String = "the end of a program") async throws -> Int32 {
        try await wait(for: what, within: limit, details: { self.said }) { ending }
    }

    /// Kills it alone, not what it has started.
    func kill9() async throws {
        signal(SIGKILL)
        try await end("a killed program")
    }

    /// Kills its whole session that is still in its process group, and collects it.
    func destroy() {
        guard isRunning else { return }
        kill(-id, SIGKILL)
        kill(id, SIGKILL)
        var value: Int32 = 0
        if waitpid(id, &value, 0) == id { status = value }
    }

    /// Its output and errors.
    var said: String { output.string + error.string }

    deinit { destroy() }
}
