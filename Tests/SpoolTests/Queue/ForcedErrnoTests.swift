import Documents
import Files
import Glibc
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import Spool

/// Every errno at every file-system call of every piece of work: once, and from that call on until it is lifted.
@Suite(.timeLimit(.minutes(10))) struct ForcedErrnoTests {
    enum Work: String, CaseIterable, Sendable {
        case claim, claimWithEnvelope, claimRetry, succeed, fail, badInput, checkpoint, produce, giveBack, recover, finish, sweep
        case orderRetry, orderCancel, orderDiscard
    }

    static let codes: [Errno] = [
        .noSpace, .diskQuotaExceeded, .tooManyOpenFiles, .tooManyOpenFilesInSystem, .ioError, .permissionDenied, .readOnlyFileSystem,
        .improperLink, .noSuchFileOrDirectory, .fileExists, .interrupted, .noMemory, .resourceTemporarilyUnavailable, .staleNFSFileHandle,
    ]

    private static let seed: UInt64 = 1
    /// One of so many cases is tried, the same in every run of `make test`; every one with BOBBIN_ALL_ERRNOS.
    private static let oneOf: UInt64 = getenv("BOBBIN_ALL_ERRNOS") == nil ? 16 : 1

    /// Fails the call of a number, or that and all later ones, until it is lifted.
    private final class Trouble: Sendable {
        private let state = Mutex((seen: 0, failed: 0, isOver: false))
        private let number: Int
        private let isLasting: Bool
        private let code: Errno

        init(_ code: Errno, at number: Int, isLasting: Bool) {
            self.code = code
            self.number = number
            self.isLasting = isLasting
        }

        var plan: Faults {
            Faults { [self] _, _ in
                state.withLock { state in
                    defer { state.seen += 1 }
                    guard !state.isOver, isLasting ? state.seen >= number : state.seen == number else { return nil }
                    state.failed += 1
                    return code
                }
            }
        }

        var isLifted: Bool { state.withLock { $0.isOver } }
        func lift() { state.withLock { $0.isOver = true } }
        var hasFailedACall: Bool { state.withLock { $0.failed > 0 } }
    }

    private static let rules = QueueRules(limits: .init(maxAttempts: 3))

    /// What a piece of work needs to find; done without trouble. Returns the work.
    private func prepare(_ work: Work, _ place: Place) async throws -> (keeper: Keeper, act: @Sendable () async -> Void) {
        let keeper = try place.start(Self.rules)
        func ending(_ grant: Grant, _ meaning: RunEnding.Meaning) -> @Sendable () async -> Void {
            { _ = await keeper.commit(grant, meaning) }
        }
        switch work {
        case .claim, .claimWithEnvelope:
            try place.drop("file", "bytes", envelope: work == .claim ? nil : "{\"correlation_id\": \"c\"}")
            await keeper.note("file")
            return (keeper, { for grant in await keeper.queue.claim(upTo: 1) { _ = await keeper.commit(grant, .success) } })
        case .claimRetry:
            _ = try await keeper.commit(keeper.grant("file", "bytes"), .failure)
            place.advance(by: .seconds(120))
            return (keeper, { for grant in await keeper.queue.claim(upTo: 1) { _ = await keeper.commit(grant, .success) } })
        case .succeed: return try await (keeper, ending(keeper.grant("file", "bytes"), .success))
        case .fail: return try await (keeper, ending(keeper.grant("file", "bytes"), .failure))
        case .badInput: return try await (keeper, ending(keeper.grant("file", "bytes"), .badInput))
        case .checkpoint, .produce:
            let grant = try await keeper.grant("file", "bytes")
            let site = try #require(await keeper.queue.localise(grant))
            if work == .checkpoint { try site.folder.write([1], toNew: site.checkpoint) }
            if work == .produce { try await produce(grant, keeper) }
            return (keeper, ending(grant, work == .checkpoint ? .again : .success))
        case .giveBack:
            let grant = try await keeper.grant("file", "bytes")
            return (keeper, { await keeper.queue.giveBack([grant], reason: .stopped) })
        case .recover, .finish:
            try await leaveOrphan(place, isFinished: work == .finish)
            return (keeper, { _ = await keeper.queue.recover() })
        case .sweep:
            _ = try await keeper.commit(keeper.grant("file", "bytes"), .success)
            let sweeper = Sweeper(name: "q", folder: place.folder, clocks: place.clocks)
            return (keeper, { _ = try? sweeper.sweep(.init(done: .init(age: .seconds(3600)))) })
        case .orderRetry, .orderCancel, .orderDiscard:
            let grant = try await keeper.grant("file", "bytes")
            _ = await keeper.commit(grant, work == .orderCancel ? .failure : .badInput)
            let order: ItemOrder = work == .orderRetry ? .retry : work == .orderCancel ? .cancel : .discard
            return (keeper, { _ = await keeper.queue.control(grant.item, order) })
        }
    }

    private func produce(_ grant: Grant, _ keeper: Keeper) async throws {
        let site = try #require(await keeper.queue.localise(grant))
        try site.folder.folder(site.results).write([1], toNew: "out")
        try site.folder.folder(site.next).makeFolder("z")
        try site.folder.folder(site.next).write([2], toNew: "z/forward")
    }

    private func leaveOrphan(_ place: Place, isFinished: Bool) async throws {
        let id = try await dyingKeeper(place, isFinished: isFinished)
        let look = try #require(Instances.look(dataFolder: place.data))
        await waitUntil("the dead orchestrator's lock is free") { !look.isAlive(id) }
    }

    private func dyingKeeper(_ place: Place, isFinished: Bool) async throws -> ItemID {
        let dying = try place.start(Self.rules)
        let grant = try await dying.grant("file", "bytes")
        if isFinished {
            let plan = Faults { _, _ in
                Faults.$plan.withValue(nil) { place.folder.exists(ItemPlace.claimed(grant.item).outcome) ? .ioError : nil }
            }
            let commit = Faults.$plan.withValue(plan) { Task { await dying.commit(grant, .success) } }
            await waitUntil("the commit is in trouble") { !dying.notices.all.isEmpty }
            commit.cancel()
            _ = await commit.value
        }
        return dying.instances.own
    }

    /// Does the work in trouble; returns whether there was any, so that the next call is to be tried.
    private func attempt(_ work: Work, _ code: Errno, at number: Int, isLasting: Bool) async throws -> Bool {
        let context = "\(work), \(code) at call \(number)\(isLasting ? " and later" : ""), seed \(Self.seed)"
        let place = try Place(in: PowerLossStory.memory)
        let (keeper, act) = try await prepare(work, place)
        let trouble = Trouble(code, at: number, isLasting: isLasting)
        let before = keeper.notices.all.count
        let task = Task {
            await Faults.$plan.withValue(trouble.plan) { await act() }
            trouble.lift()
        }
        await waitUntil("it is done or somebody is told, \(context)") { trouble.isLifted || keeper.notices.all.count > before }
        trouble.lift()
        await task.value
        try await workOff(place, keeper, context, work)
        // A file system that says of what is there that it is not is believed: a run may have removed its folders itself.
        if work == .produce, code != .noSuchFileOrDirectory {
            #expect(try place.paths(of: "out").filter { $0.hasPrefix("results/") }.count == 1, "the result, \(context)")
            let forwards = try place.spool.folder("z").names().filter { $0.hasSuffix("forward") }
            #expect(forwards.count == 1, "the forward, \(context): \(forwards)")
        }
        let said = keeper.notices.all
        #expect(Set(said).count == said.count && said.count <= 3, "told once, \(context): \(said)")
        return trouble.hasFailedACall
    }

    /// The trouble is over: the queue does the rest by itself.
    private func workOff(_ place: Place, _ keeper: Keeper, _ context: String, _ work: Work) async throws {
        let mayBeGone = work == .orderDiscard
        for _ in 0..<4 {
            place.advance(by: .seconds(4000))
            _ = await keeper.queue.recover()
            await keeper.queue.requestScan()
            await keeper.queue.requestRetryScan()
            while let scan = await keeper.queue.scan.task { await scan.value }
            while let grant = await keeper.queue.claim(upTo: 1).first {
                #expect(try place.text(ItemPlace.claimed(grant.item).payload("file")) == "bytes", "I7, \(context)")
                if work == .produce { try await produce(grant, keeper) }
                #expect(await !keeper.commit(grant, .success).isStale, "\(context)")
            }
        }
        let paths = try place.paths(of: "file")
        if mayBeGone, paths.isEmpty { return }
        #expect(paths.count == 1, "I1, \(context): \(paths)")
        let isFinal = paths.first.map { $0.hasPrefix("done/") || $0.hasPrefix("failed/") } ?? false
        #expect(isFinal, "it is worked off, \(context): \(paths)")
        #expect(try place.items(.claimed).isEmpty, "\(context)")
        let status = try place.status("file")
        #expect(status?.state.isFinal == true || mayBeGone, "\(context): \(status.map { "\($0.state)" } ?? "no status")")
        if let path = paths.first, let status {
            #expect(path.hasPrefix(status.state == .succeeded ? "done/" : "failed/"), "I9, \(context)")
        }
    }

    @Test("work in trouble loses nothing, tells once, and is done when the trouble is over", arguments: Work.allCases)
    func errnoAtEveryCall(_ work: Work) async throws {
        let cases = Self.codes.flatMap { code in [false, true].map { (code, $0) } }.filter { $0 != (.interrupted, true) }
        let next = Cases(cases)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    while let (index, (code, isLasting)) = next.take() {
                        var dice = Dice(seed: Self.seed &+ UInt64(index))
                        // Which call is the last is learned from a trouble that does not come.
                        var number = 0
                        while true {
                            let step = Self.oneOf == 1 ? 0 : Int(dice.next() % (2 * Self.oneOf - 1))
                            number += step
                            guard try await self.attempt(work, code, at: number, isLasting: isLasting) else { break }
                            next.count()
                            number += 1
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        print("forced errno: \(work): \(next.tried) cases, seed \(Self.seed)")
    }

    private final class Cases: Sendable {
        private let cases: [(Errno, Bool)]
        private let next = Mutex(0)
        private let done = Mutex(0)
        var tried: Int { done.withLock { $0 } }
        func count() { done.withLock { $0 += 1 } }

        init(_ cases: [(Errno, Bool)]) { self.cases = cases }

        func take() -> (Int, (Errno, Bool))? {
            let index = next.withLock { next in
                defer { next += 1 }
                return next
            }
            return index < cases.count ? (index, cases[index]) : nil
        }
    }
}
