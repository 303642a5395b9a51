import Documents
import TestSupport
import Testing

@testable import Spool

@Suite struct ItemMachineTests {
    private static let endings: [RunEnding.Meaning] = [.success, .failure, .badInput, .jobBroken, .again, .cancelled, .stopped]

    private static var events: [ItemMachine.Event] {
        [.claim, .interrupted, .cancel, .operatorRetry]
            + endings.flatMap { meaning in
                [true, false].map { .ended(RunEnding(meaning, reason: "word"), checkpointChanged: $0) }
            }
    }

    private static let states: [ItemMachine.State] = [.waiting, .running(attempt: 1), .retrying, .succeeded, .failed, .cancelled]

    /// What the machine should do, told in another way: counts and rules, no actions.
    private struct Model {
        enum Stage { case waiting, running, retrying, succeeded, failed, cancelled }
        var stage = Stage.waiting
        var failures = 0
        var interruptions = 0

        mutating func handle(_ event: ItemMachine.Event, _ limits: ItemMachine.Limits) {
            switch event {
            case .claim: if stage == .waiting || stage == .retrying { stage = .running }
            case .cancel: if stage == .waiting || stage == .retrying { stage = .cancelled }
            case .interrupted:
                guard stage == .running else { return }
                interruptions += 1
                stage = interruptions >= limits.maxInterruptions ? .failed : .retrying
            case .operatorRetry:
                guard stage == .failed || stage == .cancelled else { return }
                (stage, failures, interruptions) = (.retrying, 0, 0)
            case .ended(let ending, let changed):
                guard stage == .running else { return }
                switch ending.meaning {
                case .success: stage = .succeeded
                case .badInput: stage = .failed
                case .cancelled: stage = .cancelled
                case .stopped, .jobBroken: stage = .waiting
                case .again where changed: stage = .retrying
                case .again, .failure:
                    failures += 1
                    stage = failures >= limits.maxAttempts ? .failed : .retrying
                }
            }
        }
    }

    private func stage(_ state: ItemMachine.State) -> Model.Stage {
        switch state {
        case .waiting: .waiting
        case .running: .running
        case .retrying: .retrying
        case .succeeded: .succeeded
        case .failed: .failed
        case .cancelled: .cancelled
        }
    }

    @Test("random lives agree with the model, and the promises hold at each step", arguments: UInt64(1)...60)
    func machine_agreesWithItsModel(seed: UInt64) {
        var dice = Dice(seed: seed)
        let limits = ItemMachine.Limits(maxAttempts: Int.random(in: 1...6, using: &dice), maxInterruptions: 3)
        for _ in 0..<50 {
            var machine = ItemMachine()
            var model = Model()
            for step in 0..<40 {
                let event = Self.events.randomElement(using: &dice)!
                let before = machine
                let actions = machine.handle(event, limits: limits)
                model.handle(event, limits)
                let where_ = "seed \(seed), step \(step), \(event) in \(before)"
                #expect(stage(machine.state) == model.stage, "\(where_)")
                #expect(machine.failures == model.failures && machine.interruptions == model.interruptions, "\(where_)")
                #expect(machine.failures <= limits.maxAttempts && machine.interruptions <= limits.maxInterruptions, "\(where_)")
                if case .running(let attempt) = machine.state { #expect(attempt <= limits.maxAttempts, "\(where_)") }
                #expect(!actions.isEmpty, "\(where_)")
                if case .refuse? = actions.first { #expect(machine == before, "a refusal changes nothing: \(where_)") }
                if [.succeeded, .failed, .cancelled].contains(before.state), event != .operatorRetry {
                    #expect(machine == before, "a final state stays: \(where_)")
                }
                if case .ended(let ending, _) = event, [.stopped, .jobBroken].contains(ending.meaning) {
                    #expect(machine.failures == before.failures && machine.interruptions == before.interruptions, "\(where_)")
                }
            }
        }
    }

    @Test("every pair of state and event has an answer that fits", arguments: states)
    func table_hasNoMissingPair(_ state: ItemMachine.State) {
        for event in Self.events {
            var machine = ItemMachine(state: state)
            let first = machine.handle(event, limits: ItemMachine.Limits()).first
            let isRefused = if case .refuse? = first { true } else { false }
            let isAllowed =
                switch (state, event) {
                case (.waiting, .claim), (.retrying, .claim), (.running, .ended), (.running, .interrupted), (.waiting, .cancel),
                    (.retrying, .cancel), (.failed, .operatorRetry), (.cancelled, .operatorRetry), (.retrying, .operatorRetry):
                    true
                default: false
                }
            #expect(isRefused != isAllowed, "\(event) in \(state): \(String(describing: first))")
        }
    }

    @Test func claim_recordsTheNumberOfTheAttempt() {
        var machine = ItemMachine(state: .retrying, failures: 2, interruptions: 1)
        #expect(machine.handle(.claim, limits: .init()) == [.recordAttempt(number: 3)])
    }

    @Test func success_isCommittedAndPublished_failureOnlyCommitted() {
        var machine = ItemMachine(state: .running(attempt: 1))
        #expect(
            machine.handle(.ended(RunEnding(.success, reason: "exit"), checkpointChanged: false), limits: .init()) == [
                .commit(reason: nil), .publish,
            ])
        machine = ItemMachine(state: .running(attempt: 5), failures: 4)
        #expect(
            machine.handle(.ended(RunEnding(.failure, reason: "exit"), checkpointChanged: false), limits: .init()) == [
                .commit(reason: "exit")
            ])
    }
}

@Suite struct BackoffTests {
    @Test(arguments: [(1, 15), (2, 30), (3, 60), (4, 120), (5, 240), (8, 1920), (9, 3600), (10, 3600), (1000, 3600), (0, 15)])
    func standard_doublesFrom15SecondsToAnHour(_ failures: Int, _ seconds: Int) {
        #expect(Backoff().nominalDelay(afterFailures: failures) == .seconds(seconds))
    }

    @Test(arguments: [(0, 1), (1, 1), (2, 5), (3, 30), (4, 30), (99, 30)])
    func list_isFollowedAndItsLastRepeated(_ failures: Int, _ seconds: Int) {
        let backoff = Backoff(steps: .list([.seconds(1), .seconds(5), .seconds(30)]), jitter: 0)
        #expect(backoff.delay(afterFailures: failures) == .seconds(seconds))
    }

    @Test func emptyList_isNoDelay() { #expect(Backoff(steps: .list([]), jitter: 0.5).delay(afterFailures: 3) == .zero) }

    @Test func initialBeyondTheLimit_isTheLimit() {
        let backoff = Backoff(steps: .growing(initial: .seconds(100), factor: 2, limit: .seconds(10)), jitter: 0)
        #expect(backoff.nominalDelay(afterFailures: 1) == .seconds(10))
    }

    @Test("jitter stays within its share", arguments: [0.0, 0.1, 0.5, 1.0])
    func jitter_isBounded(_ jitter: Double) {
        var dice = Dice(seed: 7)
        let backoff = Backoff(jitter: jitter)
        for failures in 1...12 {
            let nominal = backoff.nominalDelay(afterFailures: failures).seconds
            for _ in 0..<200 {
                let delay = backoff.delay(afterFailures: failures) { Double.random(in: $0, using: &dice) }.seconds
                #expect(delay >= nominal * (1 - jitter) - 1e-6 && delay <= nominal * (1 + jitter) + 1e-6)
            }
        }
    }
}
