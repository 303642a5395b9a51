import Documents
import Files
import Spool

/// I2: one final state, decided once.
extension Look {
    mutating func judgeOutcome(_ item: ItemSight) {
        let said = item.outcome.map { "says \($0.state.rawValue)" } ?? (item.outcomeBytes == nil ? "is missing" : "cannot be read")
        switch item.area {
        case .waiting: break
        case .claimed:
            if item.outcomeBytes != nil, item.outcome == nil {
                accuse(.i2, "torn_outcome", level: dueLevel, item, "its outcome.json \(said)", mend: Self.restart)
            }
        case .retry:
            if item.outcomeBytes != nil {
                accuse(
                    .i2, "outcome_of_resting", item, "it rests for another attempt, and its outcome.json \(said)",
                    mend: "hold the job, then move the item's folder to where the outcome says it belongs")
            }
        case .done, .failed:
            let isRight =
                item.area == .done ? item.outcome?.state == .succeeded : item.outcome?.state == .failed || item.outcome?.state == .cancelled
            if !isRight {
                accuse(
                    .i2, "wrong_outcome", item, "it is in \(item.area.rawValue)/, and its outcome.json \(said)",
                    mend: "nobody but an operator should move items; move it to where its outcome says it belongs")
            }
        }
        if item.isFinal { judgeFinal(item) }
    }

    private mutating func judgeFinal(_ item: ItemSight) {
        ended.insert(item.id)
        if let id = item.outcome?.id, id != item.id {
            accuse(.i2, "foreign_outcome", item, "its outcome.json is that of \(id)", mend: "see who copies folders there")
        }
        if let end = item.outcome?.finishedAt, let last = item.record?.attempts.last?.startedAt, last > end {
            accuse(
                .i2, "ran_after_outcome", item, "a run started at \(last.rfc3339), after its outcome of \(end.rfc3339)",
                mend: "compare item.json and the log with what its run did; report it")
        }
        let sum = Checksum(of: item.outcomeBytes ?? [])
        let key = Finals.Key(queue: item.queue, item: item.id)
        finals.outcomes[key] = sum
        guard let earlier = evidence.finals?.outcomes[key], earlier != sum, !isPutBack(item, since: earlier) else { return }
        accuse(
            .i2, "changed_outcome", item, "its outcome.json had checksum \(earlier) before and has \(sum) now",
            mend: "an operator's retry keeps the old one as outcome.previous.json; here there is none")
    }

    /// An operator had it run again: the outcome seen earlier lies beside the new one.
    private func isPutBack(_ item: ItemSight, since earlier: Checksum) -> Bool {
        (try? item.folder.read(RelativePath("outcome.previous.json"))).flatMap { $0 }.map { Checksum(of: $0) } == earlier
    }
}
