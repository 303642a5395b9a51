import Documents
import Files
import Glibc
import SystemPackage
import Testing

@testable import Spool

/// What works on a queue's folder without an orchestrator.
@Suite struct FolderTests {
    private let place: Place

    init() throws { place = try Place() }

    // MARK: Slots

    @Test func slots_areReusedWhenEmptyAndMovedWhenUsed() throws {
        let own = ItemID.make(at: Clocks.system.now())
        var slots = Slots(queue: place.folder, instance: own)
        var first = try slots.take()
        let second = try slots.take()
        #expect(first.place != second.place)
        slots.giveBack(second)
        let again = try slots.take()
        #expect(again.place == second.place)
        #expect(try !slots.move(.results, of: &first, to: "claimed/nothing"))
        try place.folder.write([1], toNew: first.place.place(.results) / FileName("a"))
        #expect(try first.isUsed(.results))
        #expect(try slots.move(.results, of: &first, to: "claimed/moved"))
        #expect(try place.folder.names(in: "claimed/moved") == ["a"])
        #expect(try !first.isUsed(.results))
        #expect(place.folder.exists(first.place.place(.results)))
    }

    /// A listing may be old there: what a run left is moved without one, and a set is not used twice.
    @Test func slots_onANetworkFileSystem_areUsedOnceAndMovedWithoutALook() throws {
        var slots = Slots(queue: place.folder, instance: ItemID.make(at: Clocks.system.now()), isNetwork: true)
        var first = try slots.take()
        try place.folder.write([1], toNew: first.place.place(.results) / FileName("a"))
        #expect(try slots.move(.results, of: &first, to: "claimed/moved"))
        #expect(try place.folder.names(in: "claimed/moved") == ["a"])
        // A commit in trouble asks again.
        #expect(try !slots.move(.results, of: &first, to: "claimed/moved"))
        #expect(try !slots.move(.next, of: &first, to: "claimed/nothing"))
        #expect(!place.folder.exists("claimed/nothing"))
        slots.giveBack(first)
        #expect(!place.folder.exists(first.place.root))
        #expect(try slots.take().place != first.place)
    }

    @Test func slot_thatWasUsed_isCleanedBeforeItIsUsedAgain() throws {
        var slots = Slots(queue: place.folder, instance: ItemID.make(at: Clocks.system.now()))
        let slot = try slots.take()
        for part in Slot.Part.allCases { try place.folder.write([1], toNew: slot.place.place(part) / FileName("left")) }
        slots.giveBack(slot)
        let again = try slots.take()
        #expect(again.place == slot.place)
        for part in Slot.Part.allCases { #expect(try !again.isUsed(part)) }
        slots.giveBack(again)
        try slots.removeAll()
        #expect(try place.folder.names(in: "claimed/.slots").isEmpty)
    }

    @Test(arguments: [
        "claimed/.slots/x/1", "claimed/1", "", "a/b/c/d", "claimed/.slots/01935a2b-7c4d-7e8f-9a0b-1c2d3e4f5a6b/..", "/etc/passwd",
    ])
    func slotName_thatBobbinDidNotWrite_isRefused(_ name: String) { #expect(SlotPlace(named: name) == nil) }

    // MARK: Stalled uploads, sweeper

    @Test func stalledUploads_areTemporaryNamesThatRestForLong_inEveryInbox() throws {
        try place.root.makeFolder("extra")
        let extra = try place.root.folder("extra")
        for name in ["a.part", "b.crdownload", "c.csv", ".hidden"] as [FileName] { try place.folder.write([1], toNew: RelativePath(name)) }
        for name in ["d.part", "e.csv"] as [FileName] { try extra.write([1], toNew: RelativePath(name)) }
        func find(at now: Instant) throws -> [String] {
            try StalledUploads.find(in: [place.folder, extra], names: .standard, now: now, after: .seconds(86_400)).map(\.string).sorted()
        }
        let all = [extra.path.appending("d.part"), place.folder.path.appending("a.part"), place.folder.path.appending("b.crdownload")]
        #expect(try find(at: Clocks.system.now() + .seconds(90_000)) == all.map(\.string).sorted())
        #expect(try find(at: Clocks.system.now()).isEmpty)
    }

    private func finish(_ count: Int, _ meaning: RunEnding.Meaning, rules: QueueRules = QueueRules()) async throws -> [ItemID] {
        let keeper = try place.start(rules)
        var ids: [ItemID] = []
        for number in 0..<count {
            let grant = try await keeper.grant(FileName("\(meaning)\(number)")!)
            await keeper.commit(grant, meaning)
            ids.append(grant.item)
        }
        await keeper.queue.close()
        return ids
    }

    @Test func sweeper_removesByAgeWithStatusAndResults() async throws {
        let done = try await finish(3, .success)
        let failed = try await finish(2, .badInput)
        try place.folder.makeFolder(RelativePath("results") / done[0])
        let sweeper = Sweeper(name: "q", folder: place.folder, clocks: place.clocks)
        #expect(try sweeper.sweep(Retention()) == 0)
        place.advance(by: .seconds(8 * 86_400))
        #expect(try sweeper.sweep(Retention()) == 3)
        #expect(try place.items(.done).isEmpty)
        #expect(try place.items(.failed).sorted() == failed.sorted())
        #expect(try place.status("success0") == nil)
        #expect(try place.status("badInput0") != nil)
        #expect(try place.folder.names(in: "results").isEmpty)
        #expect(try place.folder.names(in: "done").isEmpty)
    }

    @Test func sweeper_keepsTheNewestByCount() async throws {
        let done = try await finish(5, .success)
        let sweeper = Sweeper(name: "q", folder: place.folder, clocks: place.clocks)
        #expect(try sweeper.sweep(Retention(done: .init(count: 2), failed: .init())) == 3)
        #expect(try place.items(.done) == Array(done.suffix(2)))
    }

    @Test func sweeper_neverTouchesWhatWaitsRestsOrRuns() async throws {
        let keeper = try place.start()
        let resting = try await keeper.grant("resting")
        await keeper.commit(resting, .failure)
        _ = try await keeper.grant("running")
        try place.drop("waiting")
        place.advance(by: .seconds(86_400 * 4000))
        let nothing = Retention(done: .init(age: .zero, count: 0), failed: .init(age: .zero, count: 0))
        #expect(try Sweeper(name: "q", folder: place.folder, clocks: place.clocks).sweep(nothing) == 0)
        for name in ["resting", "running", "waiting"] as [FileName] { #expect(try place.paths(of: name).count == 1) }
    }

    @Test func strayFileInDone_stopsNeitherSweeperNorReader() async throws {
        let done = try await finish(1, .success)
        try place.folder.write([1], toNew: "done/stray")
        let reader = QueueReader(name: "q", folder: place.folder)
        #expect(try reader.items(.done) == done)
        #expect(try reader.place(of: done[0])?.area == .done)
        place.advance(by: .seconds(8 * 86_400))
        #expect(try Sweeper(name: "q", folder: place.folder, clocks: place.clocks).sweep(Retention()) == 1)
        #expect(place.folder.exists("done/stray"))
    }

    // MARK: Reader

    @Test func reader_findsItemsAndCounts() async throws {
        let keeper = try place.start()
        let done = try await keeper.grant("done.txt")
        await keeper.commit(done, .success)
        let failed = try await keeper.grant("failed.txt")
        await keeper.commit(failed, .badInput)
        let resting = try await keeper.grant("resting.txt")
        await keeper.commit(resting, .failure)
        let running = try await keeper.grant("running.txt")
        try place.drop("waiting.txt")
        try place.drop("waiting.txt.part")
        let reader = QueueReader(name: "q", folder: place.folder)
        for (id, area) in [(done.item, QueueReader.Area.done), (failed.item, .failed), (resting.item, .retry), (running.item, .claimed)] {
            #expect(try reader.place(of: id)?.area == area)
            #expect(try reader.items(area) == [id])
            #expect(try reader.status(of: id)?.id == id)
        }
        #expect(try reader.counts() == [.waiting: 1, .claimed: 1, .retry: 1, .failed: 1, .done: 1])
        #expect(try reader.place(of: ItemID.make(at: Clocks.system.now())) == nil)
        #expect(try QueueReader.open("none", in: place.spool) == nil)
        #expect(try QueueReader.all(in: place.spool).map(\.name) == ["q"])
    }

    @Test func why_namesTheReason() async throws {
        let reader = QueueReader(name: "q", folder: place.folder)
        let rules = QueueRules()
        #expect(try await reader.why("none", rules: rules) == nil)
        try place.drop("a.part")
        #expect(try await reader.why("a.part", rules: rules)?.word == "temporary_name")
        try place.folder.makeFolder("folder")
        #expect(try await reader.why("folder", rules: rules) == .foldersNotAccepted)
        try place.drop("busy")
        place.advance(by: .seconds(10))
        let writer = try place.folder.open("busy", writing: true)
        #expect(try await reader.why("busy", rules: rules, clocks: place.clocks) == .openForWriting)
        _ = writer
    }

    // MARK: Orders

    private var orders: ItemOrders { ItemOrders(name: "q", folder: place.folder, clocks: place.clocks) }

    @Test func retry_putsAFailedItemBackWithItsHistory() async throws {
        let keeper = try place.start(QueueRules(limits: .init(maxAttempts: 1)))
        let grant = try await keeper.grant()
        await keeper.commit(grant, .failure, error: "broke")
        #expect(try place.items(.failed) == [grant.item])
        #expect(try orders.carryOut(.retry, on: grant.item) == .done)
        #expect(try place.items(.retry) == [grant.item])
        let record = try #require(try QueueReader(name: "q", folder: place.folder).record(at: .retry(grant.item)))
        #expect(record.failures == 0 && record.attempts.count == 1)
        #expect(try place.status("file")?.state == .retrying)
        await keeper.queue.requestRetryScan()
        let second = try #require(await keeper.claimSoon())
        #expect(second.item == grant.item && second.attempt == 1 && second.fence > grant.fence)
        await keeper.commit(second, .success)
        #expect(try place.status("file")?.state == .succeeded)
        #expect(try place.items(.done) == [grant.item])
    }

    /// The request to cancel must not outlive the run it was meant for.
    @Test func retry_afterACancel_isNotCancelledAgain() async throws {
        let keeper = try place.start()
        let grant = try await keeper.grant()
        #expect(try orders.carryOut(.cancel, on: grant.item) == .running(run: grant.run))
        await waitUntil("the queue asks for the end of the run") { keeper.cancelled.all.contains(grant.run) }
        await keeper.commit(grant, .cancelled, reason: "cancelled")
        #expect(try place.items(.failed) == [grant.item])
        #expect(try orders.carryOut(.retry, on: grant.item) == .done)
        await keeper.queue.requestRetryScan()
        let second = try #require(await keeper.claimSoon())
        #expect(!place.folder.exists(ItemPlace.claimed(second.item).cancelRequest))
    }

    @Test func cancel_ofARestingItem_isFinal() async throws {
        let keeper = try place.start()
        let grant = try await keeper.grant()
        await keeper.commit(grant, .failure)
        #expect(try orders.carryOut(.cancel, on: grant.item) == .done)
        #expect(try place.status("file")?.state == .cancelled)
        #expect(try place.items(.failed) == [grant.item])
        #expect(try place.paths(of: "file") == ["failed/\(grant.item)/payload/file"])
        place.advance(by: .seconds(7200))
        #expect(await keeper.queue.claim(upTo: 1).isEmpty)
    }

    @Test func cancelWaiting_takesTheFileOutOfTheInbox() throws {
        try place.drop("file")
        let id = try #require(try orders.cancelWaiting("file"))
        #expect(try place.paths(of: "file") == ["failed/\(id)/payload/file"])
        #expect(try orders.cancelWaiting("file") == nil)
    }

    @Test func discard_removesAllTraces() async throws {
        let keeper = try place.start()
        let grant = try await keeper.grant()
        if case .refused = try orders.carryOut(.discard, on: grant.item) {} else { Issue.record("a running item was discarded") }
        await keeper.commit(grant, .badInput)
        #expect(try orders.carryOut(.discard, on: grant.item) == .done)
        #expect(try place.paths(of: "file").isEmpty)
        #expect(try place.status("file") == nil)
        if case .refused = try orders.carryOut(.discard, on: grant.item) {} else { Issue.record("discarded twice") }
    }

    @Test(arguments: [ItemOrder.retry, .cancel, .discard]) func orderOnNothing_isRefused(_ order: ItemOrder) throws {
        if case .refused(let why) = try orders.carryOut(order, on: ItemID.make(at: Clocks.system.now())) {
            #expect(why.contains("no item"))
        } else {
            Issue.record("carried out on nothing")
        }
    }
}

extension StringProtocol {
    func contains(_ text: String) -> Bool { String(self).range(of: text) != nil }
}
