import Documents
import Files

/// Removes finished items whose time is over (setting `retention`). Touches `done/`, `failed/` and what they
/// published; never what waits, rests or runs.
package struct Sweeper: Sendable {
    private let reader: QueueReader
    private let clocks: Clocks

    package init(name: FileName, folder: Folder, clocks: Clocks = .system) {
        reader = QueueReader(name: name, folder: folder)
        self.clocks = clocks
    }

    /// Sweeps once; returns how many items were removed. Blocks for as long as it takes: call it through `Offload`.
    package func sweep(_ retention: Retention) throws(FileError) -> Int {
        var removed = 0
        let folder = reader.folder
        if retention.done.age != nil || retention.done.count != nil {
            // Newest day first, so that a limit by count keeps the newest.
            var kept = 0
            for day in try reader.days().reversed() {
                let (gone, left) = try sweep(QueueLayout.done / day, retention.done, alreadyKept: kept)
                removed += gone
                kept += left
                guard left == 0, day.bytes != Array(clocks.now().day.utf8) else { continue }
                Step.sweepDay.before()
                try folder.removeEmptyFolder(QueueLayout.done / day)
                Step.sweepDay.after()
            }
        }
        if retention.failed.age != nil || retention.failed.count != nil {
            removed += try sweep(QueueLayout.failed, retention.failed, alreadyKept: 0).removed
        }
        return removed
    }

    private func sweep(
        _ area: RelativePath, _ limit: Retention.Limit, alreadyKept: Int
    ) throws(FileError) -> (removed: Int, kept: Int) {
        let folder = reader.folder
        let now = clocks.now()
        var removed = 0
        var kept = 0
        // Ids sort by time; the newest come first.
        for name in try folder.names(in: area).sorted().reversed() {
            guard let id = ItemID(bytes: name.bytes) else { continue }
            let place = ItemPlace(area / name)
            guard let stamp = try folder.stamp(place.root) else { continue }
            // The last change of the item's folder is the rename that made its state final.
            let isOld = limit.age.map { now - stamp.changed > $0 } ?? false
            let isSurplus = limit.count.map { alreadyKept + kept >= $0 } ?? false
            guard isOld || isSurplus else {
                kept += 1
                continue
            }
            try remove(id, at: place)
            removed += 1
        }
        return (removed, kept)
    }

    private func remove(_ id: ItemID, at place: ItemPlace) throws(FileError) {
        let folder = reader.folder
        Step.sweepStatus.before()
        // A power cut may have taken the record; the outcome knows the name as well.
        let outcome = try folder.read(place.outcome).flatMap(StatusDocument.init(bytes:))
        if let name = try reader.record(at: place)?.name ?? outcome?.name {
            let status = QueueLayout.status / StatusName.of(name)
            if try folder.read(status).flatMap(StatusDocument.init(bytes:))?.id == id { try folder.remove(status) }
        }
        Step.sweepStatus.after()
        Step.sweepResults.before()
        try folder.removeTree(QueueLayout.results / id)
        Step.sweepResults.after()
        Step.sweepItem.before()
        // The payload first: what is found with a payload and without an outcome runs again after a power cut.
        try folder.removeTree(place.payloadFolder)
        try folder.removeTree(place.root)
        Step.sweepItem.after()
    }
}
