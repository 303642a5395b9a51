import Documents
import Files
import SystemPackage

/// An operator's orders, carried out on the folders: the same whether an orchestrator runs or not.
///
/// An item that runs belongs to the orchestrator that holds its lock; it is asked through a file in the item's folder.
package struct ItemOrders: Sendable {
    private let name: FileName
    private let folder: Folder
    private let clocks: Clocks

    package init(name: FileName, folder: Folder, clocks: Clocks = .system) {
        self.name = name
        self.folder = folder
        self.clocks = clocks
    }

    package func carryOut(_ order: ItemOrder, on id: ItemID) throws(FileError) -> OrderAnswer {
        switch order {
        case .retry: try retry(id)
        case .cancel: try cancel(id)
        case .discard: try discard(id)
        }
    }

    /// Puts a failed item back with its history; the counts of attempts and interruptions start anew.
    private func retry(_ id: ItemID) throws(FileError) -> OrderAnswer {
        let resting = ItemPlace.retry(id)
        let isResting = folder.exists(resting.root)
        let place = isResting ? resting : ItemPlace.failed(id)
        guard folder.exists(place.root) else { return .refused(whyNot(id, "retry")) }
        guard let lock = try lock(at: place) else {
            return .refused("item \(id) has no payload that could be run: \(name.escaped)/\(place.root.escaped)")
        }
        guard try lock.tryLock() else { return .refused("item \(id) is being started or finished at this moment") }
        var record = record(at: place) ?? freshRecord(id, at: place)
        var machine = record.machine(isResting ? .retrying : .failed)
        _ = machine.handle(.operatorRetry, limits: ItemMachine.Limits())
        record.failures = machine.failures
        record.interruptions = machine.interruptions
        record.nextAttemptAt = clocks.now()
        if let outcome = try folder.read(place.outcome).flatMap(StatusDocument.init(bytes:)) { record.closeLastAttempt(with: outcome) }
        try folder.replace(place.record, with: record.json.prettyBytes, mode: 0o640)
        try folder.remove(place.cancelRequest)
        // The move first: cut off after it, the order is void, and the item goes back to failed/ with its outcome.
        if !isResting, try folder.move(place.root, to: folder, as: resting.root) != .moved {
            return .refused("item \(id) was moved by somebody else at this moment")
        }
        // The old outcome stays readable; left under its name it would be taken for the outcome of the next run.
        try folder.replace(resting.outcome, to: folder, as: resting.root / "outcome.previous.json")
        var status = status(of: record, .retrying, reason: "operator")
        status.nextAttemptAt = record.nextAttemptAt
        try publish(status)
        // A rename within the folder is what tells the orchestrator to look again, now that it may have the lock.
        let aside = QueueLayout.retry / (FileName(".\(id)") ?? name)
        if try folder.move(resting.root, to: folder, as: aside) == .moved { _ = try folder.move(aside, to: folder, as: resting.root) }
        return .done
    }

    private func cancel(_ id: ItemID) throws(FileError) -> OrderAnswer {
        let running = ItemPlace.claimed(id)
        if folder.exists(running.root) {
            _ = try folder.append(to: running.cancelRequest)
            return .running(run: record(at: running)?.attempts.last?.run ?? id)
        }
        let resting = ItemPlace.retry(id)
        guard folder.exists(resting.root) else { return .refused(whyNot(id, "cancel")) }
        guard let lock = try lock(at: resting), try lock.tryLock() else {
            return .refused("item \(id) is being started at this moment; try again")
        }
        try conclude(record(at: resting) ?? freshRecord(id, at: resting), at: resting)
        return .done
    }

    /// Cancels a file that still waits in the inbox: it goes to `failed/` without having run, with its envelope and
    /// under the id that this asks for. nil when it waits no more, or is being claimed at this moment.
    package func cancelWaiting(_ file: FileName) throws(FileError) -> ItemID? {
        guard let stamp = try folder.stamp(RelativePath(file)) else { return nil }
        // Held until the outcome is there, so that nobody recovers the item in between. What cannot be opened as a file
        // (a link, a pipe) has no lock, and is never run either.
        let hold: Hold?
        do throws(FileError) {
            hold =
                stamp.kind == .file || stamp.kind == .folder
                ? try Hold.open(
                    RelativePath(file), in: folder, isFolder: stamp.kind == .folder, isNetwork: folder.fileSystem.isNetwork) : nil
        } catch  where error.isMissing {
            return nil
        }
        if let hold, !hold.needsLockFile, try !hold.tryLock() { return nil }
        defer { withExtendedLifetime(hold) {} }
        let now = clocks.now()
        let envelopeName = Envelope.name(for: file)
        let letter = try folder.read(RelativePath(envelopeName), limit: Envelope.sizeLimit)
        let envelope = letter.flatMap { try? Envelope(bytes: $0) }
        var id = envelope?.id ?? ItemID.make(at: now)
        if try QueueReader(name: name, folder: folder).place(of: id) != nil { id = ItemID.make(at: now) }
        let place = ItemPlace.claimed(id)
        guard try folder.makeFolder(place.root, mode: 0o750) else { return nil }
        try folder.makeFolder(place.payloadFolder, mode: 0o750)
        guard try folder.move(RelativePath(file), to: folder, as: place.payload(file), .own) == .moved else {
            try folder.removeTree(place.root)
            return nil
        }
        if letter != nil { _ = try folder.move(RelativePath(envelopeName), to: folder, as: place.envelope, .own) }
        var record = ItemRecord(
            id: id, name: file, trigger: envelope?.trigger ?? .drop, size: stamp.size, submittedAt: min(stamp.changed, now), claimedAt: now,
            instance: ItemID(high: 0, low: 0))
        record.envelope = envelope
        try folder.write(record.json.prettyBytes, toNew: place.record, mode: 0o640)
        try conclude(record, at: place)
        return id
    }

    private func conclude(_ record: ItemRecord, at place: ItemPlace) throws(FileError) {
        var status = status(of: record, .cancelled, reason: "cancelled")
        status.finishedAt = clocks.now()
        status.error = "cancelled by an operator"
        try folder.replace(place.outcome, with: status.json.prettyBytes, mode: 0o644)
        try publish(status)
        _ = try folder.move(place.root, to: folder, as: ItemPlace.failed(record.id).root)
    }

    /// Removes a finished or resting item for good, with its log, results and status.
    private func discard(_ id: ItemID) throws(FileError) -> OrderAnswer {
        if folder.exists(ItemPlace.claimed(id).root) { return .refused("item \(id) runs; cancel it first") }
        guard let place = try QueueReader(name: name, folder: folder).place(of: id)?.place else { return .refused(whyNot(id, "discard")) }
        if let lock = try lock(at: place), try !lock.tryLock() { return .refused("item \(id) is being started at this moment; try again") }
        if let record = record(at: place) {
            let statusPlace = QueueLayout.status / StatusName.of(record.name)
            if let bytes = try folder.read(statusPlace), StatusDocument(bytes: bytes)?.id == id { try folder.remove(statusPlace) }
        }
        try folder.removeTree(QueueLayout.results / id)
        try folder.removeTree(place.payloadFolder)
        try folder.removeTree(place.root)
        return .done
    }

    private func whyNot(_ id: ItemID, _ order: String) -> String {
        if folder.exists(ItemPlace.claimed(id).root) { return "item \(id) runs at this moment" }
        if folder.exists(ItemPlace.failed(id).root) { return "item \(id) has failed already; use retry or discard" }
        let (done, whose) =
            switch order {
            case "retry": ("retried", "failed and resting items")
            case "cancel": ("cancelled", "items that wait, rest or run")
            default: ("discarded", "finished and resting items")
            }
        return "queue \(name.escaped) has no item \(id) that could be \(done); only \(whose) can"
    }

    private func lock(at place: ItemPlace) throws(FileError) -> Hold? {
        guard let payload = try folder.names(in: place.payloadFolder).first else { return nil }
        do throws(FileError) {
            return try Hold.open(payload, at: place, in: folder, isNetwork: folder.fileSystem.isNetwork)
        } catch  where error.code == .tooManySymbolicLinkLevels || error.code == .noSuchAddressOrDevice {
            return nil
        }
    }

    private func record(at place: ItemPlace) -> ItemRecord? {
        (try? folder.read(place.record)).flatMap { $0 }.flatMap(ItemRecord.init(bytes:))
    }

    private func freshRecord(_ id: ItemID, at place: ItemPlace) -> ItemRecord {
        let payload = (try? folder.names(in: place.payloadFolder).first).flatMap { $0 } ?? FileName("payload" as StaticString)
        let now = clocks.now()
        return ItemRecord(
            id: id, name: payload, trigger: .drop, size: 0, submittedAt: now, claimedAt: now, instance: ItemID(high: 0, low: 0))
    }

    private func status(of record: ItemRecord, _ state: StatusDocument.State, reason: String) -> StatusDocument {
        var status = StatusDocument(
            id: record.id, name: record.name, queue: name, state: state, attempt: record.failures + 1,
            maxAttempts: 0, interruptions: record.interruptions, size: record.size, submittedAt: record.submittedAt,
            claimedAt: record.claimedAt, instance: record.instance)
        let place = QueueLayout.status / StatusName.of(record.name)
        if let bytes = try? folder.read(place).flatMap({ $0 }), let old = StatusDocument(bytes: bytes), old.id == record.id {
            status.maxAttempts = old.maxAttempts
        }
        status.reason = reason
        status.correlationID = record.envelope?.correlationID
        return status
    }

    private func publish(_ status: StatusDocument) throws(FileError) {
        let place = QueueLayout.status / StatusName.of(status.name)
        if let bytes = try folder.read(place), let found = StatusDocument(bytes: bytes), found.id != status.id,
            found.submittedAt > status.submittedAt
        {
            return
        }
        // Under the item's name, by which recovery finds what a crash leaves.
        let temporary = QueueLayout.status / (FileName(".\(status.id).new") ?? StatusName.of(status.name))
        try folder.overwrite(temporary, mode: 0o644).write(status.json.prettyBytes)
        try folder.replaceForCertain(temporary, as: place)
    }
}
