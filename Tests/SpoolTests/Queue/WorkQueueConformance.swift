import Documents
import Files
import Testing

@testable import Spool

/// A queue to be judged, with what the checks need of its surroundings.
struct WorkQueueSubject: Sendable {
    let queue: any WorkQueue & PayloadStore
    /// Puts a file in, ready to be claimed.
    let submit: @Sendable (_ name: FileName, _ content: String) async throws -> Void
    /// Lets time pass.
    let advance: @Sendable (Duration) -> Void
    /// Keeps alive what the queue needs.
    let keeping: [any Sendable]
}

/// What every `WorkQueue` promises, whatever keeps its items. An implementation runs all checks with its factory, for
/// queues with `max_attempts` 2.
enum WorkQueueConformance: String, CaseIterable, Sendable {
    case emptyQueueGrantsNothing, claimGrantsAtMostWhatWasAskedFor, itemIsGrantedOnce, grantHasItsPayload, commitEndsTheGrant
    case secondCommitIsStale, failureComesBackWithAHigherFence, lastFailureIsFinal, badInputIsFinal, givenBackCountsNothing
    case runningItemIsNotRecovered, hintsComeForNewItems, ordersOnUnknownItemsAreRefused

    func check(_ make: () async throws -> WorkQueueSubject) async throws {
        let subject = try await make()
        let queue = subject.queue
        func submit(_ count: Int) async throws {
            for number in 0..<count { try await subject.submit(#require(FileName("item\(number)" as String)), "content \(number)") }
        }
        func commit(_ grant: Grant, _ meaning: RunEnding.Meaning) async throws -> CommitAnswer {
            let now = Clocks.system.now()
            let result = RunResult(ending: RunEnding(meaning, reason: "exit", exitCode: 1), startedAt: now, finishedAt: now)
            return try #require(await queue.commit([(grant, result)]).first)
        }
        func claimOne() async throws -> Grant { try #require(await queue.claim(upTo: 1).first) }
        switch self {
        case .emptyQueueGrantsNothing: #expect(await queue.claim(upTo: 10).isEmpty)
        case .claimGrantsAtMostWhatWasAskedFor:
            try await submit(5)
            #expect(await queue.claim(upTo: 3).count == 3)
            #expect(await queue.claim(upTo: 3).count == 2)
            #expect(await queue.claim(upTo: 0).isEmpty)
        case .itemIsGrantedOnce:
            try await submit(50)
            let grants = await withTaskGroup(of: [Grant].self) { group in
                for _ in 0..<20 { group.addTask { await queue.claim(upTo: 5) } }
                return await group.reduce(into: []) { $0 += $1 }
            }
            #expect(grants.count == 50 && Set(grants.map(\.item)).count == 50 && Set(grants.map(\.run)).count == 50)
        case .grantHasItsPayload:
            try await submit(1)
            let grant = try await claimOne()
            let site = try #require(await queue.localise(grant))
            #expect(try site.payload.readAll(limit: 100) == Array("content 0".utf8))
            #expect(await queue.extend([grant]) == [true])
        case .commitEndsTheGrant:
            try await submit(1)
            let grant = try await claimOne()
            #expect(try await commit(grant, .success).transition?.status.state == .succeeded)
            #expect(await queue.extend([grant]) == [false])
            #expect(await queue.localise(grant) == nil)
            #expect(await queue.claim(upTo: 1).isEmpty)
        case .secondCommitIsStale:
            try await submit(1)
            let grant = try await claimOne()
            #expect(try await !commit(grant, .success).isStale)
            #expect(try await commit(grant, .failure).isStale)
        case .failureComesBackWithAHigherFence:
            try await submit(1)
            let first = try await claimOne()
            let transition = try #require(await commit(first, .failure).transition)
            #expect(transition.status.state == .retrying && transition.retryAfter != nil)
            #expect(await queue.claim(upTo: 1).isEmpty)
            subject.advance(.seconds(60))
            let second = try await claimOne()
            #expect(second.item == first.item && second.run != first.run && second.fence > first.fence && second.attempt == 2)
            #expect(try await commit(first, .success).isStale)
            #expect(try await !commit(second, .success).isStale)
        case .lastFailureIsFinal:
            try await submit(1)
            _ = try await commit(claimOne(), .failure)
            subject.advance(.seconds(60))
            #expect(try await commit(claimOne(), .failure).transition?.status.state == .failed)
            subject.advance(.seconds(7200))
            #expect(await queue.claim(upTo: 1).isEmpty)
        case .badInputIsFinal:
            try await submit(1)
            #expect(try await commit(claimOne(), .badInput).transition?.status.state == .failed)
        case .givenBackCountsNothing:
            try await submit(1)
            for _ in 0..<5 {
                let grant = try await claimOne()
                #expect(grant.attempt == 1 && grant.interruptions == 0)
                await queue.giveBack([grant], reason: .stopped)
                subject.advance(.seconds(2))
            }
        case .runningItemIsNotRecovered:
            try await submit(1)
            let grant = try await claimOne()
            #expect(await queue.recover().isEmpty)
            #expect(await queue.recover().isEmpty)
            #expect(try await !commit(grant, .success).isStale)
        case .hintsComeForNewItems:
            try await submit(1)
            var hints = queue.hints.makeAsyncIterator()
            #expect(await hints.next() != nil)
        case .ordersOnUnknownItemsAreRefused:
            for order in [ItemOrder.retry, .cancel, .discard] {
                let answer = await queue.control(.make(at: Clocks.system.now()), order)
                if case .refused = answer {} else { Issue.record("\(order): \(answer)") }
            }
        }
    }
}

@Suite(.timeLimit(.minutes(4))) struct FolderQueueConformanceTests {
    @Test(arguments: WorkQueueConformance.allCases) func folderQueue(_ promise: WorkQueueConformance) async throws {
        try await promise.check {
            let place = try Place()
            let keeper = try place.start(QueueRules(limits: .init(maxAttempts: 2)))
            return WorkQueueSubject(
                queue: keeper.queue,
                submit: { name, content in
                    try place.drop(name, content)
                    await keeper.note(name)
                },
                advance: { place.advance(by: $0) }, keeping: [place, keeper])
        }
    }
}
