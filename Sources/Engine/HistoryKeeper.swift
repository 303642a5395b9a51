import Documents
import Execution
import Files
import History
import Spool

/// Writes what happened into the history, behind the backs of those who work.
///
/// History is derived: what a crash kept from being written is read again from the finished items at the next start.
package final class HistoryKeeper: TransitionRecorder {
    private let history: History?
    private let writer: HistoryWriter?
    private let clocks: Clocks

    /// A history that cannot be opened is done without, and said so: it never keeps work from being done.
    package init(layout: Layout, clocks: Clocks = .system, notice: @escaping @Sendable (String) -> Void) {
        self.clocks = clocks
        do {
            _ = try Folder.make(layout.data, mode: 0o750)
            let opened = try History.open(layout.history, readOnly: false, onNotice: notice)
            history = opened
            writer = HistoryWriter(opened, onNotice: notice)
        } catch {
            notice("\(error); work goes on without history")
            history = nil
            writer = nil
        }
    }

    package func record(_ transition: Transition) {
        // Returned to its inbox or taken away: no run has ended.
        guard let writer, let record = RunRecord(transition) else { return }
        writer.record(record)
    }

    package func prune(_ limits: [FileName: Retention.Limit]) async {
        guard let history else { return }
        // What is still in memory counts too.
        await flush()
        let now = clocks.now()
        let limits = limits.map { ($0.escaped, HistoryLimit(cutoff: $1.age.map { now + (.zero - $0) }, count: $1.count)) }
        _ = try? await Offload.run { try history.prune(Dictionary(limits) { first, _ in first }) }
    }

    package func flush() async { await writer?.flush() }

    /// Takes in finished items that the history does not know: after its loss, or after a crash.
    ///
    /// - Returns: how many were taken in. Blocks for the time of reading them: call it through `Offload`.
    package func rebuild(from queues: [QueueReader]) throws -> Int {
        guard let history else { return 0 }
        var count = 0
        for queue in queues {
            for area in [QueueReader.Area.failed, .done] {
                var ids = try queue.items(area)[...]
                while !ids.isEmpty {
                    let batch = Array(ids.prefix(500))
                    ids = ids.dropFirst(500)
                    let known = try history.contains(itemIDs: batch)
                    let missing = try batch.filter { !known.contains($0) }.flatMap { try Self.runs(of: $0, in: queue) }
                    try history.record(missing)
                    count += missing.count
                }
            }
        }
        return count
    }

    /// The runs of a finished item, from its record and its outcome.
    private static func runs(of id: ItemID, in queue: QueueReader) throws -> [RunRecord] {
        guard let place = try queue.place(of: id)?.place, let status = try queue.status(of: id), status.state.isFinal,
            let record = try queue.record(at: place)
        else { return [] }
        let attempts = record.attempts.map { attempt in
            var part = status
            if attempt.run != record.attempts.last?.run {
                part.state = .retrying
                part.reason = attempt.reason
                part.exitCode = attempt.exitCode
                part.signal = attempt.signal
            }
            part.attempt = attempt.number
            part.startedAt = attempt.startedAt
            part.finishedAt = attempt.finishedAt ?? attempt.startedAt
            return Transition(status: part, run: attempt.run, submittedAt: record.submittedAt, trigger: record.trigger)
        }
        let all =
            attempts.isEmpty ? [Transition(status: status, run: id, submittedAt: record.submittedAt, trigger: record.trigger)] : attempts
        return all.compactMap { RunRecord($0) }
    }
}

extension RunRecord {
    init?(_ transition: Transition) {
        let status = transition.status
        guard let finishedAt = status.finishedAt else { return nil }
        self.init(
            runID: transition.run ?? status.id, itemID: status.id, queue: status.queue.escaped, job: status.queue.escaped,
            name: status.name.escaped, nameBytes: status.name.bytes, attempt: status.attempt, state: status.state.rawValue,
            reason: status.reason, exitCode: status.exitCode, signal: status.signal.flatMap(SignalName.number),
            submittedAt: status.submittedAt, startedAt: status.startedAt, finishedAt: finishedAt, size: Int64(clamping: status.size),
            trigger: transition.trigger.rawValue, correlationID: status.correlationID, instance: status.instance.description,
            deployment: status.deployment)
    }
}
