import Documents
import Files
import Glibc
import Synchronization
import SystemPackage
import Testing

@testable import Spool

/// Crashes and shortages at every file-system call of a claim and of a commit.
@Suite(.timeLimit(.minutes(4))) struct CrashTests {
    /// Lets the first calls through and fails every later one, until it is over.
    private final class Cut: Sendable {
        private let state = Mutex((seen: 0, isOver: false))
        let after: Int
        let code: Errno

        init(after: Int, code: Errno = .ioError) {
            self.after = after
            self.code = code
        }

        var plan: Faults {
            Faults { [self] _, _ in
                state.withLock { state in
                    state.seen += 1
                    return !state.isOver && state.seen > after ? code : nil
                }
            }
        }

        var hasCut: Bool { state.withLock { $0.seen > after } }
    }

    private func die(_ place: Place, _ body: (Keeper) async throws -> Void) async throws {
        try await place.die(QueueRules(limits: .init(maxAttempts: 2)), body)
    }

    /// Recovers, then works off what is left; checks that the file is in one place and whole throughout.
    private func recoverAndFinish(_ place: Place, _ name: FileName, _ content: String, _ context: String) async throws {
        let keeper = try place.start(QueueRules(limits: .init(maxAttempts: 2)))
        let decided = try decidedOutcome(place)
        _ = await keeper.queue.recover()
        var paths = try place.paths(of: name)
        #expect(paths.count == 1, "I1 after recovery, \(context): \(paths)")
        if let decided {
            #expect(try place.status(name)?.state == decided.state, "I2, \(context)")
            #expect(try place.status(name)?.id == decided.id, "I2, \(context)")
            #expect(paths.first.map { $0.hasPrefix("done/") || $0.hasPrefix("failed/") } == true, "I2, \(context): \(paths)")
        }
        place.advance(by: .seconds(120))
        await keeper.queue.requestScan()
        await keeper.queue.requestRetryScan()
        var grant: Grant?
        try await waitUntil("the item is claimed or final, \(context)") {
            grant = await keeper.queue.claim(upTo: 1).first
            if grant != nil { return true }
            paths = try place.paths(of: name)
            return paths.first.map { $0.hasPrefix("done/") || $0.hasPrefix("failed/") } ?? false
        }
        if let grant {
            #expect(decided == nil, "I2: run again after its outcome, \(context)")
            #expect(grant.attempt <= 2 && grant.interruptions <= 3, "I4, \(context)")
            #expect(try place.text(ItemPlace.claimed(grant.item).payload(name)) == content, "I7, \(context)")
            #expect(await !keeper.commit(grant, .success).isStale, "\(context)")
        }
        paths = try place.paths(of: name)
        #expect(paths.count == 1, "I1 at the end, \(context): \(paths)")
        #expect(try place.items(.claimed).isEmpty, "\(context)")
        let status = try #require(try place.status(name), "\(context)")
        #expect(status.state.isFinal, "\(context)")
        if let path = paths.first {
            #expect(path.hasPrefix(status.state == .succeeded ? "done/" : "failed/"), "I9, \(context): \(path)")
        }
        await keeper.queue.close()
        #expect(try place.folder.names(in: "status").allSatisfy { !$0.hasPrefix(".") }, "I10, \(context)")
        #expect(
            try place.folder.names(in: "claimed/.slots").allSatisfy { $0.escaped == keeper.instances.own.description }, "I10, \(context)")
    }

    private func decidedOutcome(_ place: Place) throws -> StatusDocument? {
        for id in try place.items(.claimed) {
            if let bytes = try place.folder.read(ItemPlace.claimed(id).outcome) { return StatusDocument(bytes: bytes) }
        }
        return nil
    }

    @Test("an orchestrator that dies at any call of a claim loses nothing", arguments: [false, true], 0...32)
    func claim_cutOff(_ hasEnvelope: Bool, _ calls: Int) async throws {
        let place = try Place()
        try place.drop("file", "bytes", envelope: hasEnvelope ? "{\"correlation_id\": \"c\"}" : nil)
        try await die(place) { keeper in
            await keeper.note("file")
            _ = await Faults.$plan.withValue(Cut(after: calls).plan) { await keeper.queue.claim(upTo: 1) }
        }
        try await recoverAndFinish(place, "file", "bytes", "claim cut after \(calls) calls")
    }

    @Test(
        "an orchestrator that dies at any call of a commit loses nothing and decides once",
        arguments: [RunEnding.Meaning.success, .failure, .badInput, .stopped], 0...40)
    func commit_cutOff(_ meaning: RunEnding.Meaning, _ calls: Int) async throws {
        let place = try Place()
        try await die(place) { keeper in
            let grant = try await keeper.grant("file", "bytes")
            let site = try #require(await keeper.queue.localise(grant))
            try site.folder.folder(site.results).write([1], toNew: "out")
            try site.folder.folder(site.work).write([1], toNew: "half")
            let task = Faults.$plan.withValue(Cut(after: calls).plan) { Task { await keeper.commit(grant, meaning) } }
            task.cancel()
            _ = await task.value
        }
        try await recoverAndFinish(place, "file", "bytes", "\(meaning) cut after \(calls) calls")
        if place.folder.exists("results"), try place.status("file")?.results.isEmpty == false {
            #expect(try place.paths(of: "out").count == 1)
        }
        #expect(try place.paths(of: "half").isEmpty)
    }

    @Test("interruptions are counted apart and have their own limit") func interruptions_areLimited() async throws {
        let place = try Place()
        try await die(place) { keeper in _ = try await keeper.grant("file", "bytes") }
        for interruption in 1...2 {
            try await die(place) { keeper in
                #expect(await keeper.queue.recover().map(\.outcome) == [.retrying])
                #expect(keeper.orphans.all.count == 1)
                let grant = try #require(await keeper.claimSoon())
                #expect(grant.interruptions == interruption && grant.attempt == 1)
            }
        }
        let keeper = try place.start()
        #expect(await keeper.queue.recover().map(\.outcome) == [.failed])
        #expect(try place.status("file")?.reason == "interrupted_too_often")
    }

    /// Its folder would find its final place taken, and stay in claimed/ for ever.
    @Test(arguments: [RunEnding.Meaning.success, .badInput, .failure])
    func idThatAnEarlierItemHas_isNotGivenAgain(_ earlier: RunEnding.Meaning) async throws {
        let place = try Place()
        let keeper = try place.start()
        let envelope = "{\"id\": \"\(ItemID.make(at: Clocks.system.now()))\"}"
        let first = try await keeper.grant("a", envelope: envelope)
        _ = await keeper.commit(first, earlier)
        let second = try await keeper.grant("b", envelope: envelope)
        #expect(first.item != second.item)
        _ = await keeper.commit(second, .success)
        #expect(try place.items(.claimed).isEmpty)
        #expect(try place.status("b")?.id == second.item)
    }

    @Test func itemOfALivingOrchestrator_isNotRecovered() async throws {
        let place = try Place()
        let first = try place.start()
        let grant = try await first.grant()
        let second = try place.start()
        #expect(await second.queue.recover().isEmpty)
        #expect(await !first.commit(grant, .success).isStale)
    }

    @Test func itemWhoseLockIsHeld_isNotRecovered() async throws {
        let place = try Place()
        let id = ItemID.make(at: Clocks.system.now())
        try await die(place) { keeper in _ = try await keeper.grant("file", envelope: "{\"id\": \"\(id)\"}") }
        let script = try place.folder.open(ItemPlace.claimed(id).payload("file"))
        await waitUntil("the lock is free") { (try? script.tryLock()) == true }
        let keeper = try place.start()
        #expect(await keeper.queue.recover().isEmpty)
        #expect(try place.items(.claimed) == [id])
        script.unlock()
        #expect(await keeper.queue.recover().map(\.outcome) == [.retrying])
    }

    @Test func tornOutcome_isNotACommit() async throws {
        let place = try Place()
        try await die(place) { keeper in
            let grant = try await keeper.grant("file", "bytes")
            try place.folder.write(Array("{\"schema\": 1,".utf8), toNew: ItemPlace.claimed(grant.item).outcome)
        }
        let keeper = try place.start()
        #expect(await keeper.queue.recover().map(\.outcome) == [.retrying])
    }

    @Test func tornRecord_keepsTheFile() async throws {
        let place = try Place()
        try await die(place) { keeper in
            let grant = try await keeper.grant("file", "bytes")
            try place.folder.replace(ItemPlace.claimed(grant.item).record, with: Array("{".utf8))
        }
        try await recoverAndFinish(place, "file", "bytes", "torn record")
    }

    @Test func badEnvelope_whoseBurialWasCutOff_neverRuns() async throws {
        let place = try Place()
        try await die(place) { keeper in
            let grant = try await keeper.grant("file", "bytes", envelope: "{\"correlation_id\": \"c\"}")
            try place.folder.replace(ItemPlace.claimed(grant.item).envelope, with: Array("{\"bad\": 1}".utf8))
            try place.folder.remove(ItemPlace.claimed(grant.item).record)
        }
        let keeper = try place.start()
        _ = await keeper.queue.recover()
        #expect(try place.status("file")?.reason == "bad_envelope")
        #expect(await keeper.queue.claim(upTo: 1).isEmpty)
    }

    // MARK: Shortages

    private static let codes: [Errno] = [.noSpace, .ioError, .permissionDenied, .tooManyOpenFiles]
    private static let operations: [FileOperation] = [
        .open, .create, .read, .write, .stamp, .list, .makeFolder, .move, .link, .remove, .lock,
    ]

    /// Fails one operation until it is over.
    private final class Trouble: Sendable {
        private let isOver = Mutex(false)
        let operation: FileOperation
        let code: Errno

        init(_ operation: FileOperation, _ code: Errno) {
            self.operation = operation
            self.code = code
        }

        var plan: Faults {
            Faults { [self] asked, _ in asked == operation && !isOver.withLock { $0 } ? code : nil }
        }

        func end() { isOver.withLock { $0 = true } }
    }

    @Test("a claim in trouble loses nothing, says it once, and works when the trouble is over", arguments: operations, codes)
    func claim_inTrouble(_ operation: FileOperation, _ code: Errno) async throws {
        let place = try Place()
        let keeper = try place.start()
        try place.drop("file", "bytes", envelope: "{\"correlation_id\": \"c\"}")
        let trouble = Trouble(operation, code)
        var grant: Grant?
        await Faults.$plan.withValue(trouble.plan) {
            await keeper.note("file")
            for _ in 0..<5 where grant == nil {
                grant = await keeper.queue.claim(upTo: 1).first
                place.advance(by: .seconds(40))
            }
        }
        let context = "\(operation) \(code)"
        #expect(try place.paths(of: "file").count == 1, "\(context)")
        trouble.end()
        if grant == nil, try place.status("file")?.state != .failed {
            #expect(try place.items(.claimed).count <= 1, "leftovers, \(context)")
            place.advance(by: .seconds(60))
            _ = await keeper.queue.recover()
            await keeper.queue.requestScan()
            await keeper.queue.requestRetryScan()
            grant = await keeper.claimSoon("the item can be claimed after \(context)")
        }
        if let grant { #expect(await !keeper.commit(grant, .success).isStale, "\(context)") }
        #expect(try place.paths(of: "file").count == 1, "\(context)")
        #expect(try place.status("file")?.state.isFinal == true, "\(context)")
        #expect(try place.items(.claimed).isEmpty, "\(context)")
        let said = keeper.notices.all
        #expect(Set(said).count == said.count && said.count <= 3, "\(context): \(said)")
        let kept = (try? place.folder.names(in: QueueLayout.slots / keeper.instances.own)) ?? []
        #expect(kept.filter { !$0.hasPrefix("blank-") }.count <= 1, "\(context): \(kept) were left behind")
        #expect(kept.filter { $0.hasPrefix("blank-") }.count <= 1, "\(context): \(kept) were left behind")
    }

    @Test(
        "a commit in trouble waits, and is carried out when the trouble is over",
        arguments: [RunEnding.Meaning.success, .failure, .badInput, .stopped], operations)
    func commit_inTrouble(_ meaning: RunEnding.Meaning, _ operation: FileOperation) async throws {
        for code in Self.codes {
            let place = try Place()
            let keeper = try place.start()
            let grant = try await keeper.grant("file", "bytes")
            let site = try #require(await keeper.queue.localise(grant))
            try site.folder.folder(site.results).write([1], toNew: "out")
            try site.folder.folder(site.work).write([1], toNew: "half")
            let trouble = Trouble(operation, code)
            let task = Faults.$plan.withValue(trouble.plan) { Task { await keeper.commit(grant, meaning) } }
            let context = "\(meaning), \(operation) \(code)"
            let isDone = Mutex(false)
            Task {
                _ = await task.value
                isDone.withLock { $0 = true }
            }
            await waitUntil("the trouble is noticed or has none to trouble, \(context)") {
                isDone.withLock { $0 } || !keeper.notices.all.isEmpty
            }
            trouble.end()
            let answer = await task.value
            #expect(!answer.isStale, "\(context)")
            #expect(keeper.transitions.all.count == 1, "\(context)")
            #expect(try place.paths(of: "file").count == 1, "\(context)")
            #expect(try place.items(.claimed).isEmpty, "\(context)")
            #expect(keeper.notices.all.count <= 1, "\(context): \(keeper.notices.all)")
            // A scratch folder that could not be cleaned is out of use, and goes with the next start.
            let out = try place.paths(of: "out").filter { !$0.hasPrefix("claimed/.slots/") }
            #expect(out.count == (meaning == .success ? 1 : 0), "\(context)")
            if meaning == .failure || meaning == .stopped {
                place.advance(by: .seconds(120))
                let again = await keeper.claimSoon("the item runs again after \(context)")
                #expect(again?.attempt == (meaning == .failure ? 2 : 1), "\(context)")
            }
        }
    }
}
