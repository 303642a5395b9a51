import Documents
import Files
import Glibc
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import Execution

/// A fresh folder of one test, removed with everything in it when the test ends.
final class Scratch: Sendable {
    let folder: Folder

    var path: FilePath { folder.path }
    var text: String { path.string }

    init() throws {
        var template = Array("/tmp/bobbin-run-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw FileError(.makeFolder, "/tmp", Errno(rawValue: errno)) }
        folder = try Folder.open(FilePath(platformString: template))
    }

    deinit {
        if let parent = try? Folder.open("/tmp"), let name = path.name { try? parent.removeTree(RelativePath(name)) }
    }

    func read(_ name: String) -> String? {
        guard let name = FileName(name), let bytes = try? folder.read(RelativePath(name), limit: 64 << 20) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    var log: String { read("log") ?? "" }

    /// A script for `/bin/sh` with a payload of its own.
    func shell(
        _ command: String, payload: String = "payload", environment: [String] = ["PATH=/usr/bin:/bin"], timeout: Duration? = nil,
        idleTimeout: Duration? = nil, grace: Duration = .seconds(30), marked: Bool = true
    ) throws -> Script {
        try script(
            ["/bin/sh", "-c", command], payload: payload, environment: environment, timeout: timeout, idleTimeout: idleTimeout,
            grace: grace, marked: marked)
    }

    func script(
        _ arguments: [String], payload: String = "payload", environment: [String] = ["PATH=/usr/bin:/bin"],
        timeout: Duration? = nil, idleTimeout: Duration? = nil, grace: Duration = .seconds(30), marked: Bool = true
    ) throws -> Script {
        let run = ItemID.make(at: Clocks.system.now())
        let name = RelativePath(try #require(FileName("payload-\(run)")))
        try folder.write(Array(payload.utf8), toNew: name)
        let mark = marked ? ["BOBBIN_RUN_ID=\(run)"] : []
        return Script(
            run: run, arguments: arguments.map { Array($0.utf8) }, environment: (environment + mark).map { Array($0.utf8) },
            folder: folder, input: try folder.open(name), site: folder, log: .file(RelativePath("log"), title: "attempt 1 of 5"),
            timeout: timeout, idleTimeout: idleTimeout, progressPlace: RelativePath("progress"),
            shutdownFile: RelativePath("stop"), grace: grace)
    }

    /// Waits for a file that a script writes, and gives its first line.
    func waitFor(_ name: String) async -> String {
        var line: String?
        await waitUntil("the script has written \(name)") {
            let text = self.read(name)
            line = text?.hasSuffix("\n") == true ? text?.split(separator: "\n").first.map(String.init) ?? "" : nil
            return line != nil
        }
        return line ?? ""
    }
}

/// Waits for a named condition, at most a minute.
func waitUntil(_ what: String, _ condition: () -> Bool) async {
    var patience = Patience(.seconds(60))
    while !condition() {
        if patience.isOver() {
            Issue.record("waited a minute in vain until \(what)")
            return
        }
        try? await Task.sleep(for: .milliseconds(5))
    }
}

/// Whether a process lives; a zombie does not.
func lives(_ pid: String) -> Bool {
    guard let pid = pid_t(pid), let process = ProcessTree.look(pid) else { return false }
    return !process.isZombie
}

extension ScriptResult {
    var seconds: Double { (finishedAt - startedAt).seconds }
}

extension RelativePath: ExpressibleByStringLiteral {
    package init(stringLiteral value: StaticString) { self.init(value) }
}
