import Documents

/// The life of one item as a pure machine: an event goes in, the actions that make it true come out (contract §2).
///
/// Every pair of state and event has its row below; there is no default. Effects are carried out by `FolderQueue`,
/// which can crash between any two of them: each action can be repeated without harm.
package struct ItemMachine: Sendable, Equatable {
    package enum State: Sendable, Equatable {
        case waiting
        /// Claimed and recorded: a run of this attempt has begun.
        case running(attempt: Int)
        /// In `retry/` until a time.
        case retrying
        case succeeded, failed, cancelled
    }

    package enum Event: Sendable, Equatable {
        case claim
        case ended(RunEnding, checkpointChanged: Bool)
        /// The holder died, or the machine did.
        case interrupted
        case cancel
        /// An operator puts a failed item back.
        case operatorRetry
    }

    package enum Action: Sendable, Equatable {
        case recordAttempt(number: Int)
        /// Write `outcome.json`: the commit point.
        case commit(reason: String?)
        case publish
        /// Keep for another attempt; the delay is the back-off, nil = at once.
        case park(delay: Duration?, reason: String)
        /// Back to the inbox, or to `retry/` when there is something to remember.
        case giveBack(reason: String)
        case refuse(String)
    }

    /// The limits an item lives under.
    package struct Limits: Sendable, Equatable {
        package var maxAttempts: Int
        package var maxInterruptions: Int
        package var backoff: Backoff

        package init(maxAttempts: Int = 5, maxInterruptions: Int = 3, backoff: Backoff = Backoff()) {
            self.maxAttempts = maxAttempts
            self.maxInterruptions = maxInterruptions
            self.backoff = backoff
        }
    }

    package private(set) var state: State
    /// Attempts that ended in failure: these alone are limited by `max_attempts`.
    package private(set) var failures: Int
    package private(set) var interruptions: Int

    package init(state: State = .waiting, failures: Int = 0, interruptions: Int = 0) {
        self.state = state
        self.failures = failures
        self.interruptions = interruptions
    }

    package mutating func handle(_ event: Event, limits: Limits) -> [Action] {
        switch (state, event) {
        case (.waiting, .claim), (.retrying, .claim):
            state = .running(attempt: failures + 1)
            return [.recordAttempt(number: failures + 1)]

        case (.running, .ended(let ending, let checkpointChanged)):
            return end(ending, checkpointChanged: checkpointChanged, limits: limits)

        case (.running, .interrupted):
            interruptions += 1
            guard interruptions < limits.maxInterruptions else { return finish(.failed, reason: "interrupted_too_often") }
            state = .retrying
            return [.park(delay: nil, reason: "interrupted")]

        case (.waiting, .cancel), (.retrying, .cancel): return finish(.cancelled, reason: "cancelled")
        case (.running, .cancel): return [.refuse("it runs: its run is stopped first")]

        case (.failed, .operatorRetry), (.cancelled, .operatorRetry):
            // A person has looked at it: the count starts anew, the history stays.
            failures = 0
            interruptions = 0
            state = .retrying
            return [.park(delay: nil, reason: "operator")]
        case (.retrying, .operatorRetry): return [.park(delay: nil, reason: "operator")]
        case (.waiting, .operatorRetry): return [.refuse("it waits already and starts as soon as it can")]
        case (.running, .operatorRetry): return [.refuse("it runs already")]
        case (.succeeded, .operatorRetry): return [.refuse("it succeeded; drop the file again to run it again")]

        case (.succeeded, .cancel), (.failed, .cancel), (.cancelled, .cancel):
            return [.refuse("its state is final")]
        case (.running, .claim): return [.refuse("it runs already")]
        case (.succeeded, .claim), (.failed, .claim), (.cancelled, .claim): return [.refuse("its state is final")]
        case (.waiting, .ended), (.retrying, .ended), (.waiting, .interrupted), (.retrying, .interrupted):
            return [.refuse("it does not run")]
        case (.succeeded, .ended), (.failed, .ended), (.cancelled, .ended),
            (.succeeded, .interrupted), (.failed, .interrupted), (.cancelled, .interrupted):
            return [.refuse("its state is final")]
        }
    }

    private mutating func end(_ ending: RunEnding, checkpointChanged: Bool, limits: Limits) -> [Action] {
        switch ending.meaning {
        case .success: return finish(.succeeded, reason: nil)
        case .badInput: return finish(.failed, reason: ending.reason)
        case .cancelled: return finish(.cancelled, reason: "cancelled")
        case .stopped, .jobBroken:
            state = .waiting
            return [.giveBack(reason: ending.reason)]
        case .again where checkpointChanged:
            state = .retrying
            return [.park(delay: nil, reason: ending.reason)]
        case .again, .failure:
            failures += 1
            guard failures < limits.maxAttempts else { return finish(.failed, reason: ending.reason) }
            state = .retrying
            return [.park(delay: limits.backoff.delay(afterFailures: failures), reason: ending.reason)]
        }
    }

    private mutating func finish(_ final: State, reason: String?) -> [Action] {
        state = final
        return final == .succeeded ? [.commit(reason: nil), .publish] : [.commit(reason: reason)]
    }
}
