import Documents
import Files
import SystemPackage

/// What dead orchestrators left half done: cleared, given back, or removed.
extension FolderQueue {
    /// What a run that was cut off had made belongs to nobody.
    func clearUnfinished(at place: ItemPlace) throws(FileError) {
        Step.recoverClear.before()
        try removeRunFiles(at: place)
        try removeTemporaries(at: place)
        for product in [place.results, place.next] where folder.exists(product) { try folder.removeTree(product) }
        Step.recoverClear.after()
    }

    /// A crash between the writing of a file and its renaming leaves its temporary name.
    func removeTemporaries(at place: ItemPlace) throws(FileError) {
        for file in [place.record, place.outcome] { try folder.removeTemporary(of: file) }
    }

    /// Claimed, but never recorded, so never started: the file goes back to where it was dropped.
    ///
    /// Where a run has left anything, the record was torn by a power cut; then the item keeps what it has.
    func returnUnrecorded(
        _ id: ItemID, _ payloadName: FileName, at place: ItemPlace
    ) async throws(FileError) -> Recovered.Outcome {
        Step.recoverInbox.before()
        let marks = [place.envelope, place.log, place.checkpoint, place.work]
        if marks.allSatisfy({ folder.isMissing($0) }),
            try folder.move(place.payload(payloadName), to: folder, as: RelativePath(payloadName)) == .moved
        {
            Step.recoverInbox.after()
            Step.recoverRemove.before()
            try folder.removeTree(place.root)
            Step.recoverRemove.after()
            inbox.note(Inbox.Key(folder: 0, name: payloadName), .scanned, at: uptime, settle: rules.settleTime)
            return .returned
        }
        var record = newRecord(id, name: payloadName)
        if let bytes = try folder.read(place.envelope, limit: Envelope.sizeLimit + 1) {
            do throws(Envelope.Problem) {
                record.envelope = try Envelope(bytes: bytes)
            } catch {
                try bury(record, place: place, reason: "bad_envelope", error: error.description)
                return .failed
            }
            record.trigger = record.envelope?.trigger ?? .drop
            try removeSecondName(ofEnvelopeAt: place, payload: payloadName)
        }
        try clearUnfinished(at: place)
        return try await rest(record, at: place)
    }

    /// The claim links the envelope before it moves the payload: after a crash in between it has two names.
    private func removeSecondName(ofEnvelopeAt place: ItemPlace, payload: FileName) throws(FileError) {
        let name = Envelope.name(for: payload)
        guard let own = try folder.stamp(place.envelope) else { return }
        for inboxFolder in inboxes where try inboxFolder.stamp(RelativePath(name))?.isSameFile(as: own) == true {
            Step.recoverLetter.before()
            try inboxFolder.remove(RelativePath(name))
            Step.recoverLetter.after()
        }
    }

    func removeEmptyClaim(_ place: ItemPlace) throws(FileError) -> Recovered.Outcome? {
        // Another orchestrator may be about to fill it: then only one that has rested for a minute is a leftover, and
        // if it is not, its maker finds the file still in the inbox.
        guard let stamp = try folder.stamp(place.root) else { return nil }
        guard around.instances.isAlone || ownClock.now() - stamp.changed > .seconds(60) else { return nil }
        Step.recoverEmpty.before()
        // Empty for certain: a listing that failed to show the payload must not cost it.
        try folder.removeEmptyFolder(place.payloadFolder)
        guard folder.isMissing(place.payloadFolder) else { return nil }
        try folder.removeTree(place.root)
        Step.recoverEmpty.after()
        return .removed
    }

    func newRecord(_ id: ItemID, name payloadName: FileName) -> ItemRecord {
        let now = around.clocks.now()
        let stamp = try? folder.stamp(ItemPlace.claimed(id).payload(payloadName))
        return ItemRecord(
            id: id, name: payloadName, trigger: .drop, size: stamp?.size ?? 0, submittedAt: min(stamp?.changed ?? now, now),
            claimedAt: now, instance: around.instances.own)
    }

    /// Scratch folders of dead orchestrators hold nothing once their items are recovered.
    func removeDeadSlots() {
        guard let names = try? folder.names(in: QueueLayout.slots) else { return }
        let claimed = (try? folder.names(in: QueueLayout.claimed)) ?? []
        let stillNamed = Set(claimed.compactMap { ItemID(bytes: $0.bytes) }.compactMap { record(at: .claimed($0))?.slot })
        for name in names {
            guard let id = ItemID(bytes: name.bytes), id != around.instances.own, !around.instances.isAlive(id),
                !stillNamed.contains(where: { $0.contains(id.description) })
            else { continue }
            do throws(FileError) {
                Step.recoverSlots.before()
                try folder.removeTree(QueueLayout.slots / name)
                Step.recoverSlots.after()
            } catch {
                tell("slots", "\(error); it is tried again")
            }
        }
        if let leftovers = try? folder.names(in: QueueLayout.status) {
            // A crash between writing and renaming a status file leaves its temporary name.
            for name in leftovers where name.hasPrefix(".") && name.hasSuffix(".new") && isDead(temporary: name) {
                Step.recoverStray.before()
                _ = try? folder.remove(QueueLayout.status / name)
                Step.recoverStray.after()
            }
        }
    }

    private func isDead(temporary name: FileName) -> Bool {
        guard let id = ItemID(bytes: Array(name.bytes.dropFirst().dropLast(4))) else { return false }
        return held[id] == nil && !folder.exists(ItemPlace.claimed(id).root)
    }
}
