import Documents
import Files
import Spool
import SystemPackage

/// I9: what status files say is where the folders are.
extension Look {
    mutating func judgeStatuses(_ reader: QueueReader, _ places: [ItemID: QueueReader.Area]) throws(FileError) {
        var told: Set<FileName> = []
        let folder = reader.folder
        let listing: Listing
        do throws(FileError) { listing = try folder.folder(QueueLayout.status).listing() } catch  where error.isMissing { return }
        while let entry = try listing.next() {
            guard !entry.name.hasPrefix(".") else { continue }
            let path = folder.path.appending(QueueLayout.status / entry.name).escaped
            guard let bytes = try folder.read(QueueLayout.status / entry.name) else { continue }
            guard let status = StatusDocument(bytes: bytes) else {
                accuse(
                    .i9, "no_status_document", queue: reader.name, path: path, "it is not a status file",
                    mend: "remove it; see who writes into status/")
                continue
            }
            told.insert(status.name)
            judge(status, places[status.id], queue: reader.name, path: path)
        }
        try judgeUntold(reader, places, told)
    }

    private mutating func judge(_ status: StatusDocument, _ area: QueueReader.Area?, queue: FileName, path: String) {
        let isRight =
            switch area {
            case .done: status.state == .succeeded
            case .failed: status.state == .failed || status.state == .cancelled
            case .retry: status.state == .retrying || status.state == .held
            // Its end may be published already, and its next run not yet.
            case .claimed: true
            case .waiting, nil: false
            }
        guard !isRight else { return }
        // Without an orchestrator nobody can set right what a crash left.
        let isLeft = living == 0 && !evidence.isSettled && !status.state.isFinal
        accuse(
            .i9, "contradiction", level: isLeft ? .due : .violation, queue: queue, item: status.id, path: path,
            "it says \(status.state.rawValue), and the item is in \(area.map { "\($0.rawValue)/" } ?? "no folder")",
            mend: "bobbin status tells the truth from the folders; remove the status file if the item is gone for good")
    }

    /// A final item that no status file speaks of, nor of a later drop of its name.
    private mutating func judgeUntold(
        _ reader: QueueReader, _ places: [ItemID: QueueReader.Area], _ told: Set<FileName>
    ) throws(FileError) {
        for (id, place) in try reader.places(.done) + reader.places(.failed) {
            guard places[id] != nil, let name = try reader.record(at: place)?.name, !told.contains(name) else { continue }
            guard try reader.status(named: name) == nil else { continue }
            accuse(
                .i9, "no_status", queue: reader.name, item: id, path: reader.folder.path.escaped + "/" + place.root.escaped,
                "it is final, and status/ has nothing about \(name.escaped)",
                mend: "cp \(place.root.escaped)/outcome.json to status/, if callers still ask for it")
        }
    }
}
