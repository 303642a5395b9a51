import Documents
import Files
import Spool
import SystemPackage

/// I1: the payload is at exactly one path. I7: it has the bytes that were accepted.
extension Look {
    mutating func judgePayload(_ item: ItemSight) {
        if item.payload.count > 1 {
            accuse(
                .i1, "two_payloads", item, "it has \(item.payload.count) payloads",
                mend: "see who writes into \(item.path)/payload; move all but \(item.name?.escaped ?? "one") out")
        }
        if let payload = item.payload.first, let record = item.record, payload.name != record.name {
            accuse(
                .i1, "renamed_payload", item, "its payload is named \(payload.name.escaped), item.json says \(record.name.escaped)",
                mend: "rename it back")
        }
        if item.payload.isEmpty, isMissed(item) {
            accuse(
                .i1, "no_payload", item, "its payload is gone", mend: "see who removes files from there, and drop the file again")
        }
        for payload in item.payload where evidence.ledger != nil {
            count(payload.name, payload.stamp, in: item.folder, at: ItemSight.inside.payload(payload.name), queue: item.queue)
        }
        if item.payload.isEmpty, item.area == .done, let name = item.name, let size = item.record?.size {
            // `on_success: delete`: name and length are all that is left.
            note(item.queue, name) { $0.map { $0.length == Int(clamping: size) } ?? true }
        }
    }

    private func isMissed(_ item: ItemSight) -> Bool {
        switch item.area {
        case .waiting: false
        // Unless a success deletes it, which only the settings of that time can tell.
        case .done: evidence.isUntouched && evidence.rules[item.queue]?.onSuccess == .keep
        case .retry: true
        case .failed: item.outcome?.reason != "payload_missing"
        // Deleted after a success, or on its way into the claim or back to the inbox.
        case .claimed: item.outcome?.state != .succeeded && item.record != nil && isHeld(item)
        }
    }

    mutating func judgeBytes(_ item: ItemSight) {
        guard let payload = item.payload.first, payload.stamp.kind == .file, let record = item.record else { return }
        if payload.stamp.size != record.size {
            accuse(
                .i7, "other_size", item, "\(record.size) bytes were accepted, its payload has \(payload.stamp.size)",
                mend: "its own script, or somebody else, has changed it: a later run sees other bytes")
        }
        let seen = (runsByItem[item.id] ?? []).filter { $0.kind == "seen" && $0.sum != nil }
        guard !seen.isEmpty, let file = try? item.folder.open(ItemSight.inside.payload(payload.name)), let sum = try? Checksum(of: file)
        else { return }
        for event in seen where event.sum != sum {
            accuse(
                .i7, "other_bytes", item, "run \(event.run) read \(event.sum.map { "\($0)" } ?? ""), the payload is \(sum)",
                mend: "compare the run's own log; keep the payload as evidence")
        }
    }

    // MARK: The ledger

    mutating func countWaiting(_ reader: QueueReader) throws(FileError) {
        let extra = (evidence.inboxes[reader.name] ?? []).compactMap { try? Folder.open($0) }
        for inbox in [reader.folder] + extra {
            let listing = try inbox.listing()
            while let entry = try listing.next() {
                if inbox === reader.folder, QueueLayout.reserved.contains(entry.name) { continue }
                items += 1
                guard evidence.ledger != nil, let stamp = try inbox.stamp(RelativePath(entry.name)) else { continue }
                count(entry.name, stamp, in: inbox, at: RelativePath(entry.name), queue: reader.name)
            }
        }
    }

    private mutating func count(_ name: FileName, _ stamp: Stamp, in folder: Folder, at place: RelativePath, queue: FileName) {
        guard wanted[queue]?.contains(name) == true else { return }
        var sum: Checksum?
        if stamp.kind == .file { sum = (try? folder.open(place)).flatMap { try? Checksum(of: $0) } }
        note(queue, name) { $0 == nil || $0 == sum }
    }

    private mutating func note(_ queue: FileName, _ name: FileName, _ agrees: (Checksum?) -> Bool) {
        guard wanted[queue]?.contains(name) == true, let ledger = evidence.ledger else { return }
        // Of equal names the one that is still missing.
        let drops = ledger.drops.filter { $0.queue == queue && $0.name == name && agrees($0.sum) }
        let counts = Dictionary(grouping: drops, by: \.self).mapValues(\.count)
        let missing = drops.first { found[$0, default: 0] < counts[$0, default: 0] }
        if let drop = missing ?? drops.first { found[drop, default: 0] += 1 }
    }

    mutating func compareWithLedger() {
        guard let ledger = evidence.ledger else { return }
        for (drop, count) in Dictionary(grouping: ledger.drops, by: \.self).mapValues(\.count) {
            let found = found[drop, default: 0]
            guard found != count else { continue }
            let path = spool.path.escaped + "/" + drop.queue.escaped + "/" + drop.name.escaped
            accuse(
                .i1, found < count ? "lost" : "doubled", queue: drop.queue, path: path,
                "dropped \(times(count)), found \(times(found))" + (drop.sum.map { " with checksum \($0)" } ?? ""),
                mend: found < count
                    ? "look for it under another name or with other bytes, and in what retention, discard or a person removed"
                    : "compare the copies' item.json: who submitted them, and when")
        }
    }

    private func times(_ count: Int) -> String { count == 1 ? "once" : "\(count) times" }
}
