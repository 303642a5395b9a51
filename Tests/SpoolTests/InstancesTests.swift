import Documents
import Files
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
}
