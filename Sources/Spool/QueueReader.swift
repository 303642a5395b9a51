import Documents
import Files
import SystemPackage

/// Looks into a queue's folder and changes nothing: for commands, with or without a running orchestrator.
package struct QueueReader: Sendable {
    package let name: FileName
    package let folder: Folder

    package init(name: FileName, folder: Folder) {
        self.name = name
        self.folder = folder
    }

    /// Opens a queue below the spool; nil when there is none of that name.
    package static func open(_ name: FileName, in spool: Folder) throws(FileError) -> QueueReader? {
        do throws(FileError) {
            return QueueReader(name: name, folder: try spool.folder(RelativePath(name)))
        } catch  where error.isMissing || error.code == .notDirectory || error.code == .tooManySymbolicLinkLevels {
            return nil
        }
    }

    /// All queues below a spool folder, in the order of their names.
    package static func all(in spool: Folder) throws(FileError) -> [QueueReader] {
        var readers: [QueueReader] = []
        for name in try spool.names().sorted() where !name.hasPrefix(".") {
            if try spool.stamp(RelativePath(name))?.kind == .folder, let reader = try open(name, in: spool) { readers.append(reader) }
        }
        return readers
    }

    package enum Area: String, Sendable, CaseIterable { case waiting, claimed, retry, done, failed }

    /// Where an item lies; nil when it is not in this queue.
    package func place(of id: ItemID) throws(FileError) -> (area: Area, place: ItemPlace)? {
        for (area, place) in [(Area.claimed, ItemPlace.claimed(id)), (.retry, .retry(id)), (.failed, .failed(id))]
        where folder.exists(place.root) {
            return (area, place)
        }
        for day in try days().reversed() {
            let place = ItemPlace.done(id, day: day)
            if folder.exists(place.root) { return (.done, place) }
        }
        return nil
    }

    /// The status file of a name.
    package func status(named file: FileName) throws(FileError) -> StatusDocument? {
        try folder.read(QueueLayout.status / StatusName.of(file)).flatMap(StatusDocument.init(bytes:))
    }

    /// The latest status of an item, from its outcome or its status file.
    package func status(of id: ItemID) throws(FileError) -> StatusDocument? {
        guard let (_, place) = try place(of: id) else { return nil }
        if let outcome = try folder.read(place.outcome).flatMap(StatusDocument.init(bytes:)) { return outcome }
        guard let record = try record(at: place) else { return nil }
        if let status = try status(named: record.name), status.id == id { return status }
        var status = StatusDocument(
            id: id, name: record.name, queue: name, state: .running, attempt: record.failures + 1, maxAttempts: 0,
            interruptions: record.interruptions, size: record.size, submittedAt: record.submittedAt,
            claimedAt: record.claimedAt, instance: record.instance)
        if folder.exists(ItemPlace.retry(id).root) {
            status.state = .retrying
            status.nextAttemptAt = record.nextAttemptAt
        }
        return status
    }

    package func record(at place: ItemPlace) throws(FileError) -> ItemRecord? {
        try folder.read(place.record).flatMap(ItemRecord.init(bytes:))
    }

    /// The items in an area with their places, oldest first.
    package func places(_ area: Area) throws(FileError) -> [(id: ItemID, place: ItemPlace)] {
        switch area {
        case .waiting: return []
        case .claimed: return try ids(in: QueueLayout.claimed).map { ($0, .claimed($0)) }
        case .retry: return try ids(in: QueueLayout.retry).map { ($0, .retry($0)) }
        case .failed: return try ids(in: QueueLayout.failed).map { ($0, .failed($0)) }
        case .done:
            var places: [(id: ItemID, place: ItemPlace)] = []
            for day in try days() { places += try ids(in: QueueLayout.done / day).map { ($0, .done($0, day: day)) } }
            return places
        }
    }

    /// The ids in an area, oldest first; of `done/` at most the newest `limit`.
    package func items(_ area: Area, limit: Int = .max) throws(FileError) -> [ItemID] {
        switch area {
        case .waiting: return []
        case .claimed: return try ids(in: QueueLayout.claimed)
        case .retry: return try ids(in: QueueLayout.retry)
        case .failed: return try ids(in: QueueLayout.failed)
        case .done:
            var found: [ItemID] = []
            for day in try days().reversed() where found.count < limit {
                found.insert(contentsOf: try ids(in: QueueLayout.done / day).suffix(limit - found.count), at: 0)
            }
            return found
        }
    }

    /// The folders of `done/`, oldest first. What else somebody put there is left alone.
    func days() throws(FileError) -> [FileName] {
        var days: [FileName] = []
        for name in try folder.names(in: QueueLayout.done).sorted() where try folder.stamp(QueueLayout.done / name)?.kind == .folder {
            days.append(name)
        }
        return days
    }

    private func ids(in place: RelativePath) throws(FileError) -> [ItemID] {
        try folder.names(in: place).compactMap { ItemID(bytes: $0.bytes) }.sorted()
    }

    /// How many items lie where. Counts names as they stream by: costs no memory, but time with a large backlog.
    package func counts(rules: QueueRules = QueueRules()) throws(FileError) -> [Area: Int] {
        var counts = try countsOfItems()
        counts[.waiting] = try backlog(rules: rules, lookLimit: 0).count
        return counts
    }

    /// How many items lie outside the inbox, by where.
    package func countsOfItems() throws(FileError) -> [Area: Int] {
        var counts: [Area: Int] = [:]
        for (area, place) in [(Area.claimed, QueueLayout.claimed), (.retry, QueueLayout.retry), (.failed, QueueLayout.failed)] {
            counts[area] = try count(in: place)
        }
        counts[.done] = 0
        for day in try days() { counts[.done, default: 0] += try count(in: QueueLayout.done / day) }
        return counts
    }

    private func count(in place: RelativePath) throws(FileError) -> Int {
        let inside: Folder
        do throws(FileError) { inside = try folder.folder(place) } catch  where error.isMissing || error.code == .notDirectory { return 0 }
        let listing = try inside.listing()
        var count = 0
        while let entry = try listing.next() {
            if ItemID(bytes: entry.name.bytes) != nil { count += 1 }
        }
        return count
    }
}
