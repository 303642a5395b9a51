import Documents
import Files
import Glibc
import Synchronization
import SystemPackage
import Testing

@testable import Spool

/// Orchestrators that recover the same items at the same time: when one of three dies, two find what it held.
@Suite(.timeLimit(.minutes(2))) struct RecoveryTests {
    @Test func item_thatWasRecoveredAndLostAgainMeanwhile_keepsItsCount() async throws {
        let place = try Place()
        try await place.die { keeper in _ = try await keeper.grant("file") }
        let isOver = Mutex(false)
        let slow = try place.start(whileHunting: {
            // The run that was begun meanwhile is hunted in its turn.
            guard !isOver.withLock({ $0 }) else { return }
            isOver.withLock { $0 = true }
            do {
                try await place.die { quick in
                    #expect(await quick.queue.recover().map(\.outcome) == [.retrying])
                    #expect(await quick.claimSoon()?.interruptions == 1)
                }
            } catch {
                Issue.record(error)
            }
        })
        #expect(await slow.queue.recover().map(\.outcome) == [.retrying])
        #expect(try place.status("file")?.interruptions == 2)
    }

    @Test func recovery_whileAnotherIsUnderWay_waitsForItsEnd() async throws {
        let place = try Place()
        try await place.die { keeper in _ = try await keeper.grant("file") }
        let queue = Mutex<FolderQueue?>(nil)
        let keeper = try place.start(whileHunting: {
            let queue = queue.withLock { $0 }
            await waitUntil("the second is asked for") { await queue?.recoveries == 2 }
        })
        queue.withLock { $0 = keeper.queue }
        async let first = keeper.queue.recover()
        async let second = keeper.queue.recover()
        #expect(await (first + second).map(\.outcome) == [.retrying])
        #expect(keeper.orphans.all.count == 1, "the processes of a run are told to stop once")
    }

    @Test func outcome_whilePublishedByRecovery_isLockedForOthers() async throws {
        let place = try Place()
        let id = Mutex<ItemID?>(nil)
        try await place.die { keeper in
            let grant = try await keeper.grant("file")
            id.withLock { $0 = grant.item }
            // Nothing can be published: the commit gets as far as its outcome.
            let task = Faults.$plan.withValue(Faults { asked, _ in asked == .link ? .ioError : nil }) {
                Task { await keeper.commit(grant, .success) }
            }
            await waitUntil("the outcome is decided") { place.folder.exists(ItemPlace.claimed(grant.item).outcome) }
            task.cancel()
            _ = await task.value
        }
        let item = try #require(id.withLock { $0 })
        let payload = ItemPlace.claimed(item).payload("file")
        let wasLocked = Mutex<[Bool]>([])
        let look = Faults { asked, subject in
            guard asked == .move, subject.hasSuffix("claimed/\(item)") else { return nil }
            let other = Faults.$plan.withValue(nil) { try? place.folder.open(payload).tryLock() }
            wasLocked.withLock { $0.append(other == false) }
            return nil
        }
        let keeper = try place.start()
        #expect(await Faults.$plan.withValue(look) { await keeper.queue.recover() }.map(\.outcome) == [.published])
        #expect(wasLocked.withLock { $0 } == [true])
    }
}
