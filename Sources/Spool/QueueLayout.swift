import Documents
import Files
import SystemPackage

/// Where everything lies inside a queue's folder (contract §1). All places are relative to that folder.
package enum QueueLayout {
    package static let claimed = RelativePath("claimed")
    package static let retry = RelativePath("retry")
    package static let done = RelativePath("done")
    package static let failed = RelativePath("failed")
    package static let status = RelativePath("status")
    package static let results = RelativePath("results")
    /// Folders that runs get to write into, used again by later runs while they stay empty.
    package static let slots = RelativePath("claimed/.slots")

    /// Names that are never items in a queue, whatever they are.
    package static let reserved: Set<FileName> = ["claimed", "done", "failed", "results", "retry", "status"].reduce(into: []) {
        if let name = FileName($1 as String) { $0.insert(name) }
    }

    /// Creates what a queue needs and opens it. Callers may read status and results; the rest is Bobbin's own.
    package static func make(_ name: FileName, in spool: Folder) throws(FileError) -> Folder {
        let place = RelativePath(name)
        try spool.makeFolder(place, mode: 0o755)
        let queue = try spool.folder(place)
        try complete(queue)
        return queue
    }

    /// Makes what is missing inside a queue: new, or deleted by somebody while it was in use.
    package static func complete(_ queue: Folder) throws(FileError) {
        for (inside, mode) in [(claimed, 0o750), (retry, 0o750), (done, 0o750), (failed, 0o750), (status, 0o755), (results, 0o755)]
            as [(RelativePath, UInt32)]
        {
            try queue.makeFolder(inside, mode: mode)
        }
    }
}

/// The places inside one item's folder, the same in every state.
package struct ItemPlace: Sendable {
    package let root: RelativePath

    package init(_ root: RelativePath) { self.root = root }
    package static func claimed(_ id: ItemID) -> ItemPlace { ItemPlace(QueueLayout.claimed / id) }
    package static func retry(_ id: ItemID) -> ItemPlace { ItemPlace(QueueLayout.retry / id) }
    package static func failed(_ id: ItemID) -> ItemPlace { ItemPlace(QueueLayout.failed / id) }

    /// `day` is the UTC day of the outcome.
    package static func done(_ id: ItemID, day: FileName) -> ItemPlace { ItemPlace(QueueLayout.done / day / id) }

    package var payloadFolder: RelativePath { root / "payload" }
    package func payload(_ name: FileName) -> RelativePath { root / "payload" / name }
    package var record: RelativePath { root / "item.json" }
    package var outcome: RelativePath { root / "outcome.json" }
    /// Held instead of the payload where that cannot be locked (`Hold`).
    package var lock: RelativePath { root / "lock" }
    package var log: RelativePath { root / "log" }
    package var checkpoint: RelativePath { root / "checkpoint" }
    package var work: RelativePath { root / "work" }
    package var envelope: RelativePath { root / "envelope" }
    package var progress: RelativePath { root / "progress" }
    package var output: RelativePath { root / "output" }
    /// Its presence asks the orchestrator that runs the item to cancel it.
    package var cancelRequest: RelativePath { root / "cancel" }
    package var results: RelativePath { root / "results" }
    package var next: RelativePath { root / "next" }
    /// What goes beside each file that is forwarded; one file for all of them, by further names.
    package var nextEnvelope: RelativePath { root / "next.envelope" }
}

/// The name of a status file: the payload's name and `.json`, shortened when it is too long for that.
package enum StatusName {
    package static func of(_ name: FileName) -> FileName { ShortName.of(name, suffix: ".json") }
}
