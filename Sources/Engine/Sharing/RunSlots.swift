import Files
import Synchronization

/// The places of `bobbin run --max-runs`: how many items run at a time, of all triggered jobs together.
final class RunSlots: Sendable {
    private let state: Mutex<State>

    private struct State {
        var share: FairShare<FileName>
        /// Has a job ask for places.
        var calls: [FileName: @Sendable () -> Void] = [:]

        /// Whoever is next is called; who has just asked knows already.
        func call(besides asker: FileName? = nil) -> (@Sendable () -> Void)? {
            guard let next = share.next, next != asker else { return nil }
            return calls[next]
        }
    }

    init(limit: Int) { state = Mutex(State(share: FairShare(limit: limit))) }

    /// A job takes part from now on.
    ///
    /// - Parameter call: to be called when it is the job's turn.
    func join(_ job: FileName, call: @escaping @Sendable () -> Void) { state.withLock { $0.calls[job] = call } }

    /// Takes up to so many places at once. For those it did not get the job is called.
    func take(_ job: FileName, weight: Int, upTo count: Int) -> Int {
        let (taken, call) = state.withLock { state in
            let taken = state.share.take(job, weight: weight, upTo: count)
            return (taken, state.call(besides: job))
        }
        call?()
        return taken
    }

    /// Goes on with a place; false when it was another's turn.
    func keep(_ job: FileName, weight: Int) -> Bool {
        let (isKept, call) = state.withLock { state in
            let isKept = state.share.keep(job, weight: weight)
            return (isKept, state.call())
        }
        call?()
        return isKept
    }

    /// Gives places back for which there was nothing, and wants no more for now.
    func give(_ job: FileName, _ count: Int) {
        let call = state.withLock { state in
            for _ in 0..<count { state.share.give(job, isUnused: true) }
            state.share.withdraw(job)
            return state.call()
        }
        call?()
    }

    /// The job wants no more for now.
    func withdraw(_ job: FileName) { give(job, 0) }
}
