import Files
import Glibc
import Synchronization
import TestSupport
import Testing

/// The real program dies at every point of every kind of item's path, and again at every point of the recovery.
///
/// `make test` runs all single deaths, and of the double ones each point of recovery once and a seeded choice of the
/// rest; `make kill-matrix` runs them all (`BOBBIN_KILL_MATRIX=all`).
@Suite(.serialized) struct KillMatrixTests {
    private static let isFull = getenv("BOBBIN_KILL_MATRIX").map { String(cString: $0) } == "all"
    private static let seed = getenv("BOBBIN_SEED").flatMap { UInt64(String(cString: $0)) } ?? UInt64.random(in: 1 ... .max)
    /// Double deaths of a kind in `make test`, beyond one for each point of recovery that no kind before has passed.
    private static let chosen = 6
    private static let covered = Mutex<Set<String>>([])
    /// Cases at a time; most of a case is waiting.
    private static let width = 8

    /// Points that every start passes, whatever the item.
    private static let everywhere: Set<Step> = [.fileWrite, .fileReplace]
    /// A run may outlast the time after which a status is written, on a machine under load.
    private static let byChance: Set<Step> = [.statusWrite, .statusRename, .publishSwap]
    /// Passed by what dead orchestrators left.
    private static let recovery = Set(Step.allCases.filter { $0.rawValue.hasPrefix("recover.") } + [.sweepInstance])

    @Test func steps_haveNamesOfTwoWords_inOrder() {
        let names = Step.allCases.map(\.rawValue)
        #expect(names.count * 2 >= 40, "points")
        #expect(names.allSatisfy { $0.split(separator: ".").count == 2 })
        let phases = names.map { $0.prefix { $0 != "." } }
        #expect(zip(phases, phases.dropFirst()).count { $0 != $1 } + 1 == Set(phases).count, "each phase stands together")
    }

    /// No step without a kind of item that passes it.
    @Test func kinds_passEveryStep() {
        let passed = Set(ItemKind.all.flatMap(\.path)).union(Self.everywhere).union(Self.recovery)
        #expect(Set(Step.allCases).subtracting(passed) == [])
    }

    /// `BOBBIN_KILL_KINDS=plain,worn` runs these only.
    private static let kinds: [ItemKind] = {
        guard let wanted = getenv("BOBBIN_KILL_KINDS").map({ String(cString: $0).split(separator: ",").map(String.init) }) else {
            return ItemKind.all
        }
        return ItemKind.all.filter { wanted.contains($0.name) }
    }()

    @Test(.timeLimit(.minutes(60)), arguments: kinds) func everyDeath_isRecoveredFrom(_ kind: ItemKind) async throws {
        try await Permits.roots.with(alone: true) {
            let passed = try await trace(kind)
            let singles = passed.filter { kind.points.contains($0.step) || kind.deadly == nil }.map { KillCase(kind: kind, first: $0) }
            let recoveries = try await run(singles)
            let doubles = recoveries.flatMap { single, trace in
                // From the start to the next run: what recovery does.
                trace.prefix { $0.step != .runStart }.map { KillCase(kind: kind, first: single.first, second: $0) }
            }
            let chosen = Self.isFull ? doubles : choose(doubles)
            let held = try await run(chosen).count
            let recovered = Set(doubles.compactMap(\.second?.name)).count
            print(
                "kill matrix: \(kind.name): \(Set(passed.map(\.name)).count) points, \(recoveries.count) of \(singles.count) deaths, \(held) of \(doubles.count) double deaths at \(recovered) points of recovery"
            )
        }
    }

    /// What a run passes when nothing goes wrong: neither less nor more than the table says.
    private func trace(_ kind: ItemKind) async throws -> [KillPoint] {
        let found = Found()
        try await inRoot { root in
            let queue = root.job("q", kind.script, settings: kind.settings)
            try await kind.prepare(root, queue)
            let trace = root.notes / "trace"
            try await root.drain(trace: trace)
            #expect(kind.problems(root, queue) == [])
            found.points = KillPoint.list(trace)
        }
        let free = Self.everywhere.union(Self.byChance).union(kind.deadly == nil ? [] : Self.recovery)
        let steps = Set(found.points.map(\.step))
        #expect(Set(kind.path).subtracting(steps) == [], "\(kind.name): on its path by the table, not passed")
        #expect(steps.subtracting(kind.path).subtracting(free) == [], "\(kind.name): passed, not in the table")
        return found.points
    }

    private final class Found: @unchecked Sendable { var points: [KillPoint] = [] }

    /// Runs cases, a few at a time; returns those that died as they should, with what their recovery passed.
    private func run(_ cases: [KillCase]) async throws -> [(KillCase, [KillPoint])] {
        try await withThrowingTaskGroup(of: (KillCase, [KillPoint]?).self) { group in
            var waiting = cases[...]
            var done: [(KillCase, [KillPoint])] = []
            func next() {
                if let one = waiting.popFirst() { group.addTask { (one, try await reach(one)) } }
            }
            for _ in 0..<Self.width { next() }
            while let (one, trace) = try await group.next() {
                if let trace { done.append((one, trace)) }
                next()
            }
            return done
        }
    }

    /// Where a run outlasts a moment only now and then, the point is tried again.
    private func reach(_ one: KillCase) async throws -> [KillPoint]? {
        for _ in 0..<4 {
            if case .held(let trace) = try await one.run() { return trace }
        }
        let isByChance = [one.first, one.second].compactMap(\.?.step).contains { Self.byChance.union(Self.everywhere).contains($0) }
        if !isByChance { Issue.record("kill matrix, \(one): the program did not come to the point in four tries") }
        return nil
    }

    /// Each point of recovery once for all kinds, and a few more.
    private func choose(_ doubles: [KillCase]) -> [KillCase] {
        print("kill matrix: seed \(Self.seed) (BOBBIN_SEED)")
        var dice = Dice(seed: Self.seed)
        let shuffled = doubles.shuffled(using: &dice)
        let first = Self.covered.withLock { points in shuffled.filter { points.insert($0.second?.name ?? "").inserted } }
        let others = shuffled.filter { one in !first.contains { $0.description == one.description } }
        return first + others.prefix(Self.chosen)
    }
}
