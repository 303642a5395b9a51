import Documents
import Files
import SystemPackage

extension FolderQueue {
    /// A run that ends sooner than this writes only its final status (contract §6 allows 100 ms).
    private static let statusDelay = Duration.milliseconds(80)
    /// How often progress is looked at while runs last.
    private static let progressInterval = Duration.milliseconds(500)

    func runningStatus(of item: Held) -> StatusDocument {
        var status = blankStatus(of: item)
        if folder.exists(item.place.log) { status.log = String(decoding: item.place.log.bytes, as: UTF8.self) }
        return status
    }

    /// What is known of a held item without a look.
    func blankStatus(of item: Held) -> StatusDocument {
        var status = StatusDocument(
            id: item.record.id, name: item.record.name, queue: name, state: .running, attempt: item.grant.attempt,
            maxAttempts: rules.limits.maxAttempts, interruptions: item.record.interruptions, size: item.record.size,
            submittedAt: item.record.submittedAt, claimedAt: item.record.claimedAt, instance: around.instances.own)
        status.startedAt = item.record.attempts.last?.startedAt
        status.progress = item.progress
        status.deployment = item.deployment
        status.correlationID = item.record.envelope?.correlationID
        return status
    }

    /// Keeps the status files of running items true while there are any.
    func startPulse() {
        guard pulse == nil else { return }
        pulse = Task { [weak self] in
            while let pause = await self?.beat() { try? await Task.sleep(for: pause) }
        }
    }

    /// Writes what is due; returns when to come again, nil when nothing runs.
    private func beat() -> Duration? {
        guard !held.isEmpty, !Task.isCancelled else {
            pulse = nil
            return nil
        }
        let now = uptime
        var next = Self.progressInterval
        for (id, item) in held where !item.isCommitting {
            let age = now - item.claimedUptime
            if !item.isStatusWritten, age < Self.statusDelay {
                next = min(next, Self.statusDelay - age)
            } else {
                refresh(id)
                if folder.exists(item.place.cancelRequest) { around.cancelRun(item.grant.run) }
            }
        }
        return max(next, .milliseconds(5))
    }

    private func refresh(_ id: ItemID) {
        guard var item = held[id] else { return }
        do throws(FileError) {
            let stamp = try folder.stamp(item.place.progress)
            let hasProgressed = stamp != item.progressStamp
            guard hasProgressed || !item.isStatusWritten else { return }
            if hasProgressed, let bytes = try folder.readTail(item.place.progress, limit: 4 * 1024) {
                item.progress = StatusDocument.Progress(script: bytes, at: around.clocks.now())
                item.progressStamp = stamp
            }
            try writeStatus(runningStatus(of: item))
            item.isStatusWritten = true
            held[id] = item
            forgetNotice("status")
        } catch {
            // Status is for reading; the run goes on without.
            tell("status", "\(error); status files are late until this passes")
        }
    }

    private func statusPlace(_ name: FileName) -> RelativePath { QueueLayout.status / StatusName.of(name) }

    /// Whether the status file of a name may be replaced by one of this item: not when a later drop of the name has it.
    private func isOurs(_ place: RelativePath, _ status: StatusDocument) throws(FileError) -> Bool {
        guard let bytes = try folder.read(place), let found = StatusDocument(bytes: bytes) else { return true }
        return found.id == status.id || found.submittedAt <= status.submittedAt
    }

    func writeStatus(_ status: StatusDocument) throws(FileError) {
        let place = statusPlace(status.name)
        guard try isOurs(place, status) else { return }
        let temporary = QueueLayout.status / (FileName(".\(status.id).new") ?? StatusName.of(status.name))
        try folder.remove(temporary)
        do throws(FileError) {
            Step.statusWrite.before()
            try folder.write(status.json.prettyBytes, toNew: temporary, mode: 0o644)
            Step.statusWrite.after()
            Step.statusRename.before()
            try folder.replaceForCertain(temporary, as: place)
            Step.statusRename.after()
        } catch {
            _ = try? folder.remove(temporary)
            throw error
        }
    }

    /// The final status is the outcome document itself, by a second name: no second write.
    func publishStatus(_ status: StatusDocument, at place: ItemPlace) throws(FileError) {
        let target = statusPlace(status.name)
        Step.publishStatus.before()
        switch try folder.linkOrCopy(place.outcome, to: folder, as: target) {
        case .moved: return Step.publishStatus.after()
        case .missing: throw FileError(.link, folder.shownPath(place.outcome), .noSuchFileOrDirectory)
        case .taken: break
        }
        guard try isOurs(target, status) else { return }
        let temporary = QueueLayout.status / (FileName(".\(status.id).new") ?? StatusName.of(status.name))
        if try folder.linkOrCopy(place.outcome, to: folder, as: temporary) == .taken {
            // A crash in the middle of writing a status left it.
            try folder.remove(temporary)
            _ = try folder.linkOrCopy(place.outcome, to: folder, as: temporary)
        }
        Step.publishSwap.before()
        try folder.replaceForCertain(temporary, as: target)
        Step.publishSwap.after()
        // Renaming one name of a file over another of the same file does nothing (rename(2)).
        try folder.remove(temporary)
        Step.publishStatus.after()
    }

    /// Whether no folder of the queue has the item.
    func isNowhere(_ id: ItemID) -> Bool {
        do throws(FileError) { return try QueueReader(name: name, folder: folder).place(of: id) == nil } catch { return false }
    }

    func removeStatus(of id: ItemID, name: FileName) throws(FileError) {
        let place = statusPlace(name)
        guard let bytes = try folder.read(place), StatusDocument(bytes: bytes)?.id == id else { return }
        try folder.remove(place)
    }
}
