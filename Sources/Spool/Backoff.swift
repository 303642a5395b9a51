import Documents

/// How long an item rests after its n-th failure (setting `retry_delay`).
package struct Backoff: Sendable, Equatable {
    package enum Steps: Sendable, Equatable {
        /// `initial × factor^(n-1)`, at most `limit`.
        case growing(initial: Duration, factor: Double, limit: Duration)
        /// The n-th of the list, and its last for all further failures.
        case list([Duration])
    }

    package var steps: Steps
    /// Share by which each delay is stretched or shortened at random, 0...1, so that failures of one moment do not all
    /// come back at one moment.
    package var jitter: Double

    package init(
        steps: Steps = .growing(initial: .seconds(15), factor: 2, limit: .seconds(3600)), jitter: Double = 0.1
    ) {
        self.steps = steps
        self.jitter = jitter
    }

    /// Without jitter.
    package func nominalDelay(afterFailures failures: Int) -> Duration {
        switch steps {
        case .growing(let initial, let factor, let limit):
            var delay = initial
            for _ in 1..<max(1, failures) where delay < limit { delay = min(limit, delay * factor) }
            return min(delay, limit)
        case .list(let delays):
            return delays.isEmpty ? .zero : delays[min(max(failures, 1), delays.count) - 1]
        }
    }

    package func delay(
        afterFailures failures: Int, random: (ClosedRange<Double>) -> Double = { Double.random(in: $0) }
    ) -> Duration {
        nominalDelay(afterFailures: failures) * (1 + (jitter > 0 ? random(-jitter...jitter) : 0))
    }
}
