import Spool

/// Keeps a broken job from burning items (contract §5): exit codes that blame the job open it, nothing starts while it
/// is open, then one item probes; if that ends in any other way, the circuit closes.
package struct Circuit: Sendable, Equatable {
    package enum State: Sendable, Equatable {
        case closed
        /// Until a time on the clock that counts from boot.
        case open(until: Duration)
        /// One item runs to see whether the job works again.
        case probing
    }

    package private(set) var state = State.closed
    /// Times in a row that the job was found broken.
    package private(set) var trips = 0

    package init() {}

    /// How many items may run at a time now, out of `limit`.
    package mutating func allowance(limit: Int, at now: Duration) -> Int {
        switch state {
        case .closed: return limit
        case .probing: return 1
        case .open(let until):
            guard now >= until else { return 0 }
            state = .probing
            return 1
        }
    }

    /// The job was found broken. Returns when it may be tried again.
    package mutating func trip(backoff: Backoff, at now: Duration) -> Duration {
        // Runs that started before the circuit opened say nothing new.
        if case .open(let until) = state { return until }
        trips += 1
        let until = now + backoff.delay(afterFailures: trips)
        state = .open(until: until)
        return until
    }

    /// A run ended otherwise; true when this closed the circuit.
    package mutating func succeed() -> Bool {
        guard state == .probing else { return false }
        self = Circuit()
        return true
    }
}
