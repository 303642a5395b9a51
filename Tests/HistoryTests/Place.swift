import Documents
import Files
import Glibc
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import History

/// A fresh temporary folder that goes away with the last reference, and what was said about the history in it.
final class Place: Sendable {
    let folder: Folder
    private let said = Mutex<[String]>([])

    init() throws {
        var template = Array("/tmp/bobbin-history-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { buffer in
            mkdtemp(buffer.baseAddress!).map { FilePath(platformString: $0) }
        }
        folder = try Folder.open(try #require(made))
    }

    deinit {
        guard let parent = try? Folder.open(folder.path.removingLastComponent()), let name = folder.path.name else {
            return
        }
        _ = try? parent.removeTree(RelativePath(name))
    }

    var path: FilePath { folder.path.appending("history.sqlite") }
    var notices: [String] { said.withLock { $0 } }
    var names: [String] { get throws { try folder.names().map(\.escaped).sorted() } }

    func say(_ text: String) { said.withLock { $0.append(text) } }

    func open(readOnly: Bool = false) throws -> History {
        try History.open(path, readOnly: readOnly) { [weak self] in self?.say($0) }
    }

    func put(_ bytes: [UInt8], mode: UInt32 = 0o600) throws {
        try folder.write(bytes, toNew: RelativePath("history.sqlite"), mode: mode)
    }
}

extension RunRecord {
    /// A run whose end is so many seconds after 2026-01-01.
    static func sample(
        _ second: Int = 0, queue: String = "thumbs", name: String = "cat.jpg", state: String = "succeeded",
        item: ItemID? = nil, took: Duration? = .seconds(1)
    ) -> RunRecord {
        let finished = Instant(seconds: 1_767_225_600 + Int64(second))
        return RunRecord(
            runID: .make(at: finished), itemID: item ?? .make(at: finished), queue: queue, job: "thumbnail", name: name,
            nameBytes: Array(name.utf8), attempt: 1, state: state, submittedAt: finished + .seconds(-9),
            startedAt: took.map { Instant(nanoseconds: finished.nanoseconds - $0.nanoseconds) }, finishedAt: finished,
            size: 1234, trigger: "file", instance: "one")
    }
}

/// Waits until something holds, at most `limit`; fails with the name of what was waited for.
func wait(
    for what: String, within limit: Duration = .seconds(20), _ location: SourceLocation = #_sourceLocation,
    until holds: @Sendable () throws -> Bool
) async throws {
    var patience = Patience(limit)
    while try !holds() {
        if patience.isOver() {
            Issue.record("waited \(limit) in vain for \(what)", sourceLocation: location)
            throw CancellationError()
        }
        try await Task.sleep(for: .milliseconds(2))
    }
}
