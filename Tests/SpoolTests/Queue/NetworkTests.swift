import Documents
import Files
import SystemPackage
import Testing

@testable import Spool

/// A queue that takes its folder for one of a network: what cannot be believed there is not believed.
@Suite(.timeLimit(.minutes(2))) struct NetworkTests {
    let place: Place

    init() throws { place = try Place() }

    @Test("the server's clock counts, by hours ahead or behind", arguments: [-7200, 7200])
    func age_isMeasuredByTheFileSystemsClock(_ seconds: Int) async throws {
        place.step(by: .seconds(seconds))
        let keeper = try place.start(isNetwork: true)
        try place.drop("file")
        await keeper.note("file", evidence: .scanned)
        #expect(await keeper.queue.claim(upTo: 1).isEmpty, "seen once only")
        #expect(await keeper.claimSoon()?.name == "file")
    }

    @Test func clock_ofTheFileSystem_leavesNothingBehindAndIsAskedOnceAMinute() throws {
        place.step(by: .seconds(-7200))
        var clock = FileSystemClock(clocks: place.clocks, folder: place.folder, probe: "claimed/.clock")
        let first = clock.now()
        #expect(first - place.clocks.now() > .seconds(7000))
        #expect(try place.folder.names(in: "claimed").isEmpty)
        let trouble = Faults { asked, _ in asked == .create ? .ioError : nil }
        Faults.$plan.withValue(trouble) { #expect(clock.now() - place.clocks.now() > .seconds(7000)) }
        place.advance(by: .seconds(61))
        Faults.$plan.withValue(trouble) { #expect(clock.now() - place.clocks.now() > .seconds(7000), "the last answer holds") }
        var local = FileSystemClock(clocks: place.clocks, folder: nil, probe: "claimed/.clock")
        #expect(local.now() - place.clocks.now() < .seconds(1))
    }

    @Test func folderPayload_isLockedThroughAFile() async throws {
        let keeper = try place.start(QueueRules(accept: .directories), isNetwork: true)
        try place.folder.makeFolder(".incoming")
        #expect(try place.folder.move(".incoming", to: place.folder, as: "album") == .moved)
        await keeper.note("album")
        let grant = try #require(await keeper.claimSoon())
        let at = ItemPlace.claimed(grant.item)
        #expect(try place.folder.open(at.lock).isLocked())
        #expect(await keeper.queue.localise(grant)?.lock != nil)
        let other = try place.start(isNetwork: true)
        #expect(try !Hold.open("album", at: at, in: place.folder, isNetwork: true).tryLock())
        await keeper.commit(grant, .failure)
        place.advance(by: .seconds(60))
        await other.queue.requestRetryScan()
        #expect(await other.claimSoon()?.attempt == 2, "the lock was let go")
    }

    @Test func filePayload_isLockedItself() async throws {
        let keeper = try place.start(isNetwork: true)
        try place.drop("file")
        await keeper.note("file")
        let grant = try #require(await keeper.claimSoon())
        #expect(!place.folder.exists(ItemPlace.claimed(grant.item).lock))
        #expect(try place.folder.open(ItemPlace.claimed(grant.item).payload("file")).isLocked())
    }
}
