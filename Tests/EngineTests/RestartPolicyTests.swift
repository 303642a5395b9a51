import Spool
import Testing

@testable import Engine

@Suite struct RestartPolicyTests {
    private let standard = Backoff(steps: .growing(initial: .seconds(1), factor: 2, limit: .seconds(60)), jitter: 0)

    @Test func shortLives_doubleTheWait_upToAMinute() {
        var policy = RestartPolicy(standard)
        let waits = (0..<9).map { _ in policy.delay(afterLife: .seconds(59)) }
        #expect(waits == [1, 2, 4, 8, 16, 32, 60, 60, 60].map { .seconds($0) })
    }

    @Test func lifeOfAMinute_beginsAnew() {
        var policy = RestartPolicy(standard)
        for _ in 0..<5 { _ = policy.delay(afterLife: .zero) }
        #expect(policy.delay(afterLife: .seconds(60)) == .seconds(1))
        #expect(policy.delay(afterLife: .zero) == .seconds(2))
    }

    @Test func reset_beginsAnew() {
        var policy = RestartPolicy(standard)
        for _ in 0..<5 { _ = policy.delay(afterLife: .zero) }
        policy.reset()
        #expect(policy.delay(afterLife: .zero) == .seconds(1))
    }

    @Test func list_isFollowed_andItsLastRepeats() {
        var policy = RestartPolicy(Backoff(steps: .list([.seconds(3), .seconds(9)]), jitter: 0))
        #expect((0..<3).map { _ in policy.delay(afterLife: .zero) } == [.seconds(3), .seconds(9), .seconds(9)])
    }
}
