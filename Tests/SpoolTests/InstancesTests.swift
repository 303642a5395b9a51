import Documents
import Files
import Synchronization
import SystemPackage
import Testing

@testable import Spool

/// Who shares a root, told by locks alone.
@Suite struct InstancesTests {
    /// Until the kernel has freed the lock of one that let go: another test's process may be about to start, with a copy of
    /// every descriptor.
    private func waitUntilDead(_ id: ItemID, _ look: Instances) async {
        await waitUntil("the lock is free") { !look.isAlive(id) }
    }

    @Test func peers_areTheOthers_aliveOrDeadUntilTheyAreBuried() async throws {
        let place = try Place()
        let own = try Instances.register(dataFolder: place.data, clocks: place.clocks)
        #expect(own.peers().isEmpty && own.isAlone)
        var other: Instances? = try Instances.register(dataFolder: place.data, clocks: place.clocks)
        let id = try #require(other).own
        #expect(own.peers().map(\.id) == [id] && own.peers().allSatisfy(\.isAlive) && !own.isAlone)
        own.removeDead()
        #expect(own.peers().count == 1, "the living stay")
        other = nil
        await waitUntilDead(id, own)
        #expect(own.peers().map(\.isAlive) == [false] && own.isAlone)
        own.removeDead()
        #expect(own.peers().isEmpty)
        #expect(own.living().map(\.id) == [own.own])
    }

    @Test func registration_thatWasCutOff_isCleanedAway() async throws {
        let place = try Place()
        let own = try Instances.register(dataFolder: place.data, clocks: place.clocks)
        let folder = try Folder.open(own.place)
        let hidden = try #require(FileName(".\(ItemID.make(at: place.clocks.now()))"))
        try folder.write([], toNew: RelativePath(hidden))
        #expect(own.peers().isEmpty)
        own.removeDead()
        #expect(try folder.names().count == 1)
    }

    /// Another orchestrator that starts at the same moment takes the file that is not locked yet for one of the dead.
    @Test func registration_whoseFileIsTakenForDead_isMadeAgain() throws {
        let place = try Place()
        let taken = Mutex(0)
        // While the first lock is asked for, the other has it, and removes the file.
        let plan = Faults { operation, _ in
            operation == .lock
                && taken.withLock { count in
                    count += 1
                    return count == 1
                } ? .wouldBlock : nil
        }
        let own = try Faults.$plan.withValue(plan) { try Instances.register(dataFolder: place.data, clocks: place.clocks) }
        #expect(taken.withLock { $0 } == 2)
        #expect(try Instances.register(dataFolder: place.data, clocks: place.clocks).isAlive(own.own))
    }
}
