import Documents
import Files
import HeapModule

/// The items of a queue that rest in `retry/`, by the time they are due: at most a window of them in memory, the
/// earliest; the rest is found by the next look at the folder.
struct RetryShelf {
    struct Entry: Comparable {
        /// On the clock that counts from boot, so that a step of the wall clock does not shorten a back-off.
        let due: Duration
        let item: ItemID
        static func < (left: Entry, right: Entry) -> Bool { (left.due, left.item) < (right.due, right.item) }
    }

    static let window = 10_000

    private var heap = Heap<Entry>()
    private var due: [ItemID: Duration] = [:]
    private(set) var hasLeftOut = false

    var count: Int { due.count }
    var nextDue: Duration? { heap.min?.due }

    func contains(_ item: ItemID) -> Bool { due[item] != nil }

    mutating func put(_ item: ItemID, due time: Duration) {
        if due.count >= Self.window, due[item] == nil {
            hasLeftOut = true
            // Entries that were put anew with another time are not meant any more.
            while let last = heap.max, due[last.item] != last.due { heap.removeMax() }
            guard let last = heap.max, last.due > time else { return }
            heap.removeMax()
            due[last.item] = nil
        }
        due[item] = time
        heap.insert(Entry(due: time, item: item))
    }

    /// Takes out the next item that is due.
    mutating func next(at now: Duration) -> ItemID? {
        while let entry = heap.min, entry.due <= now {
            heap.removeMin()
            // An entry that was put anew with another time is not meant any more.
            if due[entry.item] == entry.due {
                due[entry.item] = nil
                return entry.item
            }
        }
        return nil
    }

    mutating func forget(_ item: ItemID) { due[item] = nil }

    mutating func beginScan() { hasLeftOut = false }
}
