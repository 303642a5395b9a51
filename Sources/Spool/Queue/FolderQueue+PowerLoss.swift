import Documents
import Files

/// After a power cut: the outcome of a run that published nothing is not synced (contract §2), so the folder's move to
/// its final place can be on the disk while the outcome in it is empty or torn. Nothing else has relied on it: it was no
/// commit, and the item runs again.
extension FolderQueue {
    /// How much earlier than the last change on the disk a change can have been made and not be there: the kernel
    /// writes back after half a minute (`vm.dirty_expire_centisecs`), laptops after ten.
    private static let longestDelay = Duration.seconds(660)

    /// Puts finished items whose outcome was lost back into `claimed/`, where recovery takes them like any other; and
    /// publishes the status of those whose outcome is there and whose status is not.
    func mendPowerLoss() async throws(FileError) {
        guard around.instances.isAfterPowerLoss, !hasMendedPowerLoss else { return }
        let boot = around.clocks.now() + (.zero - around.clocks.uptime())
        let reader = QueueReader(name: name, folder: folder)
        let recent = try await Offload.run { () throws(FileError) in try reader.finished(before: boot, within: Self.longestDelay) }
        for (id, place, outcome) in recent {
            if let outcome {
                let shown = try reader.status(named: outcome.name)
                if shown == nil || shown?.id == id && shown != outcome { try publishStatus(outcome, at: place) }
            } else if try folder.isEmpty(place.payloadFolder) {
                // What a sweep that was cut off has left; or the file is back where the lost claim had it from.
                try folder.removeTree(place.root)
            } else {
                tell("lost \(id)", "the outcome of \(id) was lost in a power cut; it runs again")
                _ = try folder.move(place.root, to: folder, as: ItemPlace.claimed(id).root)
            }
        }
        for id in try reader.items(.retry) where try folder.isEmpty(ItemPlace.retry(id).payloadFolder) {
            try folder.removeTree(ItemPlace.retry(id).root)
        }
        hasMendedPowerLoss = true
    }
}

extension QueueReader {
    /// Items in a final folder, of those that were last changed before an instant, with the outcome if it can be read.
    fileprivate func finished(
        before boot: Instant, within delay: Duration
    ) throws(FileError) -> [(id: ItemID, place: ItemPlace, outcome: StatusDocument?)] {
        var found: [(id: ItemID, place: ItemPlace, changed: Instant)] = []
        // Two days, since midnight may lie between the last change and those before it.
        for area in try [QueueLayout.failed] + days().suffix(2).map({ QueueLayout.done / $0 }) {
            for id in try folder.names(in: area).compactMap({ ItemID(bytes: $0.bytes) }) {
                guard let stamp = try folder.stamp(area / id), stamp.kind == .folder, stamp.changed < boot else { continue }
                found.append((id, ItemPlace(area / id), stamp.changed))
            }
        }
        guard let last = found.map(\.changed).max() else { return [] }
        var recent: [(id: ItemID, place: ItemPlace, outcome: StatusDocument?)] = []
        for (id, place, changed) in found where last - changed < delay {
            recent.append((id, place, try folder.read(place.outcome).flatMap(StatusDocument.init(bytes:))))
        }
        return recent
    }
}
