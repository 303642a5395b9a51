import Files
import Glibc
import Testing
import Verifying

/// One side of a step, reached for the n-th time.
struct KillPoint: Hashable, Sendable, CustomStringConvertible {
    let step: Step
    let side: Step.Side
    let passage: Int

    /// As `BOBBIN_DIE_AT` takes it.
    var description: String { "\(name):\(passage)" }
    var name: String { "\(step.rawValue).\(side.rawValue)" }

    /// The points of a `BOBBIN_TRACE`, in order.
    static func list(_ trace: Path) -> [KillPoint] {
        var passages: [String: Int] = [:]
        return trace.lines.compactMap { line in
            let parts = line.split(separator: ".")
            guard parts.count == 3, let step = Step(rawValue: "\(parts[0]).\(parts[1])"), let side = Step.Side(rawValue: String(parts[2]))
            else { return nil }
            passages[line, default: 0] += 1
            return KillPoint(step: step, side: side, passage: passages[line] ?? 1)
        }
    }
}

/// Die at a point, perhaps die again while that is recovered, drain, look.
struct KillCase: Sendable, CustomStringConvertible {
    let kind: ItemKind
    let first: KillPoint
    var second: KillPoint?

    var description: String { "\(kind.name): \(first)" + (second.map { ", then \($0)" } ?? "") }

    enum Outcome: Sendable {
        /// Everything holds; what the last run passed.
        case held([KillPoint])
        /// The program ended without having come to the point.
        case notReached
    }

    func run() async throws -> Outcome {
        let result = Result()
        try await inRoot { root in
            let queue = root.job("q", kind.script, settings: kind.settings)
            try await kind.prepare(root, queue)
            let startsBefore = root.runs.count("start")
            var deaths = 0
            for point in [first, second].compactMap(\.self) {
                guard try await root.die(at: point.description) else { return }
                deaths += 1
            }
            let decided = outcomes(root)
            let trace = root.notes / "trace"
            try await root.drain(trace: trace)
            try await check(root, queue, decided: decided, runs: root.runs.count("start") - startsBefore, deaths: deaths)
            result.outcome = .held(KillPoint.list(trace))
        }
        return result.outcome
    }

    private final class Result: @unchecked Sendable { var outcome = Outcome.notReached }

    /// The outcomes that were committed when the program died: nothing may change them.
    private func outcomes(_ root: Root) -> [String: [UInt8]] {
        let items = root.queues.flatMap(\.items).filter { $0.outcome != nil }
        return Dictionary(items.map { ($0.id, ($0.folder / "outcome.json").content ?? []) }) { first, _ in first }
    }

    private func check(_ root: Root, _ queue: Queue, decided: [String: [UInt8]], runs: Int, deaths: Int) async throws {
        let report = try await InvariantChecker(root: root).report(isDrained: true, isUntouched: true)
        var problems = report.findings.map(\.text) + kind.problems(root, queue)
        let now = outcomes(root)
        // What is swept is gone; what is there has not changed.
        for (id, bytes) in decided where now[id].map({ $0 != bytes }) ?? (kind.name != ItemKind.swept.name) {
            problems.append("I2: the outcome of \(id) had been committed, and is another now")
        }
        if runs > kind.runs + deaths { problems.append("\(runs) runs after \(deaths) deaths; without any there are \(kind.runs)") }
        guard !problems.isEmpty else { return }
        let tree = root.path.tree.map { "\($0)".dropFirst("\(root.path)/".count) }.joined(separator: "\n")
        Issue.record("kill matrix, \(self): \(problems.joined(separator: "; "))\n\(root.said)\n\(tree)")
    }
}

extension Root {
    /// A drain that is to die at a point; false when it ended without having come there.
    @discardableResult
    func die(at point: String) async throws -> Bool {
        let bobbin = try launch(["--drain"], environment: ["BOBBIN_DIE_AT": point])
        let code = try await bobbin.end(within: .seconds(60), "the death of bobbin at \(point)")
        try #require(code == 0 || code == 128 + SIGKILL, "bobbin ended with \(code) instead of dying at \(point): \(bobbin.said)")
        return code != 0
    }

    /// A drain that writes down the points it passes.
    func drain(trace: Path) async throws {
        let bobbin = try launch(["--drain"], environment: ["BOBBIN_TRACE": trace.text])
        let code = try await bobbin.end(within: .seconds(60), "the end of a traced drain")
        try #require(code == 0, "bobbin run --drain ended with \(code): \(bobbin.said)")
    }
}
