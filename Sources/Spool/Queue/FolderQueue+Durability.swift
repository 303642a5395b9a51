import Documents
import Files

/// What must be on the disk before something else may rely on it (contract §2, Durability). Each function returns when it
/// is; what several items need at the same time is synced once (`SyncGroup`).
extension FolderQueue {
    /// The outcome, to be given its name: that is the commit point. Where something will rely on it, it is on the disk by
    /// then, and so are the products it announces.
    func draftOutcome(
        _ status: StatusDocument, of record: ItemRecord, at place: ItemPlace, leftovers: Leftovers
    ) async throws(FileError) -> Folder.Draft {
        var products: [RelativePath] = []
        if leftovers.results { products += try await tree(place.results) }
        if leftovers.next { products += try await tree(place.next) + [writeNextEnvelope(of: record, at: place)] }
        let draft = try folder.draft(place.outcome, status.json.prettyBytes, mode: 0o644)
        guard leftovers.needDurableOutcome else { return draft }
        do throws(FileError) {
            // Where the payload lies, too: if its claim were lost and the outcome not, it would run again all the same.
            Step.commitSync.before()
            try await sync(products + [place.payloadFolder], and: [draft.file])
            Step.commitSync.after()
        } catch {
            throw draft.dropped(because: error)
        }
        return draft
    }

    /// An outcome that was found may be in memory only: the orchestrator that wrote it died before it had synced it.
    func makeOutcomeDurable(of record: ItemRecord, at place: ItemPlace, leftovers: Leftovers) async throws(FileError) {
        var files = [place.root, place.payloadFolder]
        // Products were synced with their outcome before it got its name.
        if !leftovers.hasProducts { files.append(place.outcome) }
        if leftovers.next, try folder.stamp(place.nextEnvelope) == nil {
            files.append(try writeNextEnvelope(of: record, at: place))
        }
        try await sync(files)
    }

    /// The names under which results and forwards were published, before the item leaves `claimed/`.
    func syncPublished(_ folders: [Folder]) async throws(FileError) {
        guard !folders.isEmpty else { return }
        Step.publishSync.before()
        try await syncs.sync(folders.map(\.file))
        Step.publishSync.after()
    }

    /// The next attempt relies on the checkpoint: it must survive a power cut before that is promised.
    func syncCheckpoint(of place: ItemPlace) async throws(FileError) {
        // Anything but a file is a mistake of the script's, and must not hold up the commit.
        guard try folder.stamp(place.checkpoint)?.kind == .file else { return }
        Step.commitCheckpoint.before()
        try await sync([place.checkpoint, place.root, place.payloadFolder])
        Step.commitCheckpoint.after()
    }

    /// A sync that failed has told of lost bytes once, and may succeed when it is asked again although they are still
    /// lost (fsync(2) on Linux). So it is not: the run counts as stopped, and runs again after a rest.
    func giveUpProducts(of work: inout PendingCommit, _ error: FileError) {
        tell("products", "\(error); what the run produced may be lost, so it runs again, and nothing is lost")
        guard let item = held[work.item.record.id] else { return }
        work.item.record = item.record
        work.item.machine = item.machine
        work.result.ending = RunEnding(.stopped, reason: "not_durable")
        work.result.error = "\(error)"
        work.actions = nil
        work.status = nil
        work.leftovers = Leftovers()
        work.hasLostProducts = true
        pausedUntil = uptime + productPause
        productPause = min(productPause * 2, .seconds(60))
    }

    func removeLostProducts(of work: inout PendingCommit) throws(FileError) {
        let place = work.item.place
        for product in [place.results, place.next, place.nextEnvelope] { try folder.removeTree(product) }
        work.hasLostProducts = false
    }

    func productsAreDurable() {
        productPause = .seconds(1)
        forgetNotice("products")
    }

    private func writeNextEnvelope(of record: ItemRecord, at place: ItemPlace) throws(FileError) -> RelativePath {
        let envelope = Envelope(
            correlationID: record.envelope?.correlationID ?? record.id.description, trigger: .forward,
            hops: (record.envelope?.hops ?? 0) + 1)
        try folder.overwrite(place.nextEnvelope, mode: 0o640).write(envelope.json.prettyBytes)
        return place.nextEnvelope
    }

    /// Files open at a time.
    private static let batch = 64

    private func sync(_ places: [RelativePath], and files: [OpenFile] = []) async throws(FileError) {
        var files = files
        for place in places {
            files.append(try folder.open(place))
            if files.count >= Self.batch {
                try await syncs.sync(files)
                files = []
            }
        }
        try await syncs.sync(files)
    }

    /// All files and folders of a product.
    private func tree(_ place: RelativePath) async throws(FileError) -> [RelativePath] {
        let folder = folder
        return try await Offload.run { () throws(FileError) in
            var found: [RelativePath] = []
            func collect(_ inside: RelativePath) throws(FileError) {
                var hasFiles = false
                for name in try folder.names(in: inside) {
                    switch try folder.stamp(inside / name)?.kind {
                    case .folder: try collect(inside / name)
                    case .file:
                        found.append(inside / name)
                        hasFiles = true
                    case .symbolicLink, .pipe, .socket, .device, nil: break
                    }
                }
                // A folder of folders gets to the disk with those.
                if hasFiles { found.append(inside) }
            }
            try collect(place)
            return found
        }
    }
}
