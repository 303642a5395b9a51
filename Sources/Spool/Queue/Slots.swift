import Documents
import Files
import SystemPackage

/// The places of one set of scratch folders for a run: `work/`, `results/`, `next/`, and the shutdown file.
struct SlotPlace: Hashable {
    let root: RelativePath

    func place(_ part: Slot.Part) -> RelativePath {
        switch part {
        case .work: root / "work"
        case .results: root / "results"
        case .next: root / "next"
        }
    }

    var shutdownFile: RelativePath { root / "stop" }

    /// How item.json names the set, so that recovery finds what a killed run left in it.
    var name: String { String(decoding: root.bytes, as: UTF8.self) }

    init(root: RelativePath) { self.root = root }

    /// Reads a name from item.json; nil when it is not one that Bobbin writes.
    init?(named name: String) {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "claimed", parts[1] == ".slots", let instance = ItemID(parts[2]),
            Int(parts[3]) != nil, let last = FileName(parts[3])
        else { return nil }
        root = QueueLayout.slots / instance / last
    }
}

/// A set of scratch folders, open.
///
/// A run must find its folders, but most runs use none of them, and making three folders anew costs a tenth of a small
/// run. So a queue keeps as many sets as runs happen at a time; what a run did use is moved into its item's folder
/// before the outcome is committed, and the set is completed again.
struct Slot {
    enum Part: CaseIterable { case work, results, next }

    let place: SlotPlace
    fileprivate var folders: [Part: Folder]

    /// Whether the run left something there.
    func isUsed(_ part: Part) throws(FileError) -> Bool {
        do throws(FileError) {
            return try folders[part]?.hasEntries() ?? true
        } catch  where error.isMissing {
            // The run removed it: whatever lies there now is to be cleared, and the folder made anew.
            return true
        }
    }
}

/// The sets of one queue and one orchestrator.
struct Slots {
    private let queue: Folder
    private let root: RelativePath
    /// On a network file system a listing may be seconds old, and the second through one descriptor may be empty whatever
    /// is there (sshfs reads on where the first came to its end). So no set is used twice there, and what a run left is
    /// moved without a look.
    private let areListingsTrusted: Bool
    private var free: [Slot] = []
    private var made = 0

    init(queue: Folder, instance: ItemID, isNetwork: Bool = false) {
        self.queue = queue
        root = QueueLayout.slots / instance
        areListingsTrusted = !isNetwork
    }

    mutating func take() throws(FileError) -> Slot {
        if let slot = free.popLast() { return slot }
        if made == 0 {
            try queue.makeFolder(QueueLayout.slots)
            try queue.makeFolder(root)
        }
        guard let name = FileName(String(made)) else { throw FileError(.makeFolder, root.escaped, .invalidArgument) }
        let place = SlotPlace(root: root / name)
        do throws(FileError) {
            try queue.makeFolder(place.root)
        } catch  where error.isMissing {
            // A run removed more than its own.
            try queue.makeFolder(QueueLayout.slots)
            try queue.makeFolder(root)
            try queue.makeFolder(place.root)
        }
        var slot = Slot(place: place, folders: [:])
        for part in Slot.Part.allCases { try open(part, of: &slot) }
        made += 1
        return slot
    }

    private func open(_ part: Slot.Part, of slot: inout Slot) throws(FileError) {
        try queue.makeFolder(slot.place.place(part))
        slot.folders[part] = try queue.folder(slot.place.place(part))
    }

    /// Moves what a run left in a part to its item's folder; false when it left nothing.
    func move(_ part: Slot.Part, of slot: inout Slot, to target: RelativePath) throws(FileError) -> Bool {
        if slot.folders[part] == nil {
            guard areListingsTrusted else { return false }
            // Made anew after an earlier move, as far as it could not be then.
            try open(part, of: &slot)
        }
        if areListingsTrusted { guard try slot.isUsed(part) else { return false } }
        // A run may have put something else in its place: a link is not followed, and not kept.
        guard try queue.stamp(slot.place.place(part))?.kind == .folder else { return false }
        switch try queue.move(slot.place.place(part), to: queue, as: target) {
        case .moved: break
        case .missing: throw FileError(.move, queue.shownPath(slot.place.place(part)), .noSuchFileOrDirectory)
        case .taken: throw FileError(.move, queue.shownPath(target), .fileExists)
        }
        // What was moved is moved: when the folder cannot be made anew at this moment, a later look sees to it.
        slot.folders[part] = nil
        if areListingsTrusted {
            try? open(part, of: &slot)
            return true
        }
        // Whether it is empty, the file system itself says. A trouble now must not cost what has been moved.
        return (try? queue.removeEmptyFolder(target)) != true
    }

    /// Makes a set ready for the next run. Its shutdown file, if any, stays: it is made when the orchestrator ends. One
    /// that cannot be cleaned is not used again; the next start removes it.
    ///
    /// - Parameter areProductsMoved: results and next have been looked at and moved away, so that only work can be left.
    mutating func giveBack(_ slot: Slot, areProductsMoved: Bool = false) {
        var slot = slot
        do throws(FileError) {
            guard areListingsTrusted else { return try queue.removeTree(slot.place.root) }
            for part in Slot.Part.allCases {
                let isKnownEmpty = areProductsMoved && part != .work && slot.folders[part] != nil
                if isKnownEmpty { continue }
                guard try slot.isUsed(part) else { continue }
                try queue.removeTree(slot.place.place(part))
                try open(part, of: &slot)
            }
            free.append(slot)
        } catch {
            // A shortage of the machine. The set stays on disk, out of use, and a later run makes another.
        }
    }

    /// Removes the sets: they hold nothing any more.
    mutating func removeAll() throws(FileError) {
        free = []
        made = 0
        try queue.removeTree(root)
        // Empty once the last orchestrator has gone.
        try queue.removeEmptyFolder(QueueLayout.slots)
    }
}
