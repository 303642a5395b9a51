import Documents
import Files
import Glibc
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import Spool

/// A fresh root of one test with a queue `q`, removed with everything in it when the test ends. Time is the system's,
/// and can be put forward.
final class Place: Sendable {
    let root: Folder
    let spool: Folder
    let folder: Folder
    private let ahead = Mutex(Duration.zero)
    private let wallStep = Mutex(Duration.zero)
    private let booted = Mutex(Duration.zero)

    /// - Parameter fill: puts something into the root before the queue is opened.
    init(in parent: FilePath = "/tmp", fill: (Folder) throws -> Void = { _ in }) throws {
        var template = Array("\(parent)/bobbin-spool-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw FileError(.makeFolder, parent.escaped, Errno(rawValue: errno)) }
        root = try Folder.open(FilePath(platformString: template))
        try fill(root)
        try root.makeFolder("spool", mode: 0o755)
        spool = try root.folder("spool")
        folder = try QueueLayout.make("q", in: spool)
    }

    deinit {
        if let parent = try? Folder.open(root.path.removingLastComponent()), let name = root.path.name {
            try? parent.removeTree(RelativePath(name))
        }
    }

    /// From now on the machine counts as started at this moment.
    func reboot() { booted.withLock { $0 = Clocks.system.uptime() } }

    var data: FilePath { root.path.appending("data") }

    var clocks: Clocks {
        Clocks(
            now: { [self] in Clocks.system.now() + ahead.withLock { $0 } + wallStep.withLock { $0 } },
            uptime: { [self] in Clocks.system.uptime() - booted.withLock { $0 } + ahead.withLock { $0 } })
    }

    func advance(by duration: Duration) { ahead.withLock { $0 += duration } }

    /// Sets the wall clock alone, forward or back.
    func step(by duration: Duration) { wallStep.withLock { $0 += duration } }

    /// - Parameter whileHunting: happens while the processes of dead orchestrators' runs are being ended.
    func start(
        _ rules: QueueRules = QueueRules(), inboxes: [Folder] = [], isNetwork: Bool = false,
        whileHunting: @escaping @Sendable () async -> Void = {}
    ) throws -> Keeper {
        try Keeper(self, rules: rules, inboxes: inboxes, isNetwork: isNetwork, whileHunting: whileHunting)
    }

    /// Runs an orchestrator to its death: afterwards its lock is free and nothing of it runs.
    func die(_ rules: QueueRules = QueueRules(), _ body: (Keeper) async throws -> Void) async throws {
        let id: ItemID
        do {
            let keeper = try start(rules)
            id = keeper.instances.own
            try await body(keeper)
        }
        let look = try #require(Instances.look(dataFolder: data))
        await waitUntil("the dead orchestrator's lock is free") { !look.isAlive(id) }
        // A process that another test is just starting holds copies of its descriptors until it has become its program.
        for claimed in try items(.claimed).map(ItemPlace.claimed) {
            guard let name = try folder.names(in: claimed.payloadFolder).first, let payload = try? folder.open(claimed.payload(name)) else {
                continue
            }
            await waitUntil("the payload of its item is free") { (try? payload.isLocked()) != true }
        }
    }

    /// Moves a file in under its final name, as a careful user does.
    @discardableResult
    func drop(_ name: FileName, _ content: String = "content", envelope: String? = nil) throws -> FileName {
        if let envelope { try folder.replace(RelativePath(Envelope.name(for: name)), with: Array(envelope.utf8), mode: 0o644) }
        try folder.replace(".incoming", with: Array(content.utf8), mode: 0o644)
        #expect(try folder.move(".incoming", to: folder, as: RelativePath(name)) == .moved)
        return name
    }

    /// All paths below the queue whose last part is the name, status files left out.
    func paths(of name: FileName) throws -> [String] {
        var found: [String] = []
        func walk(_ inside: Folder, _ shown: String) throws {
            for entry in try inside.names() {
                let place = RelativePath(entry)
                if entry == name { found.append(shown + entry.escaped) }
                if try inside.stamp(place)?.kind == .folder, shown + entry.escaped != "status" {
                    try walk(inside.folder(place), shown + entry.escaped + "/")
                }
            }
        }
        try walk(folder, "")
        return found
    }

    func status(_ name: FileName) throws -> StatusDocument? {
        try QueueReader(name: "q", folder: folder).status(named: name)
    }

    func items(_ area: QueueReader.Area) throws -> [ItemID] { try QueueReader(name: "q", folder: folder).items(area) }

    func text(_ place: RelativePath) throws -> String? { try folder.read(place).map { String(decoding: $0, as: UTF8.self) } }
}

/// One orchestrator at a place: its registration, its queue, and what it said.
final class Keeper: Sendable {
    let place: Place
    let instances: Instances
    let queue: FolderQueue
    let notices = Collected<String>()
    let transitions = Collected<Transition>()
    let cancelled = Collected<ItemID>()
    let orphans = Collected<FolderQueue.OrphanRun>()
    /// Runs whose processes cannot be ended.
    let survivors = Collected<ItemID>()

    fileprivate init(
        _ place: Place, rules: QueueRules, inboxes: [Folder], isNetwork: Bool, whileHunting: @escaping @Sendable () async -> Void
    ) throws {
        self.place = place
        let instances = try Instances.register(dataFolder: place.data, clocks: place.clocks)
        self.instances = instances
        queue = FolderQueue(
            name: "q", spool: place.spool, folder: place.folder, inboxes: inboxes, rules: rules,
            around: FolderQueue.Surroundings(
                clocks: place.clocks, instances: instances,
                endOrphans: { [orphans, survivors] in
                    orphans.add($0)
                    await whileHunting()
                    return Set(survivors.all)
                },
                onTransition: { [transitions] in transitions.add([$0]) }, cancelRun: { [cancelled] in cancelled.add([$0]) },
                notice: { [notices] in notices.add([$0]) }), isNetwork: isNetwork)
    }

    func note(_ names: FileName..., evidence: Readiness.Evidence = .movedIn) async {
        await queue.note(names.map { FolderQueue.Sighting(folder: 0, name: $0, evidence: evidence, at: place.clocks.uptime()) })
    }

    /// Drops a file, tells of it and claims it.
    func grant(_ name: FileName = "file", _ content: String = "content", envelope: String? = nil) async throws -> Grant {
        try place.drop(name, content, envelope: envelope)
        await note(name)
        // A process that another test is just starting holds a copy of the writer's descriptor until it has become its
        // program; the lease then says busy for a moment.
        for _ in 0..<400 {
            if let grant = await queue.claim(upTo: 1).first { return grant }
            try await Task.sleep(for: .milliseconds(5))
        }
        return try #require(await queue.claim(upTo: 1).first)
    }

    @discardableResult
    func commit(
        _ grant: Grant, _ meaning: RunEnding.Meaning, reason: String = "exit", exitCode: Int? = nil, error: String = ""
    ) async -> CommitAnswer {
        let now = place.clocks.now()
        let ending = RunEnding(meaning, reason: reason, exitCode: exitCode ?? (meaning == .success ? 0 : 1))
        return await queue.commit([(grant, RunResult(ending: ending, startedAt: now, finishedAt: now, error: error))])[0]
    }

    /// Claims, waiting for scans and settling, at most a minute.
    func claimSoon(_ what: String = "the item can be claimed") async -> Grant? {
        var grant: Grant?
        await waitUntil(what) {
            grant = await self.queue.claim(upTo: 1).first
            return grant != nil
        }
        return grant
    }
}

final class Collected<Value: Sendable>: Sendable {
    private let values = Mutex<[Value]>([])
    var all: [Value] { values.withLock { $0 } }
    func add(_ more: [Value]) { values.withLock { $0 += more } }
}

/// Waits for a named condition, at most a minute.
func waitUntil(_ what: String, _ condition: () async throws -> Bool) async rethrows {
    var patience = Patience(.seconds(60))
    while try await !condition() {
        if patience.isOver() {
            Issue.record("waited a minute in vain until \(what)")
            return
        }
        try? await Task.sleep(for: .milliseconds(2))
    }
}

extension CommitAnswer {
    var transition: Transition? { if case .accepted(let transition) = self { transition } else { nil } }
    var isStale: Bool { if case .stale = self { true } else { false } }
}

extension FileName: ExpressibleByStringLiteral {
    package init(stringLiteral value: StaticString) { self.init(value) }
}

extension RelativePath: ExpressibleByStringLiteral {
    package init(stringLiteral value: StaticString) { self.init(value) }
}
