import Documents
import Files
import SystemPackage

/// A file that was found ready becomes an item that is held.
extension FolderQueue {
    /// Steps 1 to 5 of contract §2: open, lease, lock, rename, record.
    func take(
        _ candidate: Inbox.Candidate, stamp: Stamp, earlier: Stamp?, envelope: LoadedEnvelope?, at now: Duration
    ) throws(FileError) -> Grant? {
        let name = candidate.key.name
        let inboxFolder = inboxes[candidate.key.folder]
        let isFolder = stamp.kind == .folder
        let hold: Hold
        Step.claimOpen.before()
        do throws(FileError) {
            hold = try Hold.open(RelativePath(name), in: inboxFolder, isFolder: isFolder, isNetwork: isNetwork)
        } catch  where error.isMissing {
            inbox.forget(candidate.key)
            return nil
        } catch  where error.code == .tooManySymbolicLinkLevels || error.code == .noSuchAddressOrDevice {
            // It was replaced between the look and the open; the next look sees what it is now.
            inbox.enqueue(candidate)
            return nil
        }
        Step.claimOpen.after()
        guard try hold.payload.stamp().isUnchanged(since: stamp) else {
            wait(candidate, for: rules.settleTime, reason: .settling(quiet: .zero, of: rules.settleTime), at: now)
            return nil
        }
        Step.claimLease.before()
        let lease: OpenFile.LeaseAnswer = isFolder || isNetwork ? .notPermitted : hold.payload.takeLease()
        defer { if lease == .granted { hold.payload.dropLease() } }
        switch lease {
        case .granted: break
        case .busy:
            var busy = candidate
            busy.busyLooks += 1
            wait(busy, for: Self.pause(afterBusyLooks: candidate.busyLooks), reason: .openForWriting, at: now)
            return nil
        case .notPermitted:
            // Only time can tell: the stamp must be the same once more after the settle time.
            guard isFolder || earlier.map({ stamp.isUnchanged(since: $0) }) ?? false else {
                wait(candidate, for: rules.settleTime, reason: .settling(quiet: .zero, of: rules.settleTime), at: now)
                return nil
            }
        }
        Step.claimLease.after()
        Step.claimLock.before()
        // A lock file lies in the item's folder, which is made with the claim.
        if !hold.needsLockFile, try !hold.tryLock() {
            wait(candidate, for: .milliseconds(100), reason: .queued, at: now)
            return nil
        }
        Step.claimLock.after()
        inbox.forget(candidate.key)
        return try rename(name, from: inboxFolder, hold: hold, isLeased: lease == .granted, stamp: stamp, envelope: envelope)
    }

    private func rename(
        _ name: FileName, from inboxFolder: Folder, hold oldHold: Hold, isLeased: Bool, stamp: Stamp, envelope: LoadedEnvelope?
    ) throws(FileError) -> Grant? {
        var hold = oldHold
        let clockNow = around.clocks.now()
        let id = envelope?.envelope.id ?? .make(at: clockNow)
        let place = ItemPlace.claimed(id)
        Step.claimFolder.before()
        // An id that a caller chose may be known already: then the item gets one of its own.
        let isKnown = envelope?.envelope.id.map { !isNowhere($0) } ?? false
        guard !isKnown, try makeClaim(place) else {
            if envelope?.envelope.id == nil { throw FileError(.makeFolder, folder.shownPath(place.root), .fileExists) }
            return try rename(
                name, from: inboxFolder, hold: hold, isLeased: isLeased, stamp: stamp, envelope: envelope?.withoutID)
        }
        do throws(FileError) {
            if hold.needsLockFile {
                try hold.makeLockFile(at: place, in: folder)
                _ = try hold.tryLock()
            }
            Step.claimFolder.after()
            if envelope != nil {
                Step.claimLetter.before()
                _ = try inboxFolder.linkOrCopy(RelativePath(Envelope.name(for: name)), to: folder, as: place.envelope)
                Step.claimLetter.after()
            }
            Step.claimRename.before()
            guard try inboxFolder.move(RelativePath(name), to: folder, as: place.payload(name), .own) == .moved,
                try folder.stamp(place.payload(name))?.isSameFile(as: stamp) == true,
                // A writer that found the name before the rename waits for the lease, and would write into what runs.
                !isLeased || hold.payload.isLeaseUndisturbed
            else {
                try putBack(name, to: inboxFolder, from: place)
                return nil
            }
        } catch {
            // Nothing is left behind, as far as the trouble allows: it may come again with every look.
            if folder.isMissing(place.payload(name)) {
                try? removeClaim(place)
            } else {
                try? putBack(name, to: inboxFolder, from: place)
            }
            throw error
        }
        Step.claimRename.after()
        if envelope != nil {
            Step.claimUnlink.before()
            try inboxFolder.remove(RelativePath(Envelope.name(for: name)))
            Step.claimUnlink.after()
        }
        var record = ItemRecord(
            id: id, name: name, trigger: envelope?.envelope.trigger ?? .drop, size: stamp.size,
            submittedAt: min(stamp.changed, clockNow), claimedAt: clockNow, instance: around.instances.own)
        record.envelope = envelope?.envelope
        if let expiry = envelope?.envelope.expiresAt, expiry <= clockNow {
            try bury(record, place: place, reason: "expired", error: "it expired at \(expiry.rfc3339), before it could start")
            return nil
        }
        do throws(FileError) {
            return try begin(record, machine: ItemMachine(), place: place, hold: hold, isNew: true)
        } catch {
            // Not recorded, so not started: the file goes back to where it was dropped.
            if envelope != nil { _ = try folder.linkOrCopy(place.envelope, to: inboxFolder, as: RelativePath(Envelope.name(for: name))) }
            try putBack(name, to: inboxFolder, from: place)
            throw error
        }
    }

    /// Records the attempt, before anything is started, and holds the item.
    func begin(
        _ oldRecord: ItemRecord, machine oldMachine: ItemMachine, place: ItemPlace, hold: Hold, isNew: Bool
    ) throws(FileError) -> Grant? {
        let record = oldRecord
        var machine = oldMachine
        guard case .recordAttempt(let attempt)? = machine.handle(.claim, limits: rules.limits).first else { return nil }
        let clockNow = around.clocks.now()
        Step.claimSlot.before()
        let slot = try slots.take()
        Step.claimSlot.after()
        do throws(FileError) {
            return try begin(
                record, machine: machine, attempt: attempt, slot: slot, place: place, hold: hold, isNew: isNew, at: clockNow)
        } catch {
            slots.giveBack(slot)
            throw error
        }
    }

    private func begin(
        _ oldRecord: ItemRecord, machine: ItemMachine, attempt: Int, slot: Slot, place: ItemPlace, hold: Hold, isNew: Bool,
        at clockNow: Instant
    ) throws(FileError) -> Grant {
        var record = oldRecord
        let ownWork = !isNew && folder.exists(place.work)
        record.instance = around.instances.own
        record.claimedAt = clockNow
        record.slot = slot.place.name
        record.fence += 1
        record.nextAttemptAt = nil
        let run = ItemID.make(at: clockNow)
        record.attempts.append(ItemRecord.Attempt(run: run, number: attempt, startedAt: clockNow))
        if record.attempts.count > ItemRecord.attemptsKept { record.attempts.removeFirst() }
        Step.claimRecord.before()
        if isNew {
            // Nobody reads a record before the payload is beside it, and recovery takes a torn one for none.
            try folder.write(record.json.prettyBytes, toEmpty: place.record, mode: 0o640)
        } else {
            try folder.replace(place.record, with: record.json.prettyBytes, mode: 0o640)
        }
        Step.claimRecord.after()
        if let runner = rules.runner {
            try open(place, slot, work: ownWork ? place.work : slot.place.place(.work), hold.payload, to: runner)
        }
        let grant = Grant(
            item: record.id, run: run, queue: name, name: record.name, fence: Fence(record.fence), deadline: nil,
            attempt: attempt, maxAttempts: rules.limits.maxAttempts, interruptions: record.interruptions,
            trigger: record.trigger, correlationID: record.envelope?.correlationID, session: nil,
            arguments: record.envelope?.arguments, submittedAt: record.submittedAt, claimedAt: clockNow, size: record.size)
        held[record.id] = Held(
            record: record, machine: machine, place: place, hold: hold, slot: slot, grant: grant,
            work: ownWork ? place.work : slot.place.place(.work),
            checkpointBefore: isNew ? nil : try folder.stamp(place.checkpoint), claimedUptime: uptime)
        return grant
    }

    /// The rename met another file than the one that was locked, or none: what was moved goes back, and is judged anew.
    func putBack(_ name: FileName, to inboxFolder: Folder, from place: ItemPlace) throws(FileError) {
        if try folder.move(place.payload(name), to: inboxFolder, as: RelativePath(name)) == .taken {
            // A newer file has the name: what we hold becomes an item of its own through recovery.
            Task { await self.recover() }
            return
        }
        try removeClaim(place)
        scan.isWanted = true
        startScan()
    }

    /// Makes the folder of a claim, or has one that was made ahead; false when something of its name is there.
    private func makeClaim(_ place: ItemPlace) throws(FileError) -> Bool {
        if try blanks.move(to: place) { return true }
        guard try folder.makeFolder(place.root, mode: 0o750) else { return false }
        do throws(FileError) {
            try folder.makeFolder(place.payloadFolder, mode: 0o750)
        } catch {
            try? removeClaim(place)
            throw error
        }
        return true
    }

    /// Removes the folder of a claim that came to nothing.
    private func removeClaim(_ place: ItemPlace) throws(FileError) {
        try folder.remove(place.envelope)
        try folder.remove(place.lock)
        try folder.remove(place.record)
        try folder.removeEmptyFolder(place.payloadFolder)
        try folder.removeEmptyFolder(place.root)
    }
}
