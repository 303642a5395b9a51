import Documents
import Files
import Spool

/// What lies about in a queue, left by those that are gone.
extension DoctorOfQueue {
    /// Claimed items whose orchestrator is gone. What still runs of them holds the lock.
    func claims() throws -> [Finding] {
        var orphans = 0
        var held = 0
        for id in try queue.items(.claimed) {
            let place = ItemPlace.claimed(id)
            guard let record = try queue.record(at: place), !jobs.living.contains(where: { $0.id == record.instance })
            else { continue }
            let hold = try folder.names(in: place.payloadFolder).first.flatMap {
                try? Hold.open($0, at: place, in: folder, isNetwork: folder.fileSystem.isNetwork)
            }
            if let hold, (try? hold.tryLock()) == false { held += 1 } else { orphans += 1 }
        }
        let soon = jobs.isServed ? "they are recovered soon" : "they are recovered when bobbin run starts"
        var findings: [Finding] = []
        if orphans > 0 {
            findings.append(
                finding(
                    .warn, "claims", "\(orphans) claimed by an orchestrator that is gone; \(soon)",
                    mend: jobs.isServed ? nil : "bobbin run"))
        }
        if held > 0 {
            findings.append(
                finding(
                    .warn, "claims", "\(held) still run although their orchestrator is gone; \(soon)",
                    mend: jobs.isServed ? nil : "bobbin run"))
        }
        return findings.isEmpty ? [finding(.ok, "claims", "every claimed item has a living holder")] : findings
    }

    func strays() throws -> [Finding] {
        var count = 0
        var example: String?
        for (place, prefix, suffix) in [(nil, ".bobbin-", ""), (QueueLayout.status, ".", ".new")]
            as [(RelativePath?, StaticString, StaticString)]
        {
            guard let inside = try? place.map({ try folder.folder($0) }) ?? folder else { continue }
            let listing = try inside.listing()
            while let entry = try listing.next() {
                guard entry.name.hasPrefix(prefix), entry.name.hasSuffix(suffix),
                    let stamp = try inside.stamp(RelativePath(entry.name)),
                    clocks.now() - stamp.changed > .seconds(3600)
                else { continue }
                count += 1
                example = example ?? inside.path.appending(entry.name).escaped
            }
        }
        guard let example else { return [] }
        return [
            finding(
                .warn, "strays", "\(count) temporary files of Bobbin's own are older than an hour: \(example)",
                mend: "rm them: whoever wrote them was interrupted")
        ]
    }
}
