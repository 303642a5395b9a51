import Documents
import Glibc

/// Looks at a root from outside and tells which of Bobbin's promises (contract §2) do not hold.
struct InvariantChecker {
    let root: Root
    var maxAttempts = 5
    static let maxInterruptions = 3

    private var queues: [Queue] {
        root.spool.children.filter(\.isFolder).map {
            Queue(name: $0.text.split(separator: "/").last.map(String.init) ?? "", root: root)
        }
    }

    /// All violations; none is what a test wants. `isDrained` = the orchestrator has ended with nothing left to do.
    func violations(isDrained: Bool) -> [String] {
        payloads() + outcomes() + runs() + attempts() + bytes() + (isDrained ? statuses() + leftovers() : [])
    }

    /// I1: every payload lies at exactly one path, with the bytes that were dropped.
    private func payloads() -> [String] {
        var found: [Root.Drop: Int] = [:]
        for queue in queues {
            for path in queue.waiting + queue.items.flatMap(\.payload) where path.kind == S_IFREG {
                found[Root.Drop(queue: queue.name, name: path.name, content: path.content ?? []), default: 0] += 1
            }
        }
        var wanted: [Root.Drop: Int] = [:]
        for drop in root.ledger { wanted[drop, default: 0] += 1 }
        return wanted.compactMap { drop, count in
            found[drop, default: 0] == count
                ? nil
                : "I1: \(drop.queue)/\(shown(drop.name)) was dropped \(count) times, and found \(found[drop, default: 0]) times"
        }
    }

    /// I2: one final state, with one outcome that agrees.
    private func outcomes() -> [String] {
        var problems: [String] = []
        for queue in queues {
            let items = queue.items
            for (id, places) in Dictionary(grouping: items, by: \.id) where places.count > 1 {
                problems.append("I2: \(queue.name) \(id) is in \(places.map(\.place.rawValue))")
            }
            for item in items {
                let state = item.outcome?.state
                let agrees =
                    switch item.place {
                    case .done: state == .succeeded
                    case .failed: state == .failed || state == .cancelled
                    case .retry: !(item.folder / "outcome.json").exists
                    case .claimed, .inbox: true
                    }
                if !agrees {
                    problems.append(
                        "I2: \(queue.name) \(item.id) is in \(item.place), its outcome is \(state.map { "\($0)" } ?? "none")"
                    )
                }
                if item.payload.count > 1 {
                    problems.append("I1: \(queue.name) \(item.id) has \(item.payload.count) payloads")
                }
            }
        }
        return problems
    }

    /// I3: no two runs of an item at a time, and none after its success.
    private func runs() -> [String] {
        let log = root.runs
        var problems = log.torn.map { "the run log has a torn line: \($0)" }
        for event in log.events where event.event == "overlap" {
            problems.append("I3: two runs of \(event.item) at a time: \(event.run)")
        }
        for (item, events) in Dictionary(grouping: log.events, by: \.item) {
            let starts = events.filter { $0.event == "start" }
            if Set(starts.map(\.run)).count != starts.count {
                problems.append("I3: a run of \(item) started twice under one id")
            }
        }
        return problems
    }

    /// I4: failed attempts and interruptions keep their limits.
    private func attempts() -> [String] {
        let log = root.runs
        let starts = Dictionary(grouping: log.events.filter { $0.event == "start" }, by: \.item).mapValues(\.count)
        return queues.flatMap { queue in
            queue.items.flatMap { item -> [String] in
                guard let record = item.record else {
                    return item.place == .claimed ? [] : ["I4: \(item.id) has no readable item.json"]
                }
                let failures = record["failures"]?.integer ?? -1
                let interruptions = record["interruptions"]?.integer ?? -1
                var problems: [String] = []
                if failures > maxAttempts { problems.append("I4: \(queue.name) \(item.id) failed \(failures) times") }
                if interruptions > Self.maxInterruptions {
                    problems.append("I4: \(queue.name) \(item.id) was interrupted \(interruptions) times")
                }
                return problems
            }
        }
            + starts.filter { $0.value > maxAttempts + Self.maxInterruptions + 2 }.map {
                "I4: \($0.key) was started \($0.value) times"
            }
    }

    /// I7: a run that read its payload saw the bytes that were dropped.
    private func bytes() -> [String] {
        let log = root.runs
        var contents: [String: Set<[UInt8]>] = [:]
        for drop in root.ledger { contents[drop.queue, default: []].insert(drop.content) }
        return queues.flatMap { queue in
            queue.items.flatMap { item -> [String] in
                guard let payload = item.payload.first, payload.kind == S_IFREG else { return [] }
                let content = payload.content
                return log.events.filter { $0.item == item.id && $0.event == "seen" }.compactMap { event in
                    (root.notes / "seen" / event.run).content == content
                        ? nil : "I7: run \(event.run) of \(shown(payload.name)) saw other bytes"
                }
            }
        }
    }

    /// I9: what status files say is where the folders are.
    private func statuses() -> [String] {
        queues.flatMap { queue -> [String] in
            let places = Dictionary(queue.items.map { ($0.id, $0.place) }) { first, _ in first }
            var problems: [String] = []
            for file in (queue.path / "status").children where file.name.first != UInt8(ascii: ".") {
                guard let status = file.content.flatMap(Status.init) else {
                    problems.append("I9: \(shown(file.name)) is not a status file")
                    continue
                }
                let agrees =
                    switch places[status.id] {
                    case .done: status.state == .succeeded
                    case .failed: status.state == .failed || status.state == .cancelled
                    case .retry: status.state == .retrying
                    case .claimed: status.state == .running
                    case .inbox, nil: false
                    }
                if !agrees {
                    problems.append(
                        "I9: \(shown(file.name)) says \(status.state), the item is in \(places[status.id].map { "\($0)" } ?? "no folder")"
                    )
                }
            }
            for item in queue.items where item.place == .done || item.place == .failed {
                guard let name = item.payload.first?.name ?? item.outcome?.name.map({ Array($0.utf8) }) else {
                    continue
                }
                if queue.status(name) == nil { problems.append("I9: \(item.place) \(shown(name)) has no status file") }
            }
            return problems
        }
    }

    /// I10: no process without an owner, nothing claimed or to be retried, no temporary file.
    private func leftovers() -> [String] {
        var problems = root.processesOfRuns.map {
            "I10: process \($0) (\(ProcessTable.program(of: $0))) is left of a run"
        }
        for queue in queues {
            problems += (queue.items(.claimed) + queue.items(.retry)).map {
                "I10: \(queue.name)/\($0.place)/\($0.id) is left"
            }
            for path in queue.path.tree
            where path.name.first == UInt8(ascii: ".") || path.bytes.suffix(4) == Array(".new".utf8)[...] {
                if path.name == Array(".slots".utf8), path.children.isEmpty { continue }
                problems.append("I10: \(path) is left")
            }
        }
        problems += (root.data / "locks" / "instances").children.map { "I10: \($0) is left" }
        return problems
    }
}
