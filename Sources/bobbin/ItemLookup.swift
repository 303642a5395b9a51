import Documents
import Files
import Spool

/// Finds what a person means by `NAME|ID` in a queue: a file that still waits in the inbox, or an item.
struct ItemLookup {
    let queue: QueueReader
    private var folder: Folder { queue.folder }

    init(_ queue: QueueReader) { self.queue = queue }

    enum Found {
        /// Lies in the inbox; the envelope tells the id it is going to have, if somebody chose one.
        case waiting(FileName, Stamp, ItemID?)
        case item(ItemID, QueueReader.Area, ItemPlace)
    }

    /// The newest that bears the name, or the item of that id.
    func find(_ argument: NameArgument) throws -> Found? {
        if let id = argument.id, let found = try find(id) { return found }
        for name in argument.names { if let found = try find(named: name) { return found } }
        return nil
    }

    func find(named name: FileName) throws -> Found? {
        if let stamp = try inInbox(name) { return .waiting(name, stamp, envelopeID(of: name)) }
        return try item(named: name)
    }

    func find(_ id: ItemID) throws -> Found? {
        if let (area, place) = try place(of: id) { return .item(id, area, place) }
        guard let name = try waitingName(of: id) else { return try place(of: id).map { .item(id, $0.area, $0.place) } }
        return try inInbox(name).map { .waiting(name, $0, id) }
    }

    /// The stamp of what waits under a name; nil also for names that are the queue's own.
    func inInbox(_ name: FileName) throws -> Stamp? {
        QueueLayout.reserved.contains(name) ? nil : try folder.stamp(RelativePath(name))
    }

    /// An item on its way from one folder to another can be missed by one look, since the looks take turns.
    func place(of id: ItemID) throws -> (area: QueueReader.Area, place: ItemPlace)? {
        for _ in 0..<3 { if let place = try queue.place(of: id) { return place } }
        return nil
    }

    /// The newest item of a name: what is under way first, then what its status file tells, then what has failed.
    func item(named name: FileName) throws -> Found? {
        if let (id, area) = try newest(name, in: [.claimed, .retry]), let place = try place(of: id)?.place {
            return .item(id, area, place)
        }
        if let status = try queue.status(named: name), status.name == name, let (area, place) = try place(of: status.id) {
            return .item(status.id, area, place)
        }
        guard let (id, area) = try newest(name, in: [.failed]) else { return nil }
        return .item(id, area, .failed(id))
    }

    /// The newest item of a name in some of the folders.
    func newest(_ name: FileName, in areas: [QueueReader.Area]) throws -> (ItemID, QueueReader.Area)? {
        var best: (ItemID, QueueReader.Area)?
        for area in areas {
            // Ids sort by time.
            guard let id = try queue.items(area).last(where: { folder.exists(Self.place($0, area).payload(name)) })
            else { continue }
            if best.map({ $0.0 < id }) ?? true { best = (id, area) }
        }
        return best
    }

    private static func place(_ id: ItemID, _ area: QueueReader.Area) -> ItemPlace {
        switch area {
        case .claimed, .waiting, .done: .claimed(id)
        case .retry: .retry(id)
        case .failed: .failed(id)
        }
    }

    /// The id that a waiting file's envelope asks for.
    func envelopeID(of name: FileName) -> ItemID? {
        id(inEnvelope: Envelope.name(for: name))
    }

    private func id(inEnvelope name: FileName) -> ItemID? {
        guard let bytes = try? folder.read(RelativePath(name), limit: Envelope.sizeLimit + 1) else { return nil }
        return (try? Envelope(bytes: bytes))?.id
    }

    /// The file in the inbox whose envelope asks for this id. Reads all envelopes there.
    func waitingName(of id: ItemID) throws -> FileName? {
        let listing = try folder.listing()
        while let entry = try listing.next() {
            guard let name = entry.name.dropping(suffix: ".envelope"), self.id(inEnvelope: entry.name) == id else { continue }
            return folder.exists(RelativePath(name)) ? name : try longName(ofEnvelope: entry.name)
        }
        return nil
    }

    /// The file whose name was too long for that of its envelope.
    private func longName(ofEnvelope name: FileName) throws -> FileName? {
        let listing = try folder.listing()
        while let entry = try listing.next() { if Envelope.name(for: entry.name) == name { return entry.name } }
        return nil
    }

    /// The status of an item, also while it moves from one folder to another.
    func status(of id: ItemID) throws -> StatusDocument? {
        for _ in 0..<3 { if let status = try queue.status(of: id) { return status } }
        return nil
    }
}

extension RootOptions {
    /// Fails with "not found" when there is nothing of that name.
    func find(_ argument: NameArgument, in queue: QueueReader) throws -> ItemLookup.Found {
        if let found = try ItemLookup(queue).find(argument) { return found }
        throw Failure(
            .notFound,
            "queue \(queue.name.escaped) has nothing that is called \"\(argument.escaped)\", and no item of that id")
    }
}
