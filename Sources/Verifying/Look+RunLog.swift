import Documents
import Files

/// What only the run log can tell: I3 of the past, I5, I8.
extension Look {
    mutating func judgeRunLog() {
        guard let log = evidence.runs else { return }
        for line in log.torn {
            accuse(
                .i3, "torn_line", queue: nil, path: "run log, line \(line)", "it is not ITEM RUN ATTEMPT EVENT SECONDS",
                mend: "append each line in one write")
        }
        for (item, events) in runsByItem { judgeOverlaps(item, events) }
        judgeSessions(log)
        judgeLanes(log)
    }

    private mutating func accuse(_ invariant: Invariant, _ problem: String, _ item: ItemID, _ message: String) {
        accuse(invariant, problem, queue: nil, item: item, path: "run log, item \(item)", message, mend: "report it, with the run log")
    }

    private mutating func judgeOverlaps(_ item: ItemID, _ events: [RunLog.Event]) {
        for event in events where event.kind == "overlap" {
            accuse(.i3, "overlap", item, "run \(event.run) found another run of its item alive")
        }
        var started: Set<ItemID> = []
        var running: RunLog.Event?
        for event in events {
            switch event.kind {
            case "start":
                if !started.insert(event.run).inserted { accuse(.i3, "started_twice", item, "run \(event.run) started twice") }
                // One that was killed says nothing; one that still speaks later was alive.
                if let running, events.contains(where: { $0.run == running.run && $0.at > event.at }) {
                    accuse(.i3, "overlap", item, "run \(event.run) started before run \(running.run) had ended")
                }
                running = event
            case "end": if running?.run == event.run { running = nil }
            default: break
            }
        }
    }

    /// Items of one session start in the order of their numbers, each after the last end of the one before.
    private mutating func judgeSessions(_ log: RunLog) {
        let starts = log.events.filter { $0.kind == "start" && $0.session != nil }
        for (session, starts) in Dictionary(grouping: starts, by: { $0.session ?? "" }) {
            var lastEnds: [ItemID: Double] = [:]
            for start in starts {
                lastEnds[start.item] = runsByItem[start.item]?.last { $0.kind == "end" }?.at ?? .infinity
            }
            var current: RunLog.Event?
            for start in starts {
                guard let before = current, before.item != start.item else {
                    current = start
                    continue
                }
                if lastEnds[before.item, default: .infinity] > start.at {
                    accuse(.i5, "session_overlap", start.item, "session \(session): it started before item \(before.item) was final")
                }
                if let old = before.sequence, let new = start.sequence, new < old {
                    accuse(.i5, "session_order", start.item, "session \(session): number \(new) started after number \(old)")
                }
                current = start
            }
        }
    }

    /// The slow rescan (contract §3): a higher lane's item may have gone unseen for so long.
    private static let scan = 60.0

    private mutating func judgeLanes(_ log: RunLog) {
        var ready: [ItemID: RunLog.Event] = [:]
        for event in log.events where event.lane != nil {
            if event.kind == "ready" { ready[event.item] = event }
            guard event.kind == "start", let lane = event.lane else { continue }
            ready[event.item] = nil
            let passed = ready.values.filter { ($0.lane ?? lane) < lane && $0.at + Self.scan < event.at }
            if let higher = passed.min(by: { $0.at < $1.at }) {
                accuse(
                    .i8, "lower_lane_first", event.item,
                    "lane \(lane) started while item \(higher.item) of lane \(higher.lane ?? 0) was ready for \(Int(event.at - higher.at)) s"
                )
            }
        }
    }
}
