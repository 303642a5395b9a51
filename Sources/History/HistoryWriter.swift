import Documents
import Files
import Synchronization
import Threads

/// Writes runs into history without making anybody wait: collected in memory, written together on a thread of its own
/// after `delay`, or at once when there are `batch` of them. Nothing wakes up while nothing is collected.
///
/// When writing fails, the runs are kept and tried again with growing pauses; beyond `limit` the oldest are dropped
/// and counted. History is derived: that is a loss of the past, not of work.
package final class HistoryWriter: Sendable {
    package struct Settings: Sendable {
        /// Runs that are written without waiting for more.
        package var batch = 500
        /// How long the first of a batch may wait.
        package var delay: Duration = .seconds(1)
        /// Runs kept in memory while they cannot be written; about 500 bytes each.
        package var limit = 10_000
        /// The longest pause between attempts that fail.
        package var longestPause: Duration = .seconds(60)

        package init() {}
    }

    /// Where the writer stands.
    package struct Counts: Sendable, Equatable {
        /// Not written yet, those that are just being written included.
        package var pending = 0
        package var written = 0
        package var dropped = 0
    }

    private struct State {
        var pending: [RunRecord] = []
        /// Runs that are just being written.
        var underWay = 0
        var written = 0
        var dropped = 0
        /// A write is ordered, for now or for later.
        var isOrdered = false
        /// An order for now was given since the last write.
        var isUrgent = false
        /// The pause after the last failure; nil when the last write succeeded.
        var pause: Duration?
    }

    private let history: History
    private let settings: Settings
    private let onNotice: @Sendable (String) -> Void
    private let state = Mutex(State())
    /// One write at a time, in order; SQLite may wait for another program.
    private let turn = Mutex(())

    /// - Parameter onNotice: told once when writing begins to fail, and again only if it does after a success.
    package init(_ history: History, settings: Settings = Settings(), onNotice: @escaping @Sendable (String) -> Void) {
        self.history = history
        self.settings = settings
        self.onNotice = onNotice
    }

    package var counts: Counts {
        state.withLock { Counts(pending: $0.pending.count + $0.underWay, written: $0.written, dropped: $0.dropped) }
    }

    /// Takes a run over; never waits.
    package func record(_ run: RunRecord) {
        let pause: Duration? = state.withLock { state in
            append([run], to: &state)
            // While writing fails, its pauses decide.
            if state.pending.count >= settings.batch, !state.isUrgent, state.pause == nil {
                state.isUrgent = true
                state.isOrdered = true
                return .zero
            }
            guard !state.isOrdered else { return nil }
            state.isOrdered = true
            return settings.delay
        }
        if let pause { write(after: pause) }
    }

    /// Writes everything that was recorded before the call; returns when it is written, or could not be. Called at
    /// shutdown.
    package func flush() async {
        await withCheckedContinuation { continuation in
            BlockingThreads.shared.perform { [self] in
                write()
                continuation.resume()
            }
        }
    }

    private func append(_ runs: [RunRecord], to state: inout State) {
        state.pending += runs
        let excess = state.pending.count - settings.limit
        guard excess > 0 else { return }
        // A tenth more, so that not each further run moves the whole array.
        let drop = min(state.pending.count, excess + settings.limit / 10)
        state.pending.removeFirst(drop)
        state.dropped += drop
    }

    private func write(after pause: Duration) {
        guard pause > .zero else { return BlockingThreads.shared.perform { [self] in write() } }
        _ = EventLoop.shared.after(pause) { BlockingThreads.shared.perform { [self] in write() } }
    }

    private func write() {
        turn.withLock { _ in writePending() }
    }

    private func writePending() {
        let runs = state.withLock { state in
            defer { state.pending = [] }
            state.isOrdered = false
            state.isUrgent = false
            state.underWay = state.pending.count
            return state.pending
        }
        guard !runs.isEmpty else { return }
        do {
            try history.record(runs)
            state.withLock { state in
                state.underWay = 0
                state.written += runs.count
                state.pause = nil
            }
        } catch {
            failed(runs, error)
        }
    }

    private func failed(_ runs: [RunRecord], _ error: any Error) {
        let (pause, isNew) = state.withLock { state in
            let isNew = state.pause == nil
            let pause = state.pause.map { min($0 * 2, settings.longestPause) } ?? settings.delay
            let later = state.pending
            state.underWay = 0
            state.pending = runs
            append(later, to: &state)
            state.pause = pause
            state.isOrdered = true
            return (pause, isNew)
        }
        write(after: pause)
        guard isNew else { return }
        onNotice(
            "\(error) Runs are kept in memory and tried again, at most \(settings.limit) of them; jobs are not affected. "
                + "Mend: see that there is space, and that the file can be written.")
    }
}
