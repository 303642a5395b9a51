import Foundation
import TestSupport
import Testing

/// What a command answered.
struct Answer: Sendable {
    let status: Int32
    let output: String
    let error: String

    /// nil when the answer is not JSON.
    var json: Any? { try? JSONSerialization.jsonObject(with: Data(output.utf8)) }
    var object: [String: Any] { json as? [String: Any] ?? [:] }
    var list: [[String: Any]] { json as? [[String: Any]] ?? [] }
    /// The id that `submit` printed.
    var id: String { output.trimmingCharacters(in: .whitespacesAndNewlines) }
}

/// A temporary root with jobs, and the real program to use it with.
final class Root: @unchecked Sendable {
    let path: String
    private var orchestrator: Process?

    /// Every command has to answer within this time.
    static let limit: TimeInterval = 30

    static let program: String = {
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return package.appendingPathComponent(".build/debug/bobbin").path
    }()

    init() throws {
        path = NSTemporaryDirectory() + "bobbin-commands-" + UUID().uuidString
        for folder in ["jobs/triggered", "spool"] {
            try FileManager.default.createDirectory(atPath: "\(path)/\(folder)", withIntermediateDirectories: true)
        }
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(atPath: path)
    }

    // MARK: Files

    func job(_ name: String, _ script: String, settings: String? = nil) throws {
        let folder = "\(path)/jobs/triggered/\(name)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try "#!/bin/sh\n\(script)\n".write(toFile: "\(folder)/run.sh", atomically: true, encoding: .utf8)
        if let settings { try settings.write(toFile: "\(folder)/settings.job", atomically: true, encoding: .utf8) }
    }

    @discardableResult
    func file(_ name: String, _ text: String = "content\n") throws -> String {
        let file = "\(path)/\(name)"
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        return file
    }

    /// Moves a file with these bytes as its name into a queue.
    func drop(_ queue: String, _ name: [UInt8]) throws {
        let source = try file("dropped-\(UUID().uuidString)")
        let target = Array("\(path)/spool/\(queue)/".utf8) + name + [0]
        let answer = target.withUnsafeBytes { rename(source, $0.baseAddress!.assumingMemoryBound(to: CChar.self)) }
        try #require(answer == 0, "rename: \(String(cString: strerror(errno)))")
    }

    func names(_ folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "\(path)/\(folder)")) ?? []).sorted()
    }

    // MARK: The program

    func start() async throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.program)
        process.arguments = ["run", "--root", path]
        let log = "\(path)/run.log"
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        process.standardOutput = FileHandle(forWritingAtPath: log)
        process.standardError = FileHandle(forWritingAtPath: "/dev/null")
        try process.run()
        orchestrator = process
        try await until("the orchestrator is ready") {
            (try? String(contentsOfFile: log, encoding: .utf8))?.contains("bobbin: ready") == true
        }
    }

    /// Ends the orchestrator in order, or by force after five seconds.
    func stop() {
        guard let process = orchestrator else { return }
        orchestrator = nil
        process.terminate()
        for _ in 0..<100 where process.isRunning { usleep(50_000) }
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    /// Runs one command.
    func bobbin(_ arguments: String..., input: String? = nil) async throws -> Answer {
        try await run(Self.program, arguments, input: input)
    }

    func bobbin(_ command: String, _ arguments: [String]) async throws -> Answer {
        try await run(Self.program, [command] + arguments)
    }

    /// Runs a command whose arguments the shell makes, for bytes that are no text.
    func shell(_ text: String) async throws -> Answer { try await run("/bin/sh", ["-c", text]) }

    private func run(_ program: String, _ arguments: [String], input: String? = nil) async throws -> Answer {
        let mark = "\(NSTemporaryDirectory())bobbin-answer-\(UUID().uuidString)"
        let (output, error, source) = (mark + ".out", mark + ".err", mark + ".in")
        defer { for file in [output, error, source] { try? FileManager.default.removeItem(atPath: file) } }
        for file in [output, error] { _ = FileManager.default.createFile(atPath: file, contents: nil) }
        _ = FileManager.default.createFile(atPath: source, contents: input.map { Data($0.utf8) } ?? Data())
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.environment = ["BOBBIN_ROOT": path, "BOBBIN": Self.program, "PATH": "/usr/bin:/bin"]
        process.standardInput = FileHandle(forReadingAtPath: source)
        process.standardOutput = FileHandle(forWritingAtPath: output)
        process.standardError = FileHandle(forWritingAtPath: error)
        try process.run()
        var patience = Patience(.seconds(Self.limit))
        while process.isRunning {
            if patience.isOver() {
                kill(process.processIdentifier, SIGKILL)
                Issue.record("\(arguments) has not ended within \(Self.limit) s")
                break
            }
            try await Task.sleep(for: .milliseconds(5))
        }
        process.waitUntilExit()
        return Answer(
            status: process.terminationStatus, output: (try? String(contentsOfFile: output, encoding: .utf8)) ?? "",
            error: (try? String(contentsOfFile: error, encoding: .utf8)) ?? "")
    }

    /// Waits for a condition, by its name, at most ten seconds.
    func until(_ name: String, _ condition: () async throws -> Bool) async throws {
        var patience = Patience(.seconds(10))
        while try await !condition() {
            let isOver = patience.isOver()
            try #require(!isOver, "waited 10 s in vain: \(name)")
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
