import TestSupport
import Testing

@testable import Engine

/// Places shared by weights; counted, not timed.
@Suite struct FairShareTests {
    /// Who gets the next `count` places, when each run ends before the next begins and everybody always wants more.
    private func grants(_ share: inout FairShare<String>, _ weights: [String: Int], _ count: Int) -> [String] {
        for (name, weight) in weights where share.take(name, weight: weight, upTo: share.limit + 1) > 0 {}
        var order: [String] = []
        var running: [String] = weights.keys.flatMap { name in [String](repeating: name, count: share.taken(of: name)) }
        while order.count < count {
            let ended = running.removeFirst()
            if share.keep(ended, weight: weights[ended] ?? 1) {
                order.append(ended)
                running.append(ended)
            }
            while let next = share.next, share.take(next, weight: weights[next] ?? 1, upTo: 1) == 1 {
                order.append(next)
                running.append(next)
                // It wants more still.
                _ = share.take(next, weight: weights[next] ?? 1, upTo: share.limit + 1)
            }
        }
        return order
    }

    @Test("places go by weights", arguments: [1, 2, 7])
    func weights(_ limit: Int) {
        var share = FairShare<String>(limit: limit)
        let order = grants(&share, ["a": 1, "b": 3, "c": 6], 1000)
        for (name, part) in [("a", 100), ("b", 300), ("c", 600)] {
            let count = order.count { $0 == name }
            #expect(abs(count - part) <= 2 * limit + 2, "\(name): \(count)")
        }
    }

    @Test func newcomer_isServedAtOnce_andHasEarnedNothingWhileItWasAway() {
        var share = FairShare<String>(limit: 1)
        let first = share.take("busy", weight: 1, upTo: 2000)
        #expect(first == 1)
        for _ in 0..<500 {
            let isKept = share.keep("busy", weight: 1)
            #expect(isKept, "nobody else wants it")
        }
        let early = share.take("new", weight: 1, upTo: 5)
        #expect(early == 0)
        // From here they take turns: neither the newcomer nor the busy one has two in a row for long.
        var order: [String] = []
        var owner = "busy"
        for _ in 0..<10 {
            if share.keep(owner, weight: 1) {
                order.append(owner)
            } else {
                owner = owner == "busy" ? "new" : "busy"
                #expect(share.next == owner)
                let got = share.take(owner, weight: 1, upTo: 2)
                #expect(got == 1)
                order.append(owner)
            }
        }
        #expect((4...6).contains(order.count { $0 == "new" }), "\(order)")
    }

    @Test func placeThatWasNotUsed_doesNotCount() {
        var share = FairShare<String>(limit: 1)
        for _ in 0..<50 {
            let got = share.take("idle", weight: 1, upTo: 1)
            #expect(got == 1)
            share.give("idle", isUnused: true)
            share.withdraw("idle")
        }
        let got = share.take("other", weight: 1, upTo: 1)
        let none = share.take("idle", weight: 1, upTo: 1)
        let isKept = share.keep("other", weight: 1)
        #expect(got == 1 && none == 0 && !isKept && share.next == "idle")
    }

    @Test func noPlaceIsFree_whileSomebodyWaits() {
        let seed = UInt64.random(in: 1 ... .max)
        var dice = Dice(seed: seed)
        var share = FairShare<String>(limit: 3)
        var held: [String: Int] = [:]
        var waiting: Set<String> = []
        for _ in 0..<20_000 {
            let name = ["a", "b", "c", "d"].randomElement(using: &dice) ?? "a"
            switch Int.random(in: 0..<5, using: &dice) {
            case 0, 1:
                let wanted = Int.random(in: 1...4, using: &dice)
                let got = share.take(name, weight: Int.random(in: 1...100, using: &dice), upTo: wanted)
                held[name, default: 0] += got
                if got < wanted { waiting.insert(name) } else { waiting.remove(name) }
            case 2 where held[name, default: 0] > 0:
                if !share.keep(name, weight: 1) {
                    held[name, default: 0] -= 1
                    waiting.insert(name)
                }
            case 3 where held[name, default: 0] > 0:
                share.give(name, isUnused: Bool.random(using: &dice))
                held[name, default: 0] -= 1
            default:
                share.withdraw(name)
                waiting.remove(name)
            }
            // Who is called takes what there is.
            while let next = share.next {
                #expect(waiting.contains(next), "seed \(seed)")
                let got = share.take(next, weight: 1, upTo: 1)
                #expect(got == 1, "it was its turn, seed \(seed)")
                held[next, default: 0] += got
                waiting.remove(next)
            }
            let taken = held.values.reduce(0, +)
            #expect(share.taken == taken && taken <= 3 && (waiting.isEmpty || taken == 3), "seed \(seed)")
        }
    }
}
