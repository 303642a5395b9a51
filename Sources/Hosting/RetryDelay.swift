import Documents
import Glibc

/// How long an item waits after a failed attempt, or a continuous job that has ended before it is started again.
package enum RetryDelay: Sendable, Equatable {
    /// `initial` after the first failure, multiplied by `factor` after each further one, at most `maximum`; then moved
    /// by a random part of up to ± `jitter` (0...1), so that items that failed together do not return together.
    case growing(initial: Duration, factor: Double, maximum: Duration, jitter: Double)
    /// One delay per failure, exactly as written; the last one repeats. Never empty.
    case list([Duration])

    package static let standard = RetryDelay.growing(
        initial: .seconds(15), factor: 2, maximum: .seconds(3600), jitter: 0.1)

    package static let ofRestarts = RetryDelay.growing(initial: .seconds(1), factor: 2, maximum: .seconds(60), jitter: 0)

    /// The wait after an item's failure number `failures` (from 1).
    ///
    /// - Parameter random: evenly distributed in 0..<1.
    package func delay(afterFailure failures: Int, random: Double) -> Duration {
        switch self {
        case .growing(let initial, let factor, let maximum, let jitter):
            // Zero times an infinite power is not a number.
            if initial == .zero { return .zero }
            let grown = min(initial.seconds * pow(factor, Double(max(0, failures - 1))), maximum.seconds)
            return DurationText.duration(seconds: grown * (1 + jitter * (2 * random - 1))) ?? maximum
        case .list(let delays):
            return delays.isEmpty ? .zero : delays[min(max(0, failures - 1), delays.count - 1)]
        }
    }

    var json: JSON {
        switch self {
        case .growing(let initial, let factor, let maximum, let jitter):
            [
                "initial": .string(DurationText.text(initial)), "factor": .number(factor),
                "max": .string(DurationText.text(maximum)),
                "jitter": .number(jitter),
            ]
        case .list(let delays): .array(delays.map { .string(DurationText.text($0)) })
        }
    }

    /// Takes a value whose form has been checked.
    ///
    /// - Parameter standard: what it does not say.
    init(_ value: JSON, standard: RetryDelay) {
        if let list = value.array {
            self = .list(list.compactMap(\.duration))
        } else if let single = value.duration {
            self = .list([single])
        } else if case .growing(let initial, let factor, let maximum, let jitter) = standard {
            self = .growing(
                initial: value["initial"]?.duration ?? initial, factor: value["factor"]?.double ?? factor,
                maximum: value["max"]?.duration ?? maximum, jitter: value["jitter"]?.double ?? jitter)
        } else {
            self = standard
        }
    }
}
