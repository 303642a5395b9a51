import Spool
import Testing

@testable import Engine

@Suite struct CircuitTests {
    private let backoff = Backoff(jitter: 0)

    @Test func closed_allowsAll() {
        var circuit = Circuit()
        #expect(circuit.allowance(limit: 4, at: .zero) == 4)
        #expect(circuit.state == .closed)
        #expect(circuit.succeed() == false)
    }

    @Test func broken_allowsNothingUntilTheBackoff_thenOne() {
        var circuit = Circuit()
        #expect(circuit.trip(backoff: backoff, at: .seconds(100)) == .seconds(115))
        #expect(circuit.allowance(limit: 4, at: .seconds(100)) == 0)
        #expect(circuit.allowance(limit: 4, at: .seconds(114)) == 0)
        #expect(circuit.allowance(limit: 4, at: .seconds(115)) == 1)
        #expect(circuit.state == .probing)
        #expect(circuit.allowance(limit: 4, at: .seconds(115)) == 1)
    }

    @Test func probeThatWorks_closes() {
        var circuit = Circuit()
        _ = circuit.trip(backoff: backoff, at: .zero)
        _ = circuit.allowance(limit: 4, at: .seconds(15))
        #expect(circuit.succeed() == true)
        #expect(circuit == Circuit())
    }

    @Test func probeThatFails_opensForLonger() {
        var circuit = Circuit()
        _ = circuit.trip(backoff: backoff, at: .zero)
        _ = circuit.allowance(limit: 4, at: .seconds(15))
        #expect(circuit.trip(backoff: backoff, at: .seconds(15)) == .seconds(45))
        #expect(circuit.trips == 2)
    }

    @Test func runsFromBefore_sayNothingNew() {
        var circuit = Circuit()
        _ = circuit.trip(backoff: backoff, at: .zero)
        #expect(circuit.trip(backoff: backoff, at: .seconds(5)) == .seconds(15))
        #expect(circuit.trips == 1)
        #expect(circuit.succeed() == false)
        #expect(circuit.state == .open(until: .seconds(15)))
    }
}
