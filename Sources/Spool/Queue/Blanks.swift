import Documents
import Files
import SystemPackage

/// Item folders made ahead: empty, with an empty record. A claim moves one to the item's place; making two folders and a
/// file in that moment would be a quarter of what lies between a file's arrival and the start of its script.
///
/// They lie among the scratch folders of the orchestrator and go with them.
struct Blanks {
    private let queue: Folder
    private let root: RelativePath
    private var ready: [RelativePath] = []
    private var missing: [RelativePath]

    init(queue: Folder, instance: ItemID) {
        self.queue = queue
        root = QueueLayout.slots / instance
        missing = [root / "blank-0", root / "blank-1"]
    }

    /// Makes one, if there is need. To be called when nothing waits for the queue; what fails is left to the claim, which
    /// will say so.
    mutating func prepare() {
        guard let place = missing.last else { return }
        Step.claimAhead.before()
        do throws(FileError) {
            let item = ItemPlace(place)
            try queue.makeFolder(item.root, mode: 0o750)
            try queue.makeFolder(item.payloadFolder, mode: 0o750)
            _ = try queue.makeOrOpen(item.record, mode: 0o640)
            ready.append(missing.removeLast())
        } catch {
            // A shortage of the machine, or the folder around it is gone.
        }
        Step.claimAhead.after()
    }

    /// Moves one to where an item is to be; false when there is none, or when something is there already.
    mutating func move(to place: ItemPlace) throws(FileError) -> Bool {
        guard let blank = ready.popLast() else { return false }
        missing.append(blank)
        Step.claimBlank.before()
        let isMoved = try queue.move(blank, to: queue, as: place.root) == .moved
        if isMoved { Step.claimBlank.after() }
        return isMoved
    }
}
