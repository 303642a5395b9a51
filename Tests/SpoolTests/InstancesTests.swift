import Documents
import Files
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

    private func register(_ place: Place) throws -> Instances { try Instances.register(dataFolder: place.data, clocks: place.clocks) }

    private func folder(_ place: Place) throws -> Folder {
        try Folder.open(place.data.appending("locks").appending("instances"))
    }

    @Test func deadInstance_whileAnotherAsks_isStillDead() throws {
        let place = try Place()
        var dead: Instances? = try register(place)
        let id = try #require(dead?.own)
        let own = try register(place)
        #expect(own.isAlive(id))
        dead = nil
        let asking = try folder(place).open(RelativePath(id), writing: true)
        #expect(try asking.tryLock(shared: true))
        #expect(!own.isAlive(id), "whoever asks is not the holder")
        own.removeDead()
        #expect(try folder(place).names().map(\.bytes) == [Array(own.own.description.utf8)])
        #expect(dead == nil)
    }

    /// Another orchestrator that starts at the same moment takes the file that is not locked yet for one of the dead.
    @Test func registration_whoseFileIsTakenForDead_isMadeAgain() throws {
        let place = try Place()
        _ = try register(place)
        let taken = Taken()
        let plan = Faults { operation, subject in
            // The first lock is asked for: at this moment the other has it, and removes the file.
            guard operation == .lock, taken.isFirst else { return nil }
            return .wouldBlock
        }
        let own = try Faults.$plan.withValue(plan) { try register(place) }
        #expect(taken.count > 0)
        let other = try register(place)
        #expect(other.isAlive(own.own))
    }

    private final class Taken: @unchecked Sendable {
        private(set) var count = 0
        var isFirst: Bool {
            count += 1
            return count == 1
        }
    }
}
