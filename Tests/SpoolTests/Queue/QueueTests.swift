import Documents
import Files
import Glibc
import Synchronization
import SystemPackage
import Testing

@testable import Spool

@Suite(.timeLimit(.minutes(4))) struct QueueTests {
    private let place: Place

    init() throws { place = try Place() }

    private func isEmptyClaimed() throws -> Bool { try place.items(.claimed).isEmpty }

    // MARK: Claim

    @Test func scan_claimsTheOldestFirst() async throws {
        for number in 0..<20 {
            let file = RelativePath(try place.drop(FileName("f\((number * 7) % 20)")!))
            // The order is that of the change times, which need a tick of the kernel's clock between them.
            await waitUntil("the clock of the files ticks") {
                try? place.spool.replace(RelativePath("later"), with: [1])
                guard let later = try? place.spool.stamp(RelativePath("later")), let earlier = try? place.folder.stamp(file) else {
                    return false
                }
                return earlier.changed < later.changed
            }
        }
        place.advance(by: .seconds(1))
        let keeper = try place.start()
        await keeper.queue.requestScan()
        await waitUntil("the scan has seen all") { await keeper.queue.count().waiting == 20 }
        let names = await keeper.queue.claim(upTo: 100).map(\.name.escaped)
        #expect(names == (0..<20).map { "f\(($0 * 7) % 20)" })
    }

    @Test func claimed_isLockedRecordedAndMovedByteForByte() async throws {
        let name = try #require(FileName([0x2D, 0xFF, 0x0A, 0x24, 0x28]))
        let keeper = try place.start()
        let grant = try await keeper.grant(name, "bytes")
        #expect(grant.name == name && grant.attempt == 1 && grant.size == 5)
        let at = ItemPlace.claimed(grant.item)
        #expect(try place.text(at.payload(name)) == "bytes")
        #expect(try !place.folder.open(at.payload(name)).tryLock())
        let record = try #require(try QueueReader(name: "q", folder: place.folder).record(at: at))
        #expect(record.name == name && record.attempts.count == 1 && record.attempts[0].finishedAt == nil)
        let site = try #require(await keeper.queue.localise(grant))
        #expect(site.payloadPlace == at.payload(name))
        for part in [site.work, site.results, site.next] { #expect(try site.folder.folder(part).names().isEmpty) }
    }

    @Test func file_thatAnotherProcessHasLocked_isLeftAlone() async throws {
        let keeper = try place.start()
        try place.drop("file")
        let other = try place.folder.open("file")
        #expect(try other.tryLock())
        await keeper.note("file")
        #expect(await keeper.queue.claim(upTo: 1).isEmpty)
        #expect(try place.paths(of: "file") == ["file"])
        other.unlock()
        place.advance(by: .seconds(1))
        #expect(await keeper.queue.claim(upTo: 1).count == 1)
    }

    @Test func twoOrchestrators_shareTheFilesAndRunEachOnce() async throws {
        let first = try place.start()
        let second = try place.start()
        let names = (0..<200).map { FileName("f\($0)")! }
        for name in names {
            try place.drop(name)
            await first.note(name)
            await second.note(name)
        }
        async let left = first.queue.claim(upTo: 200)
        async let right = second.queue.claim(upTo: 200)
        let grants = await left + right
        #expect(grants.count == 200)
        #expect(Set(grants.map(\.name)) == Set(names))
    }

    @Test func fileThatIsStillWritten_waitsForItsWriter() async throws {
        let keeper = try place.start()
        try place.drop("file")
        var writer: OpenFile? = try place.folder.open("file", writing: true)
        await keeper.note("file")
        #expect(await keeper.queue.claim(upTo: 1).isEmpty)
        try writer?.write(Array("more".utf8))
        writer = nil
        place.advance(by: .seconds(2))
        #expect(await keeper.claimSoon()?.name == "file")
    }

    @Test("what is not a file is moved to failed/ unopened", arguments: ["link", "dangling", "pipe", "socket"])
    func special_isRefused(_ kind: String) async throws {
        let keeper = try place.start()
        let path = "\(place.folder.path)/item"
        switch kind {
        case "link": try #require(symlink("/etc/passwd", path) == 0)
        case "dangling": try #require(symlink("/no/such", path) == 0)
        case "pipe": try #require(mkfifo(path, 0o600) == 0)
        default: try #require(mknod(path, S_IFSOCK | 0o600, 0) == 0)
        }
        await keeper.note("item")
        #expect(await keeper.queue.claim(upTo: 1).isEmpty)
        let id = try #require(try place.items(.failed).first)
        #expect(try place.paths(of: "item") == ["failed/\(id)/payload/item"])
        let status = try #require(try place.status("item"))
        #expect(status.state == .failed && status.reason == "not_a_file")
        #expect(try isEmptyClaimed())
        #expect(keeper.transitions.all.count == 1)
    }

    @Test func folder_isAnItemOnlyWhereItIsAccepted() async throws {
        try place.folder.makeFolder("folder")
        try place.folder.write([1], toNew: "folder/inside")
        let keeper = try place.start()
        await keeper.note("folder")
        #expect(await keeper.queue.claim(upTo: 1).isEmpty)
        #expect(try place.paths(of: "folder") == ["folder"])
        await keeper.queue.apply(QueueRules(accept: .both))
        await keeper.note("folder")
        let grant = try #require(await keeper.queue.claim(upTo: 1).first)
        #expect(try place.paths(of: "inside") == ["claimed/\(grant.item)/payload/folder/inside"])
        await keeper.commit(grant, .success)
        #expect(try place.items(.done) == [grant.item])
    }

    @Test(
        "names that are never items stay where they are",
        arguments: [".hidden", "a.part", "a.tmp", "a~", "done", "claimed", "status", "x.envelope"] as [FileName])
    func reservedName_isNeverTaken(_ name: FileName) async throws {
        let keeper = try place.start()
        if !place.folder.exists(RelativePath(name)) { try place.drop(name) }
        await keeper.note(name)
        place.advance(by: .seconds(100))
        #expect(await keeper.queue.claim(upTo: 9).isEmpty)
        #expect(place.folder.exists(RelativePath(name)))
    }

    // MARK: Commit

    @Test(
        arguments: [
            (.success, .succeeded, .done), (.badInput, .failed, .failed), (.cancelled, .cancelled, .failed), (.failure, .retrying, .retry),
        ] as [(RunEnding.Meaning, StatusDocument.State, QueueReader.Area)])
    func outcome_decidesWhereTheItemGoes(_ meaning: RunEnding.Meaning, _ state: StatusDocument.State, _ area: QueueReader.Area) async throws
    {
        let keeper = try place.start()
        let grant = try await keeper.grant("file", "kept")
        let transition = try #require(await keeper.commit(grant, meaning, error: "words").transition)
        #expect(transition.status.state == state)
        #expect(try place.items(area) == [grant.item])
        #expect(try isEmptyClaimed())
        #expect(try place.paths(of: "file").count == 1)
        let status = try #require(try place.status("file"))
        #expect(status.state == state && status.id == grant.item && status.attempt == 1)
        #expect(status.error == (meaning == .success ? nil : "words"))
        #expect(keeper.transitions.all.count == 1)
        #expect(await keeper.commit(grant, .success).isStale)
        #expect(try place.status("file")?.state == state)
    }

    @Test(arguments: [RunEnding.Meaning.stopped, .jobBroken]) func stoppedRun_goesBackToTheInboxWithoutATrace(_ meaning: RunEnding.Meaning)
        async throws
    {
        let keeper = try place.start()
        let grant = try await keeper.grant()
        await keeper.commit(grant, meaning, reason: "stopped")
        #expect(try place.paths(of: "file") == ["file"])
        #expect(try place.status("file") == nil)
        #expect(try isEmptyClaimed())
        let again = try #require(await keeper.claimSoon())
        #expect(again.attempt == 1 && again.interruptions == 0)
    }

    @Test func stoppedRun_ofAnItemWithAHistory_restsInRetry() async throws {
        let keeper = try place.start()
        let first = try await keeper.grant()
        await keeper.commit(first, .failure)
        place.advance(by: .seconds(60))
        let second = try #require(await keeper.claimSoon())
        #expect(second.attempt == 2)
        await keeper.queue.giveBack([second], reason: .stopped)
        #expect(try place.items(.retry) == [first.item])
        let third = try #require(await keeper.claimSoon())
        #expect(third.attempt == 2 && third.fence > second.fence)
    }

    @Test func stoppedRun_whoseNameIsTakenMeanwhile_restsInRetry() async throws {
        let keeper = try place.start()
        let grant = try await keeper.grant("file", "old")
        try place.drop("file", "new")
        await keeper.commit(grant, .stopped)
        #expect(try place.items(.retry) == [grant.item])
        #expect(try place.text("file") == "new")
        #expect(try place.text(ItemPlace.retry(grant.item).payload("file")) == "old")
    }

    @Test func again_withANewCheckpoint_runsAtOnceAndCountsNothing() async throws {
        let keeper = try place.start(QueueRules(limits: .init(maxAttempts: 2)))
        var grant = try await keeper.grant()
        for round in 1...5 {
            try place.folder.replace(ItemPlace.claimed(grant.item).checkpoint, with: Array("\(round)".utf8))
            await keeper.commit(grant, .again, exitCode: 85)
            grant = try #require(await keeper.queue.claim(upTo: 1).first)
            #expect(grant.attempt == 1)
            #expect(try place.text(ItemPlace.claimed(grant.item).checkpoint) == "\(round)")
        }
        await keeper.commit(grant, .again, exitCode: 85)
        #expect(await keeper.queue.claim(upTo: 1).isEmpty)
        place.advance(by: .seconds(60))
        grant = try #require(await keeper.claimSoon())
        #expect(grant.attempt == 2)
        await keeper.commit(grant, .again, exitCode: 85)
        #expect(try place.status("file")?.state == .failed)
    }

    @Test func failure_restsForTheBackoffAndFailsAfterTheLastAttempt() async throws {
        let keeper = try place.start(QueueRules(limits: .init(maxAttempts: 3, backoff: Backoff(jitter: 0))))
        var grant = try await keeper.grant()
        for (attempt, rest) in [(1, 15), (2, 30)] {
            #expect(grant.attempt == attempt)
            #expect(try #require(await keeper.commit(grant, .failure).transition).retryAfter == .seconds(rest))
            place.advance(by: .seconds(rest - 2))
            #expect(await keeper.queue.claim(upTo: 1).isEmpty)
            place.advance(by: .seconds(3))
            grant = try #require(await keeper.claimSoon())
        }
        await keeper.commit(grant, .failure)
        #expect(try place.status("file")?.state == .failed)
        #expect(try place.status("file")?.attempt == 3)
        place.advance(by: .seconds(86_400))
        await keeper.queue.requestRetryScan()
        #expect(await keeper.queue.claim(upTo: 1).isEmpty)
        #expect(try place.items(.failed) == [grant.item])
    }

    @Test func results_andForwards_arePublished() async throws {
        let keeper = try place.start()
        let grant = try await keeper.grant("file", envelope: "{\"correlation_id\": \"order 7\"}")
        let site = try #require(await keeper.queue.localise(grant))
        try site.folder.folder(site.results).write(Array("result".utf8), toNew: "out.txt")
        let next = try Folder.make(site.folder.path.appending(site.next).appending("next-queue"), mode: 0o755)
        try next.write(Array("forwarded".utf8), toNew: "for\u{E9}")
        await keeper.commit(grant, .success)
        let status = try #require(try place.status("file"))
        #expect(status.results == ["results/\(grant.item)/out.txt"])
        #expect(try place.text(QueueLayout.results / grant.item / FileName("out.txt")) == "result")
        let other = try place.spool.folder("next-queue")
        #expect(try other.read("for\u{E9}").map { String(decoding: $0, as: UTF8.self) } == "forwarded")
        let envelope = try Envelope(bytes: #require(try other.read("for\u{E9}.envelope")))
        #expect(envelope.correlationID == "order 7" && envelope.trigger == .forward)
        #expect(try site.folder.folder(site.results).names().isEmpty)
    }

    @Test func forward_ontoANameThatIsTaken_getsAnotherName() async throws {
        let other = try QueueLayout.make("other", in: place.spool)
        try other.write([1], toNew: "same")
        let keeper = try place.start()
        let grant = try await keeper.grant()
        let site = try #require(await keeper.queue.localise(grant))
        try Folder.make(site.folder.path.appending(site.next).appending("other"), mode: 0o755).write([2], toNew: "same")
        await keeper.commit(grant, .success)
        #expect(try other.read("same") == [1])
        #expect(try other.read(RelativePath(FileName("\(grant.item)-same")!)) == [2])
    }

    @Test func forward_besideAnEnvelopeThatIsNotOurs_getsAnotherName() async throws {
        let other = try QueueLayout.make("other", in: place.spool)
        let foreign = Array("{\"correlation_id\": \"theirs\"}".utf8)
        try other.write(foreign, toNew: "same.envelope")
        let keeper = try place.start()
        let grant = try await keeper.grant()
        let site = try #require(await keeper.queue.localise(grant))
        try Folder.make(site.folder.path.appending(site.next).appending("other"), mode: 0o755).write([2], toNew: "same")
        await keeper.commit(grant, .success)
        #expect(try other.read("same.envelope") == foreign && !other.exists("same"))
        let own = FileName("\(grant.item)-same")!
        #expect(try other.read(RelativePath(own)) == [2])
        #expect(try Envelope(bytes: #require(try other.read(RelativePath(Envelope.name(for: own))))).trigger == .forward)
    }

    @Test func forward_thatWasCutOffAfterItsEnvelope_keepsItsName() async throws {
        let keeper = try place.start()
        let grant = try await keeper.grant()
        let site = try #require(await keeper.queue.localise(grant))
        try Folder.make(site.folder.path.appending(site.next).appending("other"), mode: 0o755).write([2], toNew: "same")
        let isOver = Mutex(false)
        let cut = Faults { asked, subject in asked == .move && subject.hasSuffix("/same") && !isOver.withLock { $0 } ? .ioError : nil }
        let task = Faults.$plan.withValue(cut) { Task { await keeper.commit(grant, .success) } }
        let other = place.spool
        await waitUntil("the envelope is there") { other.exists("other/same.envelope") }
        isOver.withLock { $0 = true }
        _ = await task.value
        #expect(try other.read("other/same") == [2])
    }

    @Test func forwards_ofLongNamesThatAreTaken_keepTheirEndAndAreTwo() async throws {
        let other = try QueueLayout.make("other", in: place.spool)
        let end = [UInt8](repeating: 0x78, count: 220) + Array(".csv".utf8)
        let names = [UInt8(ascii: "a"), UInt8(ascii: "b")].map { FileName([$0] + end)! }
        for name in names { try other.write([1], toNew: RelativePath(name)) }
        let keeper = try place.start()
        let grant = try await keeper.grant()
        let site = try #require(await keeper.queue.localise(grant))
        let next = try Folder.make(site.folder.path.appending(site.next).appending("other"), mode: 0o755)
        for name in names { try next.write([2], toNew: RelativePath(name)) }
        await keeper.commit(grant, .success)
        let arrived = try other.names().filter { $0.bytes.starts(with: "\(grant.item)-".utf8) && $0.hasSuffix("xxx.csv") }
        #expect(arrived.count == 2)
        for name in arrived { #expect(try other.read(RelativePath(name)) == [2]) }
    }

    @Test func envelope_ofANameThatLeavesNoRoomForIt_isClaimedWithIt() async throws {
        let keeper = try place.start()
        let name = FileName(Array(repeating: 0x6C, count: 255))!
        let grant = try await keeper.grant(name, envelope: "{\"correlation_id\": \"order 7\"}")
        #expect(grant.correlationID == "order 7" && grant.name == name)
        #expect(!place.folder.exists(RelativePath(Envelope.name(for: name))))
        await keeper.commit(grant, .success)
        #expect(try place.status(name)?.correlationID == "order 7")
    }

    @Test("a forward that cannot be is bad output, and nothing is forwarded", arguments: ["file", "hidden", "own", "link"])
    func badForward_failsTheItem(_ kind: String) async throws {
        let keeper = try place.start()
        let grant = try await keeper.grant()
        let site = try #require(await keeper.queue.localise(grant))
        let next = try site.folder.folder(site.next)
        switch kind {
        case "file": try next.write([1], toNew: "stray")
        case "hidden": try next.makeFolder(".hidden")
        case "own": try next.makeFolder("q")
        default:
            try next.makeFolder("other")
            try #require(symlink("/etc/passwd", "\(next.path)/other/link") == 0)
        }
        await keeper.commit(grant, .success)
        let status = try #require(try place.status("file"))
        #expect(status.state == .failed && status.reason == "bad_forward")
        #expect(try place.spool.names() == ["q"])
    }

    @Test func results_ofAFailedRun_areNotPublished() async throws {
        let keeper = try place.start()
        let grant = try await keeper.grant()
        let site = try #require(await keeper.queue.localise(grant))
        try site.folder.folder(site.results).write([1], toNew: "half")
        await keeper.commit(grant, .badInput)
        #expect(try place.paths(of: "half").isEmpty)
        #expect(try place.folder.names(in: "results").isEmpty)
    }

    /// Found on a full disk: the scratch folders of a claim that could not be recorded were given back twice, and two runs
    /// shared them.
    @Test func claimThatCannotBeRecorded_doesNotLeadTwoRunsToShareFolders() async throws {
        let keeper = try place.start()
        try place.drop("first")
        let count = Mutex(0)
        let plan = Faults { operation, subject in
            guard operation == .create, subject.hasSuffix("/item.json") else { return nil }
            return count.withLock { count in
                count += 1
                return count == 1 ? .noSpace : nil
            }
        }
        await Faults.$plan.withValue(plan) {
            await keeper.queue.requestScan()
            await waitUntil("a claim has failed") {
                _ = await keeper.queue.claim(upTo: 1)
                return count.withLock { $0 } > 0
            }
        }
        try place.drop("second")
        place.advance(by: .seconds(30))
        await keeper.queue.requestScan()
        var sites: [RunSite] = []
        await waitUntil("both are claimed") {
            for grant in await keeper.queue.claim(upTo: 2) {
                if let site = await keeper.queue.localise(grant) { sites.append(site) }
            }
            return sites.count == 2
        }
        #expect(Set(sites.map(\.results)).count == 2)
    }

    @Test func work_isKeptAcrossAttemptsAndRemovedWithTheOutcome() async throws {
        let keeper = try place.start()
        let first = try await keeper.grant()
        try place.folder.folder(#require(await keeper.queue.localise(first)).work).write([7], toNew: "half")
        await keeper.commit(first, .failure)
        place.advance(by: .seconds(60))
        let second = try #require(await keeper.claimSoon())
        #expect(try place.folder.folder(#require(await keeper.queue.localise(second)).work).read("half") == [7])
        await keeper.commit(second, .success)
        #expect(try place.paths(of: "half").isEmpty)
    }

    @Test func onSuccessDelete_removesThePayloadOnly() async throws {
        let keeper = try place.start(QueueRules(onSuccess: .delete))
        let grant = try await keeper.grant()
        await keeper.commit(grant, .success)
        #expect(try place.paths(of: "file").isEmpty)
        #expect(try place.items(.done) == [grant.item])
        let bad = try await keeper.grant("bad")
        await keeper.commit(bad, .badInput)
        #expect(try place.paths(of: "bad").count == 1)
    }

    @Test func outputsAndProgress_appearInTheStatus() async throws {
        let keeper = try place.start()
        let grant = try await keeper.grant()
        let at = ItemPlace.claimed(grant.item)
        try place.folder.write(Array("42 half way\n".utf8), toNew: at.progress)
        try await waitUntil("the status file shows the progress") { try place.status("file")?.progress?.percent == 42 }
        #expect(try place.status("file")?.state == .running)
        try place.folder.write(Array("total=12\nbroken\n".utf8), toNew: at.output)
        await keeper.commit(grant, .success)
        let status = try #require(try place.status("file"))
        #expect(status.outputs == [.init("total", "12")])
        #expect(status.error?.contains("line 2") == true)
        #expect(!place.folder.exists(ItemPlace.done(grant.item, day: FileName(status.finishedAt!.day)!).progress))
    }

    // MARK: Envelopes

    @Test func envelope_isClaimedWithItsFile() async throws {
        let id = ItemID.make(at: Clocks.system.now())
        let keeper = try place.start()
        let grant = try await keeper.grant(
            "file",
            envelope:
                "{\"id\": \"\(id)\", \"correlation_id\": \"c\", \"arguments\": [\"-x\"], \"trigger\": \"manual\", \"properties\": {\"k\": 1}}"
        )
        #expect(grant.item == id && grant.correlationID == "c" && grant.arguments == ["-x"] && grant.trigger == .manual)
        #expect(!place.folder.exists("file.envelope"))
        let meta = try #require(await keeper.queue.localise(grant)?.meta)
        #expect(meta == ItemPlace.claimed(id).envelope)
        await keeper.commit(grant, .success)
        let second = try await keeper.grant("file", envelope: "{\"id\": \"\(id)\"}")
        #expect(try place.status("file")?.id == id)
        _ = second
    }

    @Test func envelopeIDThatIsInUse_isReplacedByANewOne() async throws {
        let keeper = try place.start()
        let first = try await keeper.grant("one")
        let second = try await keeper.grant("two", envelope: "{\"id\": \"\(first.item)\"}")
        #expect(second.item != first.item)
    }

    @Test func notBefore_isKept() async throws {
        let keeper = try place.start()
        try place.drop("file", envelope: "{\"not_before\": \"\((place.clocks.now() + .seconds(20)).rfc3339)\"}")
        await keeper.note("file")
        #expect(await keeper.queue.claim(upTo: 1).isEmpty)
        #expect(try place.paths(of: "file") == ["file"])
        place.advance(by: .seconds(21))
        #expect(await keeper.queue.claim(upTo: 1).count == 1)
    }

    @Test func expired_failsWithoutARun() async throws {
        let keeper = try place.start()
        try place.drop("file", envelope: "{\"expires_at\": \"\((place.clocks.now() + .seconds(-5)).rfc3339)\"}")
        await keeper.note("file")
        #expect(await keeper.queue.claim(upTo: 1).isEmpty)
        #expect(try place.status("file")?.reason == "expired")
    }

    @Test func expiredWhileResting_failsWithoutARun() async throws {
        let keeper = try place.start()
        let grant = try await keeper.grant("file", envelope: "{\"expires_at\": \"\((place.clocks.now() + .seconds(10)).rfc3339)\"}")
        await keeper.commit(grant, .failure)
        place.advance(by: .seconds(60))
        #expect(await keeper.queue.claim(upTo: 1).isEmpty)
        #expect(try place.status("file")?.reason == "expired")
        #expect(try place.items(.failed) == [grant.item])
    }

    @Test func badEnvelope_failsTheItemWithTheReason() async throws {
        let keeper = try place.start()
        try place.drop("file", envelope: "{\"corelation_id\": 1}")
        await keeper.note("file")
        #expect(await keeper.queue.claim(upTo: 1).isEmpty)
        let status = try #require(try place.status("file"))
        #expect(status.reason == "bad_envelope" && status.error?.contains("corelation_id") == true)
        #expect(!place.folder.exists("file.envelope"))
    }

    // MARK: Status

    @Test func sameNameTwice_isTwoItems_andTheStatusBelongsToTheLater() async throws {
        let keeper = try place.start()
        let first = try await keeper.grant("file", "one")
        usleep(20_000)
        let second = try await keeper.grant("file", "two")
        #expect(first.item != second.item)
        await keeper.commit(second, .success)
        await keeper.commit(first, .badInput)
        #expect(try place.status("file")?.id == second.item)
        #expect(try place.status("file")?.state == .succeeded)
        #expect(try place.paths(of: "file").count == 2)
    }

    @Test func longNames_haveTheirStatus() async throws {
        let keeper = try place.start()
        let name = try #require(FileName(Array(repeating: 0xE4, count: 255)))
        let grant = try await keeper.grant(name)
        await keeper.commit(grant, .success)
        let status = try #require(try place.status(name))
        #expect(status.name == name && status.state == .succeeded)
    }

    @Test func staleTemporaryStatus_isNotPublished() async throws {
        let keeper = try place.start()
        let grant = try await keeper.grant()
        try await waitUntil("the running status is written") { try place.status("file")?.state == .running }
        try place.folder.write(Array("torn".utf8), toNew: QueueLayout.status / FileName(".\(grant.item).new")!)
        await keeper.commit(grant, .success)
        #expect(try place.status("file")?.state == .succeeded)
    }

    // MARK: What rests

    @Test func restingItem_whosePayloadIsGone_fails() async throws {
        let keeper = try place.start()
        let grant = try await keeper.grant()
        await keeper.commit(grant, .failure)
        try place.folder.remove(ItemPlace.retry(grant.item).payload("file"))
        place.advance(by: .seconds(60))
        #expect(await keeper.queue.claim(upTo: 1).isEmpty)
        #expect(try place.status("file")?.state == .failed)
        #expect(try place.items(.failed) == [grant.item])
    }

    @Test func restingItem_whosePayloadIsLocked_isTriedAgain() async throws {
        let keeper = try place.start()
        let grant = try await keeper.grant()
        await keeper.commit(grant, .failure)
        let other = try place.folder.open(ItemPlace.retry(grant.item).payload("file"))
        await waitUntil("the lock is free") { (try? other.tryLock()) == true }
        place.advance(by: .seconds(60))
        #expect(await keeper.queue.claim(upTo: 1).isEmpty)
        other.unlock()
        place.advance(by: .seconds(60))
        #expect(await keeper.queue.claim(upTo: 1).first?.item == grant.item)
    }
}
