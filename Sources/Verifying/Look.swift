import Documents
import Files
import Spool
import SystemPackage

/// One look at a root: everything is read once, judged as it is read, and forgotten, but for what the comparisons at the
/// end need.
struct Look: Sendable {
    /// The problem of processes that outlive their run; they get longer than anything else.
    static let ownerless = "ownerless_process"

    let spool: Folder
    let data: FilePath
    let evidence: Evidence
    let now: Instant
    let instances: Instances?
    let runsByItem: [ItemID: [RunLog.Event]]

    var findings: [Finding] = []
    var living = 0
    var queues = 0
    var items = 0
    var finals = Finals()
    /// How often each drop of the ledger was found.
    var found: [Ledger.Drop: Int] = [:]
    /// Names that the ledger knows, by queue.
    let wanted: [FileName: Set<FileName>]
    /// What is claimed: by whom, for which run.
    var claims: [ItemID: Claim] = [:]
    /// The items in final states.
    var ended: Set<ItemID> = []

    struct Claim {
        let isHeld: Bool
        let run: ItemID?
    }

    init(spool: Folder, data: FilePath, evidence: Evidence, now: Instant) {
        self.spool = spool
        self.data = data
        self.evidence = evidence
        self.now = now
        instances = Instances.look(dataFolder: data)
        runsByItem = evidence.runs?.byItem ?? [:]
        wanted = Dictionary(grouping: evidence.ledger?.drops ?? [], by: \.queue).mapValues { Set($0.map(\.name)) }
    }

    mutating func judge() throws(FileError) {
        living = instances?.living().count ?? 0
        for reader in try QueueReader.all(in: spool) {
            queues += 1
            try judge(reader)
        }
        compareWithLedger()
        judgeProcesses()
        judgeRunLog()
        judgeInstances()
    }

    private mutating func judge(_ reader: QueueReader) throws(FileError) {
        var places: [ItemID: [QueueReader.Area]] = [:]
        try countWaiting(reader)
        for area in QueueReader.Area.allCases where area != .waiting {
            for (id, place) in try reader.places(area) {
                guard let item = try ItemSight(id, area, place, in: reader) else { continue }
                items += 1
                places[id, default: []].append(area)
                judge(item)
            }
        }
        for (id, areas) in places where areas.count > 1 {
            accuse(
                .i2, "two_places", queue: reader.name, item: id, path: reader.folder.path.escaped,
                "item \(id) is in \(areas.map(\.rawValue).joined(separator: " and "))",
                mend: "keep the one whose outcome is right; move the other out of the queue")
        }
        try judgeStatuses(reader, places.compactMapValues(\.first))
        try judgeStrays(reader)
    }

    private mutating func judge(_ item: ItemSight) {
        judgePayload(item)
        judgeOutcome(item)
        judgeAttempts(item)
        judgeTimes(item)
        judgeBytes(item)
        if item.area == .claimed { judgeClaim(item) }
        judgeStrays(item)
    }

    func isHeld(_ item: ItemSight) -> Bool { item.record.map { instances?.isAlive($0.instance) ?? false } ?? false }

    // MARK: Findings

    mutating func accuse(
        _ invariant: Invariant, _ problem: String, level: Finding.Level = .violation, queue: FileName?, item: ItemID? = nil, path: String,
        _ message: String, mend: String
    ) {
        findings.append(
            Finding(
                invariant: invariant, level: level, problem: problem, queue: queue, item: item, path: path, message: message, mend: mend))
    }

    mutating func accuse(
        _ invariant: Invariant, _ problem: String, level: Finding.Level = .violation, _ item: ItemSight, _ message: String, mend: String
    ) {
        accuse(invariant, problem, level: level, queue: item.queue, item: item.id, path: item.path, message, mend: mend)
    }

    /// Left by a crash: due until an orchestrator has started, a fault where none should have left anything.
    var dueLevel: Finding.Level { evidence.isSettled ? .violation : .due }

    static let restart = "bobbin run recovers it when it starts, and within a minute of the death of another"
}

/// An item's folder as it was found.
struct ItemSight {
    let id: ItemID
    let area: QueueReader.Area
    let queue: FileName
    let path: String
    let folder: Folder
    let record: ItemRecord?
    /// `item.json` is there, whether it can be read or not.
    let hasRecord: Bool
    let outcome: StatusDocument?
    let outcomeBytes: [UInt8]?
    let payload: [(name: FileName, stamp: Stamp)]
    let names: [FileName]

    /// The places as seen from the item's own folder.
    static let inside = ItemPlace(RelativePath("."))

    /// nil when it moved on meanwhile. Everything is read through its open folder, so that a move cannot mix two states.
    init?(_ id: ItemID, _ area: QueueReader.Area, _ place: ItemPlace, in reader: QueueReader) throws(FileError) {
        do throws(FileError) {
            folder = try reader.folder.folder(place.root)
            self.id = id
            self.area = area
            queue = reader.name
            path = reader.folder.path.escaped + "/" + place.root.escaped
            names = try folder.names()
            let record = try folder.read(Self.inside.record)
            hasRecord = record != nil
            self.record = record.flatMap(ItemRecord.init(bytes:))
            outcomeBytes = try folder.read(Self.inside.outcome)
            outcome = outcomeBytes.flatMap(StatusDocument.init(bytes:))
            var payload: [(name: FileName, stamp: Stamp)] = []
            for name in try folder.names(in: Self.inside.payloadFolder) {
                if let stamp = try folder.stamp(Self.inside.payload(name)) { payload.append((name, stamp)) }
            }
            self.payload = payload
        } catch  where error.isMissing || error.code == .notDirectory {
            return nil
        }
        guard let own = try? folder.file.stamp(), try reader.folder.stamp(place.root)?.isSameFile(as: own) == true else { return nil }
    }

    /// The name it was dropped under.
    var name: FileName? { record?.name ?? payload.first?.name ?? outcome?.name }
    var isFinal: Bool { area == .done || area == .failed }
}
