import Files
import Glibc
import Synchronization
import SystemPackage
import Testing

@testable import Watching

/// A watcher that runs, and everything it has told.
final class Observer: Sendable {
    let watcher: Watcher
    private let seen = Mutex<[FolderChange]>([])
    private let said = Mutex<[String]>([])
    private let tasks = Mutex<[Task<Void, Never>]>([])

    /// With `reading` off nobody reads the changes.
    init(program: FilePath? = Program.watch, reading: Bool = true, _ adjust: (inout WatcherSettings) -> Void = { _ in }) {
        var settings = WatcherSettings()
        // Machines that run tests are slow at times; a test of probes sets its own.
        settings.probeTimeout = .seconds(30)
        adjust(&settings)
        let notices = Box()
        watcher = Watcher(program: program, settings: settings) { notices.say($0) }
        notices.observer = self
        let watcher = watcher
        tasks.withLock { $0.append(Task { await watcher.run() }) }
        if reading { read() }
    }

    /// Breaks the circle of the notices' closure and the observer.
    private final class Box: Sendable {
        private let weakly = Mutex<Weak>(Weak())
        private struct Weak { weak var observer: Observer? }
        var observer: Observer? {
            get { weakly.withLock { $0.observer } }
            set { weakly.withLock { $0.observer = newValue } }
        }
        func say(_ text: String) { observer?.said.withLock { $0.append(text) } }
    }

    func read() {
        tasks.withLock {
            $0.append(
                Task { [watcher, weak self] in
                    for await batch in watcher.changes { self?.seen.withLock { $0 += batch } }
                })
        }
    }

    /// Ends the watcher as a service does: by cancelling its task.
    func stop() async {
        let all = tasks.withLock { $0 }
        for task in all { task.cancel() }
        for task in all { await task.value }
    }

    deinit { for task in tasks.withLock({ $0 }) { task.cancel() } }

    var changes: [FolderChange] { seen.withLock { $0 } }
    var notices: [String] { said.withLock { $0 } }
    func kinds(_ token: WatchToken) -> [FolderChange.Kind] { changes.filter { $0.folder == token }.map(\.kind) }
    func count(_ token: WatchToken, _ kind: FolderChange.Kind) -> Int { kinds(token).count { $0 == kind } }

    func forget() { seen.withLock { $0 = [] } }

    /// Adds a folder and waits until its events are on.
    func watch(_ path: FilePath, isWhole: Bool = false) async throws -> WatchToken {
        let token = await watcher.add(path: path, isWhole: isWhole)
        try await expect(token, .lost(.started))
        return token
    }

    func expect(
        _ token: WatchToken, _ kind: FolderChange.Kind, within limit: Duration = .seconds(20),
        _ location: SourceLocation = #_sourceLocation
    ) async throws {
        do {
            try await wait(for: "\(kind) of folder \(token)", within: limit, location) { self.count(token, kind) > 0 }
        } catch {
            Issue.record("told instead: \(kinds(token).suffix(20)); notices: \(notices)", sourceLocation: location)
            throw error
        }
    }

    func mode(_ token: WatchToken) -> FolderHealth.Mode? { watcher.health.folders.first { $0.folder == token }?.mode }
}

extension FileName {
    static func of(_ text: String) -> FileName { FileName(text)! }
}

extension Folder {
    /// Writes a file and closes it, as `cp` does.
    func drop(_ name: FileName, _ text: String = "x") throws {
        try write(Array(text.utf8), toNew: RelativePath(name))
    }
}
