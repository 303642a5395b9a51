import Synchronization

/// Changes on their way to their one reader, bounded: when the reader is slow, the names of a folder become one
/// `lost(.overflow)`, which tells it as much as it needs to know.
final class Outbox: Sendable {
    private struct State {
        var pending: [FolderChange] = []
        /// Folders whose pending names were replaced; more of them would add nothing.
        var overflowed: Set<WatchToken> = []
        var losses: Set<Loss> = []
        var reader: CheckedContinuation<[FolderChange]?, Never>?
        var isFinished = false

        mutating func takePending() -> [FolderChange] {
            defer {
                pending = []
                overflowed = []
                losses = []
            }
            return pending
        }
    }
    private struct Loss: Hashable {
        var folder: WatchToken
        var reason: LostReason
    }
    private let state = Mutex(State())
    /// Pending changes that make it coalesce.
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    /// Hands changes over; never waits. True when some were coalesced.
    @discardableResult
    func push(_ changes: [FolderChange]) -> Bool {
        guard !changes.isEmpty else { return false }
        var coalesced = false
        let reader: CheckedContinuation<[FolderChange]?, Never>? = state.withLock { state in
            guard !state.isFinished else { return nil }
            if let reader = state.reader {
                state.reader = nil
                return reader
            }
            for change in changes { append(change, to: &state) }
            if state.pending.count > limit {
                coalesce(&state, at: changes[changes.count - 1].seenAt)
                coalesced = true
            }
            return nil
        }
        reader?.resume(returning: changes)
        return coalesced
    }

    private func append(_ change: FolderChange, to state: inout State) {
        if case .lost(let reason) = change.kind {
            if state.losses.insert(Loss(folder: change.folder, reason: reason)).inserted {
                state.pending.append(change)
            }
        } else if state.overflowed.isEmpty || !state.overflowed.contains(change.folder) {
            state.pending.append(change)
        }
    }

    /// Keeps the losses, of which there are few, and replaces the names.
    private func coalesce(_ state: inout State, at time: Duration) {
        var kept: [FolderChange] = []
        for change in state.pending {
            if case .lost = change.kind { kept.append(change) } else { state.overflowed.insert(change.folder) }
        }
        state.pending = kept
        for folder in state.overflowed {
            append(FolderChange(folder: folder, kind: .lost(.overflow), seenAt: time), to: &state)
        }
    }

    /// All that is pending, or what comes next; nil after the end or when the task is cancelled. One reader at a time.
    func next() async -> [FolderChange]? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (answer, displaced): ([FolderChange]?, CheckedContinuation<[FolderChange]?, Never>?) =
                    state.withLock { state in
                        if !state.pending.isEmpty { return (state.takePending(), nil) }
                        if state.isFinished { return (nil, nil) }
                        // A second reader is a mistake of the caller; the first must not hang for it.
                        defer { state.reader = continuation }
                        return ([], state.reader)
                    }
                displaced?.resume(returning: nil)
                if answer?.isEmpty != true { continuation.resume(returning: answer) }
            }
        } onCancel: {
            finish()
        }
    }

    /// Ends the sequence after what is pending.
    func finish() {
        let reader = state.withLock { state in
            defer { state.reader = nil }
            state.isFinished = true
            return state.reader
        }
        reader?.resume(returning: nil)
    }
}
