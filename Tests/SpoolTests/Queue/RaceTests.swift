import Dispatch
import Documents
import Files
import Synchronization
import SystemPackage
import Testing

@testable import Spool

/// Two orchestrators, or one and an operator, in an unlucky order. Each of these was found by the model (`Models/`), whose
/// mutant is named beside it, or by the soak.
@Suite(.timeLimit(.minutes(4))) struct RaceTests {
    /// True when it is asked for the first time.
    private final class Once: Sendable {
        private let was = Mutex(false)
        var isFirst: Bool {
            was.withLock { was in
                defer { was = true }
                return !was
            }
        }
    }

    /// Lets something happen before the first file-system call of a kind, and fails nothing.
    private func before(_ operation: FileOperation, _ happen: @escaping @Sendable () throws -> Void) -> Faults {
        let once = Once()
        return Faults { asked, _ in
            guard asked == operation, once.isFirst else { return nil }
            #expect(throws: Never.self) { try happen() }
            return nil
        }
    }

    private func rewrite(_ place: Place, _ item: ItemPlace, _ change: (inout ItemRecord) -> Void) throws {
        var record = try #require(try place.folder.read(item.record).flatMap(ItemRecord.init(bytes:)))
        change(&record)
        try place.folder.replace(item.record, with: record.json.prettyBytes)
    }

    /// RECORD_BEFORE_LOCK: another orchestrator runs the item, and puts it back, between the look and the lock.
    @Test func retry_whenAnotherRanItMeanwhile_goesByItsRecord() async throws {
        let place = try Place()
        let keeper = try place.start()
        let first = try await keeper.grant()
        #expect(await !keeper.commit(first, .again, reason: "checkpoint").isStale)
        let resting = ItemPlace.retry(first.item)
        let failures = try #require(try place.folder.read(resting.record).flatMap(ItemRecord.init(bytes:))).failures
        place.advance(by: .seconds(7200))
        let plan = before(.lock) { try rewrite(place, resting) { $0.failures += 1 } }
        let grant = await Faults.$plan.withValue(plan) { await keeper.queue.claim(upTo: 1).first }
        #expect(grant?.attempt == failures + 2)
    }

    /// STALE_RECOVERY: while the old run is being ended, another orchestrator recovers the item, begins it again and dies.
    @Test func recovery_whenTheItemWasBegunAgainMeanwhile_endsTheNewRunFirst() async throws {
        let place = try Place()
        try await place.die { keeper in _ = try await keeper.grant() }
        let id = try #require(try place.items(.claimed).first)
        let next = ItemID.make(at: Clocks.system.now())
        let once = Once()
        let keeper = try place.start(whileHunting: {
            guard once.isFirst else { return }
            #expect(throws: Never.self) {
                try rewrite(place, .claimed(id)) {
                    $0.attempts.append(ItemRecord.Attempt(run: next, number: 1, startedAt: Clocks.system.now()))
                }
            }
        })
        #expect(await keeper.queue.recover().map(\.outcome) == [.retrying])
        #expect(keeper.orphans.all.count == 2 && keeper.orphans.all.last?.run == next)
    }

    /// The same, for one that was claimed and not recorded yet.
    @Test func recovery_whenTheClaimIsRecordedMeanwhile_doesNotGiveTheFileBack() async throws {
        let place = try Place()
        try await place.die { keeper in _ = try await keeper.grant() }
        let id = try #require(try place.items(.claimed).first)
        let record = try #require(try place.folder.read(ItemPlace.claimed(id).record))
        try place.folder.remove(ItemPlace.claimed(id).record)
        let keeper = try place.start(whileHunting: {
            #expect(throws: Never.self) { try place.folder.replace(ItemPlace.claimed(id).record, with: record) }
        })
        #expect(await keeper.queue.recover().map(\.outcome) == [.retrying])
        #expect(keeper.orphans.all.count == 1)
    }

    /// SURVIVORS_IGNORED: a process in uninterruptible sleep that has closed its standard input holds no lock.
    @Test func recovery_whenAProcessCannotBeEnded_leavesTheItemClaimed() async throws {
        let place = try Place()
        try await place.die { keeper in _ = try await keeper.grant() }
        let id = try #require(try place.items(.claimed).first)
        let record = try #require(try place.folder.read(ItemPlace.claimed(id).record).flatMap(ItemRecord.init(bytes:)))
        let keeper = try place.start()
        keeper.survivors.add(record.attempts.map(\.run))
        #expect(await keeper.queue.recover().isEmpty)
        #expect(try place.items(.claimed) == [id])
        #expect(keeper.notices.all.contains { $0.contains("cannot be ended") })
    }

    /// PRODUCTS_KEPT: found by the soak as a success without its results.
    @Test func results_ofARunThatWasCutOff_areNotInTheWayOfALaterRun() async throws {
        let place = try Place()
        try await place.die { keeper in
            let grant = try await keeper.grant()
            for folder in [ItemPlace.claimed(grant.item).results, ItemPlace.claimed(grant.item).next] {
                try place.folder.makeFolder(folder)
                try place.folder.write([1], toNew: folder / FileName("stale"))
            }
            _ = try place.folder.append(to: ItemPlace.claimed(grant.item).cancelRequest)
        }
        let keeper = try place.start()
        #expect(await keeper.queue.recover().map(\.outcome) == [.failed])
        let id = try #require(try place.items(.failed).first)
        #expect(try ItemOrders(name: "q", folder: place.folder, clocks: place.clocks).carryOut(.retry, on: id) == .done)
        await keeper.queue.requestRetryScan()
        let grant = try #require(await keeper.claimSoon())
        let site = try #require(await keeper.queue.localise(grant))
        try site.folder.folder(site.results).write([1], toNew: "fresh")
        #expect(await keeper.commit(grant, .success).transition?.status.results == ["results/\(id)/fresh"])
        #expect(try place.paths(of: "stale").isEmpty)
    }

    /// RETRY_COMMITTED: `bobbin cancel` is killed between the outcome and the move.
    @Test func cancel_cutOffAfterTheOutcome_isMadeGoodAndNothingRuns() async throws {
        let place = try Place()
        let keeper = try place.start()
        let first = try await keeper.grant()
        #expect(await !keeper.commit(first, .failure).isStale)
        let plan = Faults { operation, path in operation == .move && path.hasSuffix(first.item.description) ? .ioError : nil }
        Faults.$plan.withValue(plan) {
            #expect(throws: FileError.self) {
                try ItemOrders(name: "q", folder: place.folder, clocks: place.clocks).carryOut(.cancel, on: first.item)
            }
        }
        #expect(place.folder.exists(ItemPlace.retry(first.item).outcome))
        place.advance(by: .seconds(7200))
        #expect(await keeper.queue.claim(upTo: 1).isEmpty)
        #expect(try place.items(.failed) == [first.item])
        #expect(try place.status("file")?.state == .cancelled)
        #expect(keeper.transitions.all.last?.status.state == .cancelled)
    }

    /// OUTCOME_ASIDE_FIRST: `bobbin retry` is killed at any call. The item is put back, or it is failed as before.
    @Test(arguments: 0...30) func retry_cutOff_leavesTheItemFinalOrPutBack(_ calls: Int) async throws {
        let place = try Place()
        let keeper = try place.start()
        let grant = try await keeper.grant()
        #expect(await !keeper.commit(grant, .badInput).isStale)
        let seen = Mutex(0)
        let plan = Faults { _, _ in
            seen.withLock { seen in
                seen += 1
                return seen > calls ? .ioError : nil
            }
        }
        Faults.$plan.withValue(plan) {
            _ = try? ItemOrders(name: "q", folder: place.folder, clocks: place.clocks).carryOut(.retry, on: grant.item)
        }
        // Between its two renames at the end a retry is known by a hidden name, which every look at the folder mends.
        await keeper.queue.requestRetryScan()
        await waitUntil("the item is claimed or failed") {
            if await keeper.queue.claim(upTo: 1).first != nil { return true }
            return (try? place.items(.failed)) == [grant.item]
        }
        let isFailed = try place.items(.failed) == [grant.item]
        #expect(place.folder.exists(ItemPlace.failed(grant.item).outcome) == isFailed)
        #expect(try place.items(.claimed) == (isFailed ? [] : [grant.item]))
    }

    /// Found by the soak: a daemon without a mark kept the payload open after its run had failed, and the next run began.
    @Test func failure_whileAProcessHoldsThePayload_isNotRunAgain() async throws {
        let place = try Place()
        let keeper = try place.start()
        let first = try await keeper.grant()
        let site = try #require(await keeper.queue.localise(first))
        var inherited: OpenFile? = OpenFile(adopting: try #require(duplicate(site.payload)), subject: "a daemon's standard input")
        #expect(await !keeper.commit(first, .failure).isStale)
        #expect(inherited != nil)
        place.advance(by: .seconds(7200))
        #expect(await keeper.queue.claim(upTo: 1).isEmpty)
        inherited = nil
        place.advance(by: .seconds(1))
        #expect(await keeper.claimSoon() != nil)
    }

    /// A shell's `>>` finds the name just before the claim's rename, and is let in when the lease is dropped.
    @Test func claim_whileAWriterWaitsForTheLease_putsTheFileBack() async throws {
        let place = try Place()
        let keeper = try place.start()
        try place.drop("file", "half")
        await keeper.note("file")
        let inode = try #require(try place.folder.stamp("file")).inode
        let hasWritten = Mutex(false)
        let plan = before(.makeFolder) {
            // It blocks its thread, which must not be one of the pool's.
            DispatchQueue.global().async {
                try? place.folder.append(to: "file").write(Array(" and half".utf8))
                hasWritten.withLock { $0 = true }
            }
            let limit = Clocks.system.uptime() + .seconds(30)
            while try Folder.open("/proc").read("locks").map({ Self.breaks(inode, $0) }) != true {
                guard Clocks.system.uptime() < limit else { throw FileError(.lease, "the writer does not come", .timedOut) }
            }
        }
        #expect(await Faults.$plan.withValue(plan) { await keeper.queue.claim(upTo: 1) }.isEmpty)
        await waitUntil("the writer is let in") { hasWritten.withLock { $0 } }
        let grant = try #require(await keeper.claimSoon())
        #expect(try place.text(ItemPlace.claimed(grant.item).payload("file")) == "half and half")
    }

    private static func breaks(_ inode: UInt64, _ locks: [UInt8]) -> Bool {
        String(decoding: locks, as: UTF8.self).split(separator: "\n").contains { $0.contains("BREAKING") && $0.contains(":\(inode) ") }
    }

    private func duplicate(_ file: OpenFile) -> Int32? {
        let copy = FileDescriptor(rawValue: file.descriptor)
        return try? copy.duplicate().rawValue
    }
}
