import Documents
import Execution
import Files
import Spool
import SystemPackage

/// I3: at most one live process tree per item. I10: no process without an owner, nothing left over.
extension Look {
    mutating func judgeClaim(_ item: ItemSight) {
        let isHeld = isHeld(item)
        claims[item.id] = Claim(isHeld: isHeld, run: item.record?.attempts.last?.run)
        guard !isHeld else { return }
        accuse(
            .i10, "abandoned_claim", level: dueLevel, item,
            item.record == nil
                ? "it is claimed, and nobody has recorded a claim" : "the orchestrator that claimed it is gone",
            mend: Self.restart)
    }

    mutating func judgeProcesses() {
        let below = spool.path.bytes + [UInt8(ascii: "/")]
        // By its path, or, where the root goes by another path too, by its id.
        let processes = RunProcess.all().filter {
            $0.payload.bytes.starts(with: below) || claims[$0.item] != nil || ended.contains($0.item)
        }
        for (item, members) in Dictionary(grouping: processes, by: \.item) {
            let runs = Set(members.map(\.run))
            let shown = members.map { "\($0.pid)" }.joined(separator: ", ")
            let path = members.first?.payload.escaped ?? spool.path.escaped
            if runs.count > 1 {
                accuse(
                    .i3, "two_runs", queue: nil, item: item, path: path,
                    "\(runs.count) runs of item \(item) are alive: processes \(shown)",
                    mend: "end the older one (kill), and report it")
            }
            let claim = claims[item]
            for process in members where claim?.isHeld != true || process.run != claim?.run {
                let isOrphan = claim?.isHeld == false && process.run == claim?.run
                accuse(
                    .i10, Self.ownerless, level: isOrphan ? dueLevel : .violation, queue: nil, item: item, path: "/proc/\(process.pid)",
                    "process \(process.pid) is left of run \(process.run) of item \(item)",
                    mend: isOrphan ? Self.restart : "kill \(process.pid)")
            }
        }
    }

    mutating func judgeInstances() {
        guard let folder = try? Folder.open(data.appending("locks").appending("instances")), let names = try? folder.names() else { return }
        for name in names {
            if let id = ItemID(bytes: name.bytes), instances?.isAlive(id) == true { continue }
            accuse(
                .i10, "dead_instance", level: dueLevel, queue: nil, path: folder.path.appending(name).escaped,
                "an orchestrator ended without saying so", mend: "the next bobbin run removes it")
        }
    }

    // MARK: Temporary files

    /// What `Files` writes before it renames: `.NAME.new`.
    private static func isTemporary(_ name: FileName) -> Bool { name.hasPrefix(".") && name.hasSuffix(".new") }

    mutating func judgeStrays(_ item: ItemSight) {
        for name in item.names where Self.isTemporary(name) { stray(item.queue, item.path + "/" + name.escaped, item.area) }
    }

    mutating func judgeStrays(_ reader: QueueReader) throws(FileError) {
        let folder = reader.folder
        for place in [QueueLayout.status, QueueLayout.results, QueueLayout.claimed, QueueLayout.retry, QueueLayout.failed] {
            for name in try folder.names(in: place) where name.hasPrefix(".") && RelativePath(".slots") != RelativePath(name) {
                stray(reader.name, folder.path.appending(place / name).escaped, .waiting)
            }
        }
        let listing = try folder.listing()
        while let entry = try listing.next() {
            guard Self.isTemporary(entry.name) && entry.name.hasSuffix(".envelope.new") || entry.name.hasPrefix(".bobbin-") else {
                continue
            }
            stray(reader.name, folder.path.appending(entry.name).escaped, .waiting)
        }
        for name in try folder.names(in: QueueLayout.slots) {
            if let id = ItemID(bytes: name.bytes), instances?.isAlive(id) == true { continue }
            accuse(
                .i10, "dead_slots", level: dueLevel, queue: reader.name, path: folder.path.appending(QueueLayout.slots / name).escaped,
                "scratch folders of an orchestrator that is gone", mend: "the next bobbin run removes them")
        }
    }

    /// In a final state nobody comes again to remove it.
    private mutating func stray(_ queue: FileName, _ path: String, _ area: QueueReader.Area) {
        let isLasting = area == .done || area == .failed || area == .retry
        accuse(
            .i10, "stray", level: isLasting ? .violation : dueLevel, queue: queue, path: path, "a temporary file is left over",
            mend: "rm it: whoever wrote it was interrupted")
    }
}
