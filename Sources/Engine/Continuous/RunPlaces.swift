import Documents
import Execution
import Files
import Spool
import SystemPackage

/// The private folder of one run of a continuous job.
struct RunPlace: Sendable {
    static let shutdownFile = RelativePath("shutdown")
    static let lockFile = RelativePath("lock")

    let run: ItemID
    let folder: Folder
    /// Held by the run's processes as long as one of them lives.
    let lock: OpenFile
}

/// `data/runs/INSTANCE/RUN/`: the runs of continuous jobs that are under way, so that whoever outlives an orchestrator can
/// find and end what it has left behind.
struct RunPlaces: Sendable {
    private let folder: Folder
    private let instances: Instances
    private let clocks: Clocks
    private let hunts = Hunts()

    private static let facts = RelativePath("run.json")

    init(_ path: FilePath, instances: Instances, clocks: Clocks) throws(FileError) {
        folder = try Folder.make(path, mode: 0o700)
        self.instances = instances
        self.clocks = clocks
    }

    func make(of job: FileName, grace: Duration) throws(FileError) -> RunPlace {
        let run = ItemID.make(at: clocks.now())
        try folder.makeFolder(RelativePath(instances.own), mode: 0o700)
        let name = place(run)
        try folder.makeFolder(name, mode: 0o700)
        let own = try folder.folder(name)
        let lock = try own.create(RunPlace.lockFile)
        // Nobody else knows the file.
        _ = try lock.tryLock()
        let members = ItemRecord.members(of: job) + [.init("run", .string(run.description)), .init("grace", .number(grace.seconds))]
        try own.write(JSON.object(members).prettyBytes, toNew: Self.facts)
        return RunPlace(run: run, folder: own, lock: lock)
    }

    func remove(_ run: ItemID) { try? folder.removeTree(place(run)) }

    /// The end of its id is random, and keeps the path of the run's socket short (unix(7): 107 bytes).
    private func place(_ run: ItemID) -> RelativePath {
        let short = FileName(String(run.description.suffix(12))) ?? FileName("run" as StaticString)
        return RelativePath(instances.own) / short
    }

    /// Removes what is left of this instance at its end.
    func removeOwn() { try? folder.removeTree(RelativePath(instances.own)) }

    // MARK: Of the dead

    private struct Abandoned {
        let outer: RelativePath
        let place: RelativePath
        let folder: Folder
        let job: FileName
        let run: ItemID
        let grace: Duration
    }

    /// Ends what runs of orchestrators that are gone have left, by the stop protocol.
    ///
    /// - Parameter job: only those of this job.
    /// - Returns: how many processes were found, and whether some of them are left.
    func endAbandoned(of job: FileName? = nil) async -> (ended: Int, areSomeLeft: Bool) {
        await withTaskGroup(of: (ended: Int, areSomeLeft: Bool).self) { group in
            for run in abandoned() where job == nil || run.job == job {
                group.addTask { await hunts.join(run.run) { await end(run) } }
            }
            return await group.reduce((0, false)) { ($0.0 + $1.ended, $0.1 || $1.areSomeLeft) }
        }
    }

    private func end(_ run: Abandoned) async -> (ended: Int, areSomeLeft: Bool) {
        try? run.folder.overwrite(RunPlace.shutdownFile, mode: 0o644).write(Array(clocks.now().rfc3339.utf8))
        let lock = run.folder.path.appending(RunPlace.lockFile)
        let prey = OrphanHunter.Prey(run: run.run, instance: ItemID(bytes: Array(run.outer.bytes)), lockPath: lock, grace: run.grace)
        let (ended, survivors) = await OrphanHunter(clocks: clocks).end([prey])
        guard survivors.isEmpty else { return (ended.count, true) }
        try? folder.removeTree(run.place)
        _ = try? folder.removeEmptyFolder(run.outer)
        return (ended.count, false)
    }

    private func abandoned() -> [Abandoned] {
        let dead = ((try? folder.names()) ?? []).compactMap { ItemID(bytes: $0.bytes) }.filter { !instances.isAlive($0) }
        return dead.flatMap { instance -> [Abandoned] in
            let outer = RelativePath(instance)
            let names = (try? folder.names(in: outer)) ?? []
            if names.isEmpty { _ = try? folder.removeEmptyFolder(outer) }
            return names.compactMap { read(outer, outer / $0) }
        }
    }

    private func read(_ outer: RelativePath, _ place: RelativePath) -> Abandoned? {
        guard let found = try? folder.folder(place) else { return nil }
        guard let bytes = try? found.read(Self.facts), let json = try? JSONParser.parse(bytes), let job = ItemRecord.name(from: json),
            let run = json["run"]?.string.flatMap({ ItemID($0) })
        else {
            // Nothing is started before its facts are written.
            try? folder.removeTree(place)
            return nil
        }
        return Abandoned(outer: outer, place: place, folder: found, job: job, run: run, grace: .seconds(json["grace"]?.double ?? 5))
    }
}

/// What is being ended already is waited for, and not told twice.
private actor Hunts {
    private var underWay: [ItemID: Task<(ended: Int, areSomeLeft: Bool), Never>] = [:]

    func join(_ run: ItemID, _ hunt: @escaping @Sendable () async -> (ended: Int, areSomeLeft: Bool)) async -> (
        ended: Int, areSomeLeft: Bool
    ) {
        if let other = underWay[run] { return (0, await other.value.areSomeLeft) }
        // Shared by all who wait for it, and so nobody's child.
        let task = Task { await hunt() }
        underWay[run] = task
        defer { underWay[run] = nil }
        return await task.value
    }
}
