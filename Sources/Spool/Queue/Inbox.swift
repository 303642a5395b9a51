import DequeModule
import Files
import HeapModule

/// The candidates of a queue that are held in memory: a bounded window on what lies in its inboxes.
///
/// The backlog itself stays on disk (contract §3). What does not fit is not remembered but found again by a scan, so
/// memory does not depend on how many files wait.
struct Inbox {
    /// A file by the folder it lies in and its name.
    struct Key: Hashable {
        /// 0 = the queue's own folder; others are the folders of the setting `inbox`.
        let folder: Int
        let name: FileName
    }

    struct Candidate {
        let key: Key
        var evidence: Readiness.Evidence
        /// On the clock that counts from boot.
        var lastEvent: Duration
        var stamp: Stamp?
        /// How often its writer was found still busy since the last event.
        var busyLooks = 0
        /// Tells the entry in the heap that is still meant from those that a later event replaced.
        var turn = 0
        var reason: WaitReason = .queued
    }

    private struct Due: Comparable {
        let at: Duration
        let key: Key
        let turn: Int
        static func < (left: Due, right: Due) -> Bool { left.at < right.at }
        static func == (left: Due, right: Due) -> Bool { left.at == right.at && left.turn == right.turn }
    }

    /// Candidates held at most.
    static let window = 16_384

    private var known: [Key: Candidate] = [:]
    private var ready: Deque<Key> = []
    private var settling = Heap<Due>()
    /// Something was left out for want of space: a scan has to find it later.
    private(set) var hasLeftOut = false

    var count: Int { known.count }
    var hasReady: Bool { !ready.isEmpty }
    /// When the next candidate should be looked at again.
    var nextDue: Duration? { settling.min?.at }
    /// Whether a scan may add to the window. Well before it is full, so that events still find a place.
    var hasRoom: Bool { ready.count < Self.window / 4 && known.count < Self.window * 3 / 4 }

    func candidate(_ key: Key) -> Candidate? { known[key] }

    /// Remembers a name; true when it is new or its evidence changed.
    mutating func note(_ key: Key, _ evidence: Readiness.Evidence, at now: Duration, settle: Duration) {
        var candidate: Candidate
        if let old = known[key] {
            // A file that waits for its turn is judged again at the claim: nothing to do but to remember the event.
            candidate = old
            candidate.lastEvent = now
            candidate.busyLooks = 0
            if evidence != .scanned { candidate.evidence = evidence }
            if candidate.turn < 0 {
                known[key] = candidate
                return
            }
        } else {
            guard known.count < Self.window else {
                hasLeftOut = true
                return
            }
            candidate = Candidate(key: key, evidence: evidence, lastEvent: now)
        }
        switch evidence {
        case .movedIn, .scanned: enqueue(candidate)
        case .closed, .created: wait(candidate, until: now + settle, reason: .settling(quiet: .zero, of: settle))
        }
    }

    /// Puts a candidate at the end of those that may be claimed.
    mutating func enqueue(_ candidate: Candidate) {
        var candidate = candidate
        candidate.turn = -1
        candidate.reason = .queued
        known[candidate.key] = candidate
        ready.append(candidate.key)
    }

    /// Looks at a candidate again at a time.
    mutating func wait(_ candidate: Candidate, until due: Duration, reason: WaitReason) {
        var candidate = candidate
        candidate.turn = max(candidate.turn, 0) + 1
        candidate.reason = reason
        known[candidate.key] = candidate
        settling.insert(Due(at: due, key: candidate.key, turn: candidate.turn))
        if settling.count > 4 * Self.window { compact() }
    }

    /// Moves what is due to the end of the line.
    mutating func promote(at now: Duration) {
        while let due = settling.min, due.at <= now {
            settling.removeMin()
            if let candidate = known[due.key], candidate.turn == due.turn { enqueue(candidate) }
        }
    }

    /// Takes the next one out of the line. It stays known until it is forgotten or waits again.
    mutating func next() -> Candidate? {
        while let key = ready.popFirst() {
            if let candidate = known[key], candidate.turn < 0 { return candidate }
        }
        return nil
    }

    mutating func forget(_ key: Key) { known[key] = nil }

    mutating func beginScan() { hasLeftOut = false }

    mutating func removeAll() {
        known = [:]
        ready = []
        settling = Heap()
        hasLeftOut = true
    }

    /// Events that came again and again leave entries behind that are not meant any more.
    private mutating func compact() {
        settling = Heap(settling.unordered.filter { known[$0.key]?.turn == $0.turn })
    }
}
