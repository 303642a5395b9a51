import Documents
import Files
import SystemPackage

/// An envelope as it lies beside its payload.
struct LoadedEnvelope {
    var envelope: Envelope

    var withoutID: LoadedEnvelope {
        var copy = self
        copy.envelope.id = nil
        return copy
    }
}

extension FolderQueue {
    /// Claims the next item of `retry/` that is due: lock, rename, record.
    func claimRetry(at now: Duration) throws(FileError) -> Grant? {
        while let id = shelf.next(at: now) {
            do throws(FileError) {
                if let grant = try claimRetry(id) { return grant }
            } catch  where error.isShortage {
                shelf.put(id, due: now)
                throw error
            } catch {
                tell("retry \(id)", "\(error); the item stays in retry/ and is tried again")
                shelf.put(id, due: now + .seconds(30))
            }
        }
        return nil
    }

    private func claimRetry(_ id: ItemID) throws(FileError) -> Grant? {
        let resting = ItemPlace.retry(id)
        guard let found = record(at: resting) else {
            if try folder.stamp(resting.root) != nil { try mendUnreadable(id, at: resting) }
            return nil
        }
        // An operator's `touch`, or another orchestrator's newer record, counts for more than what we remember.
        if let due = found.nextAttemptAt, due > around.clocks.now() + .seconds(1), due - around.clocks.now() < .seconds(86_400 * 366) {
            let remaining = due - around.clocks.now()
            if remaining <= longestBackoff {
                shelf.put(id, due: uptime + remaining)
                return nil
            }
        }
        let place = ItemPlace.claimed(id)
        Step.retryOpen.before()
        guard let hold = try open(found.name, at: resting) else {
            if try folder.move(resting.root, to: folder, as: place.root) == .moved {
                try bury(
                    found, place: place, reason: "payload_missing",
                    error: "its file is gone: somebody removed or renamed it while it rested")
            }
            return nil
        }
        Step.retryOpen.after()
        Step.retryLock.before()
        guard try hold.tryLock() else {
            // Whoever holds it starts it, or has just put it here (`ItemOrders`) and lets go at once; then nothing else
            // would tell us to come again before the next scan.
            shelf.put(id, due: uptime + .milliseconds(100))
            return nil
        }
        Step.retryLock.after()
        // Read again under the lock: another orchestrator may have run it since, and put it back.
        guard let record = record(at: resting) else { return nil }
        guard record.nextAttemptAt == found.nextAttemptAt else {
            shelf.put(id, due: uptime + .milliseconds(1))
            return nil
        }
        if try finishDecided(record, at: resting) { return nil }
        if let expiry = record.envelope?.expiresAt, expiry <= around.clocks.now() {
            return try expire(record, from: resting, expiry: expiry)
        }
        Step.retryRename.before()
        guard try folder.move(resting.root, to: folder, as: place.root) == .moved else { return nil }
        Step.retryRename.after()
        do throws(FileError) {
            return try begin(record, machine: record.machine(.retrying), place: place, hold: hold, isNew: false)
        } catch {
            _ = try folder.move(place.root, to: folder, as: resting.root)
            throw error
        }
    }

    /// An operator's order was cut off between the outcome and the move: what was decided is made good, and nothing runs.
    private func finishDecided(_ record: ItemRecord, at resting: ItemPlace) throws(FileError) -> Bool {
        guard let bytes = try folder.read(resting.outcome) else { return false }
        guard let outcome = StatusDocument(bytes: bytes), outcome.state.isFinal else {
            try folder.remove(resting.outcome)
            return false
        }
        try publishStatus(outcome, at: resting)
        _ = try folder.move(resting.root, to: folder, as: ItemPlace.failed(record.id).root)
        around.onTransition(
            Transition(status: outcome, run: record.attempts.last?.run, submittedAt: record.submittedAt, trigger: record.trigger))
        return true
    }

    private var longestBackoff: Duration {
        switch rules.limits.backoff.steps {
        case .growing(_, _, let limit): limit * 1.2
        case .list(let delays): (delays.max() ?? .zero) * 1.2
        }
    }

    private func expire(_ record: ItemRecord, from resting: ItemPlace, expiry: Instant) throws(FileError) -> Grant? {
        let place = ItemPlace.claimed(record.id)
        guard try folder.move(resting.root, to: folder, as: place.root) == .moved else { return nil }
        try bury(record, place: place, reason: "expired", error: "it expired at \(expiry.rfc3339), before it could start again")
        return nil
    }

    /// Opens an item's payload for its lock; nil when it is gone.
    func open(_ name: FileName, at place: ItemPlace) throws(FileError) -> Hold? {
        do throws(FileError) {
            return try Hold.open(name, at: place, in: folder, isNetwork: isNetwork)
        } catch  where error.isMissing {
            return nil
        }
    }

    /// `item.json` is missing or torn: the payload is what counts, and starts a new history.
    func mendUnreadable(_ id: ItemID, at place: ItemPlace) throws(FileError) {
        guard let name = try folder.names(in: place.payloadFolder).first, let stamp = try folder.stamp(place.payload(name)) else {
            // Nothing but a shell: its file was never moved here, as far as the disk knows after a power cut.
            return try folder.removeTree(place.root)
        }
        tell("record \(id)", "item.json of \(id) is missing or not readable; the item keeps its file and starts a new history")
        let now = around.clocks.now()
        var record = ItemRecord(
            id: id, name: name, trigger: .drop, size: stamp.size, submittedAt: min(stamp.changed, now), claimedAt: now,
            instance: around.instances.own)
        record.nextAttemptAt = now
        // It was read when the item was claimed, and is no worse now.
        record.envelope = try folder.read(place.envelope, limit: Envelope.sizeLimit).flatMap { try? Envelope(bytes: $0) }
        record.trigger = record.envelope?.trigger ?? .drop
        try folder.replace(place.record, with: record.json.prettyBytes, mode: 0o640)
        shelf.put(id, due: uptime)
    }

    /// - Throws: `FileError` where it cannot be told now what the envelope says; the file then waits.
    func loadEnvelope(of name: FileName, in inboxFolder: Folder) throws(FileError) -> Result<LoadedEnvelope?, Envelope.Problem> {
        let bytes: [UInt8]?
        do throws(FileError) {
            bytes = try inboxFolder.read(RelativePath(Envelope.name(for: name)), limit: Envelope.sizeLimit + 1)
        } catch  where [.tooManySymbolicLinkLevels, .isDirectory, .noSuchAddressOrDevice].contains(error.code) {
            return .failure(Envelope.Problem("\(error)"))
        }
        guard let bytes else { return .success(nil) }
        return Result { () throws(Envelope.Problem) in LoadedEnvelope(envelope: try Envelope(bytes: bytes)) }
    }
}
