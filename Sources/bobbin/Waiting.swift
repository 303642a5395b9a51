import Documents
import Files
import Spool

/// Waits for the end of one item by reading its files, with or without an orchestrator.
struct Waiting {
    enum Outcome {
        case final(StatusDocument)
        case timedOut(last: Look)
        /// It was there, and is gone: discarded, swept, or its file was taken away.
        case vanished
    }

    /// What one look saw.
    enum Look {
        /// Nothing has the name yet, or any more.
        case absent
        case inInbox
        case underWay(StatusDocument?)
    }

    private let lookup: ItemLookup
    private var name: FileName?
    private var id: ItemID?
    /// The item of an earlier drop: its end is not the answer.
    private var stale: ItemID?
    private var hasBeenSeen = false

    init(for id: ItemID, named name: FileName? = nil, in queue: QueueReader) {
        lookup = ItemLookup(queue)
        self.id = id
        self.name = name
    }

    /// Waits for the newest drop of a name: the file that is in the inbox now, else the newest item.
    init(forName name: FileName, in queue: QueueReader) throws {
        lookup = ItemLookup(queue)
        self.name = name
        if try lookup.inInbox(name) != nil { stale = try queue.status(named: name)?.id }
    }

    /// Returns when the state is final, `timeout` has passed, or the item is gone.
    ///
    /// - Parameter waitsForArrival: a name that does not exist yet is waited for.
    mutating func run(
        timeout: Duration?, waitsForArrival: Bool, clocks: Clocks = .system, onLook: (Look) -> Void = { _ in }
    ) async throws -> Outcome {
        let began = clocks.uptime()
        var pause = Duration.milliseconds(10)
        var absentSince: Duration?
        while true {
            let (look, status) = try look()
            if let status, status.state.isFinal { return .final(status) }
            onLook(look)
            let now = clocks.uptime()
            if case .absent = look {
                absentSince = absentSince ?? now
                // Between the folders of a queue an item can be missed for an instant, never for a second.
                if hasBeenSeen || !waitsForArrival, now - (absentSince ?? now) > .seconds(hasBeenSeen ? 1 : 0) {
                    return .vanished
                }
            } else {
                absentSince = nil
                hasBeenSeen = true
            }
            var rest = pause
            if let timeout {
                guard now - began < timeout else { return .timedOut(last: look) }
                rest = min(rest, timeout - (now - began))
            }
            try await Task.sleep(for: rest)
            pause = min(pause * 2, .milliseconds(250))
        }
    }

    private mutating func look() throws -> (Look, StatusDocument?) {
        if let id {
            if let (area, place) = try lookup.place(of: id) {
                if name == nil { name = try lookup.queue.record(at: place)?.name }
                let status = try lookup.status(of: id)
                // An orderly stop can have put it back in the meantime; what was read then is no state.
                return area == .done || area == .failed
                    ? (.underWay(status), status) : (.underWay(status), status?.state.isFinal == true ? status : nil)
            }
            if name == nil { name = try lookup.waitingName(of: id) }
            guard let name else { return (.absent, nil) }
            if try lookup.inInbox(name) != nil {
                // Put back by an orderly stop: the next claim gives it another id.
                if hasBeenSeen, lookup.envelopeID(of: name) != id { (stale, self.id) = (id, nil) }
                return (.inInbox, nil)
            }
            // The item can have got an id of its own, or ended and been removed already.
            if let status = try lookup.queue.status(named: name), status.id == id { return (.underWay(status), status) }
            return (.absent, nil)
        }
        guard let name else { return (.absent, nil) }
        if try lookup.inInbox(name) != nil {
            id = lookup.envelopeID(of: name)
            return (.inInbox, nil)
        }
        // In this order: the status file is written before an item leaves claimed/.
        if let (found, _) = try lookup.newest(name, in: [.claimed, .retry]) {
            id = found
            return (.underWay(try lookup.status(of: found)), nil)
        }
        if let status = try lookup.queue.status(named: name), status.id != stale {
            id = status.id
            return (.underWay(status), status)
        }
        if let (found, _) = try lookup.newest(name, in: [.failed]), found != stale {
            id = found
            return (.underWay(nil), nil)
        }
        return (.absent, nil)
    }
}
