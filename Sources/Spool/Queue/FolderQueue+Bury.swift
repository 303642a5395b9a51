import Documents
import Files

extension FolderQueue {
    /// What is not a regular file (or an accepted folder) is never opened: it is moved to `failed/` as it is.
    func refuse(_ name: FileName, _ stamp: Stamp, in index: Int, kind: Stamp.Kind) throws(FileError) {
        try bury(
            name, stamp, in: index, reason: "not_a_file",
            error: "\(name.escaped) is \(kind.words); only regular files are taken, and it was not opened")
    }

    /// Moves a file that cannot be an item to `failed/`, with the reason, without running anything.
    func bury(_ name: FileName, _ stamp: Stamp, in index: Int, reason: String, error: String) throws(FileError) {
        let now = around.clocks.now()
        let id = ItemID.make(at: now)
        let place = ItemPlace.claimed(id)
        Step.buryFolder.before()
        try folder.makeFolder(place.root, mode: 0o750)
        try folder.makeFolder(place.payloadFolder, mode: 0o750)
        Step.buryFolder.after()
        Step.buryRename.before()
        guard try inboxes[index].move(RelativePath(name), to: folder, as: place.payload(name), .own) == .moved else {
            try folder.removeEmptyFolder(place.payloadFolder)
            try folder.removeEmptyFolder(place.root)
            return
        }
        Step.buryRename.after()
        // Replaced since the look that condemned it: what was moved may be a good file.
        guard try folder.stamp(place.payload(name))?.isMoved(from: stamp) == true else {
            return try putBack(name, to: inboxes[index], from: place)
        }
        Step.buryLetter.before()
        _ = try inboxes[index].move(RelativePath(Envelope.name(for: name)), to: folder, as: place.envelope, .own)
        Step.buryLetter.after()
        let record = ItemRecord(
            id: id, name: name, trigger: .drop, size: stamp.size, submittedAt: min(stamp.changed, now), claimedAt: now,
            instance: around.instances.own)
        try bury(record, place: place, reason: reason, error: error)
    }

    /// Gives a claimed item that must not run its final state.
    func bury(
        _ record: ItemRecord, place: ItemPlace, state: StatusDocument.State = .failed, reason: String, error: String
    ) throws(FileError) {
        var status = StatusDocument(
            id: record.id, name: record.name, queue: name, state: state, attempt: record.failures,
            maxAttempts: rules.limits.maxAttempts, interruptions: record.interruptions, size: record.size,
            submittedAt: record.submittedAt, claimedAt: record.claimedAt, instance: around.instances.own)
        status.finishedAt = around.clocks.now()
        status.reason = reason
        status.error = error
        status.correlationID = record.envelope?.correlationID
        Step.buryOutcome.before()
        // The outcome first: a crash between the two must not leave a record that says less than it seems, and runs again.
        try folder.replace(place.outcome, with: status.json.prettyBytes, mode: 0o644)
        Step.buryOutcome.after()
        Step.buryRecord.before()
        try folder.replace(place.record, with: record.json.prettyBytes, mode: 0o640)
        Step.buryRecord.after()
        try publishStatus(status, at: place)
        Step.buryFinal.before()
        _ = try folder.move(place.root, to: folder, as: ItemPlace.failed(record.id).root)
        Step.buryFinal.after()
        around.onTransition(
            Transition(status: status, run: record.attempts.last?.run, submittedAt: record.submittedAt, trigger: record.trigger))
    }
}

extension Stamp {
    /// The same file under another name: a move changes nothing but the change time. The inode's number alone does not
    /// tell, since a file that is not open leaves it to the next one.
    fileprivate func isMoved(from other: Stamp) -> Bool {
        isSameFile(as: other) && kind == other.kind && size == other.size && modified == other.modified
    }
}
