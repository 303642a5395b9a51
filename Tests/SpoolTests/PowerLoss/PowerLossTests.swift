import Documents
import Files
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import Spool

/// Power cuts: every legal state of the disk that real work can leave behind is found whole again.
@Suite(.timeLimit(.minutes(10))) struct PowerLossTests {
    /// The same states in every run of `make test`, so that it does not depend on luck; others with BOBBIN_SEED.
    private static let seed = getenv("BOBBIN_SEED").flatMap { UInt64(String(cString: $0)) } ?? 1

    private typealias States = [(state: PowerCut.State, disk: Disk)]

    /// Judges states side by side.
    private final class Judge: Sendable {
        private let story: PowerLossStory
        private let states: States
        private let stopsAtFirst: Bool
        private let next = Mutex(0)
        private let found = Mutex<[String]>([])

        init(_ story: PowerLossStory, _ states: States, stopsAtFirst: Bool = false) {
            self.story = story
            self.states = states
            self.stopsAtFirst = stopsAtFirst
        }

        /// What is wrong, each with the state that shows it.
        func problems() async throws -> [String] {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 { group.addTask { try await self.work() } }
                try await group.waitForAll()
            }
            return found.withLock { $0 }
        }

        private func work() async throws {
            while !stopsAtFirst || found.withLock({ $0.isEmpty }) {
                let index = next.withLock { next in
                    defer { next += 1 }
                    return next
                }
                guard index < states.count else { return }
                let (state, disk) = states[index]
                let problems = try await Aftermath.problems(of: story, disk, state.promises)
                if !problems.isEmpty { found.withLock { $0.append(problems.joined(separator: "; ") + "\n" + disk.shown) } }
            }
        }
    }

    /// States of each story and model that are judged, chosen at random; all with BOBBIN_ALL_STATES.
    private static let limit = getenv("BOBBIN_ALL_STATES") == nil ? 30 : Int.max

    private func states(_ cut: PowerCut, _ model: PowerCut.Model) -> States {
        var dice = Dice(seed: Self.seed)
        return cut.states(model, dice: &dice).shuffled(using: &dice)
    }

    @Test("after a power cut at any moment everything is whole", arguments: PowerLossStory.all, PowerCut.Model.allCases)
    func powerCut(_ story: PowerLossStory, _ model: PowerCut.Model) async throws {
        if model == .foldersApart, story.isClaimedTwice { return }
        let cut = try await story.record()
        let states = states(cut, model)
        let judged = States(states.prefix(Self.limit))
        let problems = try await Judge(story, judged).problems()
        print(
            "power loss: \(story.name), \(model): \(cut.events.count) events, \(cut.syncs.count) syncs, \(states.count) states,",
            "\(judged.count) judged, \(problems.count) wrong, seed \(Self.seed)")
        for problem in problems.prefix(3) {
            Issue.record("\(story.name), \(model), seed \(Self.seed), one of \(problems.count): \(problem)")
        }
    }

    /// Stories that between them make every sync there is; what they sync a second time is left out.
    private static let syncing = PowerLossStory.all.filter { story in
        ["a run that leaves nothing", "results and forwards", "a payload that is deleted", "a checkpoint before a failure"]
            .contains(story.name)
    }

    @Test("each sync is needed: without it a power cut loses something", arguments: syncing)
    func everySync_isNeeded(_ story: PowerLossStory) async throws {
        let cut = try await story.record()
        // The registration of the orchestrator is the first, and serves only outcomes that are not synced.
        for (number, sync) in cut.syncs.enumerated() where number > 0 || story.name == "a run that leaves nothing" {
            var isNeeded = false
            for model in PowerCut.Model.allCases.reversed() where !isNeeded {
                isNeeded = try await !Judge(story, states(cut.without(sync: sync), model), stopsAtFirst: true).problems().isEmpty
            }
            guard case .sync(_, let subject) = cut.events[sync] else { continue }
            #expect(isNeeded, "\(story.name): nothing is lost without the sync of \(subject), seed \(Self.seed)")
        }
    }
}

extension Disk {
    /// For the message of a failed test.
    var shown: String {
        tree.sorted { $0.key < $1.key }.map { path, content in content.map { "\(path) (\($0.count) bytes)" } ?? path + "/" }.joined(
            separator: "\n")
    }
}
