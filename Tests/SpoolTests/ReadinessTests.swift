import Documents
import Files
import SystemPackage
import TestSupport
import Testing

@testable import Spool

@Suite struct ReadinessTests {
    private static let now = Instant(seconds: 1_800_000_000)
    private let readiness = Readiness(settleTime: .milliseconds(100), accept: .files)

    /// A stamp of a real file, since only the kernel makes them, with everything set.
    private static let model: Stamp? = try? Folder.open("/").file.stamp()

    private func stamp(_ kind: Stamp.Kind = .file, size: UInt64 = 5, changed: Duration = .zero, modified: Duration? = nil) throws -> Stamp {
        var stamp = try #require(Self.model)
        stamp.kind = kind
        stamp.size = size
        stamp.changed = Self.now + (.zero - changed)
        stamp.modified = Self.now + (.zero - (modified ?? changed))
        return stamp
    }

    private func judge(
        _ evidence: Readiness.Evidence, _ stamp: Stamp, earlier: Stamp? = nil, quiet: Duration = .zero, leases: Bool = true,
        accept: QueueRules.Accept = .files
    ) -> Readiness.Verdict {
        Readiness(settleTime: .milliseconds(100), accept: accept).judge(
            .init(evidence: evidence, stamp: stamp, earlier: earlier, quiet: quiet, now: Self.now, leasesWork: leases))
    }

    private func isReady(_ verdict: Readiness.Verdict) -> Bool { verdict == .ready }

    @Test func movedIn_isReadyAtOnce_alsoWhenEmpty() throws {
        #expect(judge(.movedIn, try stamp()) == .ready)
        #expect(judge(.movedIn, try stamp(size: 0)) == .ready)
    }

    @Test("closed and created files must rest", arguments: [Readiness.Evidence.closed, .created])
    func closedOrCreated_waitsTheSettleTime(_ evidence: Readiness.Evidence) throws {
        #expect(
            judge(evidence, try stamp(changed: .milliseconds(40)), quiet: .milliseconds(40))
                == .wait(within: .milliseconds(60), reason: .settling(quiet: .milliseconds(40), of: .milliseconds(100))))
        #expect(judge(evidence, try stamp(changed: .milliseconds(100)), quiet: .milliseconds(100)) == .ready)
        // An event that came later than the last change, or a change without an event: the shorter rest counts.
        #expect(!isReady(judge(evidence, try stamp(changed: .seconds(9)), quiet: .milliseconds(50))))
        #expect(!isReady(judge(evidence, try stamp(changed: .milliseconds(50)), quiet: .seconds(9))))
    }

    @Test func scanned_isJudgedByItsChangeTime() throws {
        #expect(!isReady(judge(.scanned, try stamp(changed: .milliseconds(99)))))
        #expect(judge(.scanned, try stamp(changed: .milliseconds(100))) == .ready)
        #expect(judge(.scanned, try stamp(changed: .seconds(86_400 * 365))) == .ready)
    }

    @Test func modificationTime_isNeverEvidenceOfAge() throws {
        #expect(!isReady(judge(.scanned, try stamp(changed: .zero, modified: .seconds(86_400 * 365)))))
    }

    @Test(arguments: [Readiness.Evidence.closed, .created, .scanned])
    func emptyFile_waitsLonger(_ evidence: Readiness.Evidence) throws {
        #expect(!isReady(judge(evidence, try stamp(size: 0, changed: .milliseconds(999)), quiet: .milliseconds(999))))
        #expect(judge(evidence, try stamp(size: 0, changed: .seconds(1)), quiet: .seconds(1)) == .ready)
        #expect(Readiness(settleTime: .seconds(2), accept: .files).emptySettleTime == .seconds(20))
    }

    @Test func modificationTimeInTheFuture_meansNotBefore() throws {
        for evidence in [Readiness.Evidence.movedIn, .closed, .created, .scanned] {
            let stamp = try stamp(changed: .seconds(5), modified: .seconds(-3600))
            #expect(judge(evidence, stamp, quiet: .seconds(5)) == .wait(within: .seconds(3600), reason: .notBefore(stamp.modified)))
        }
    }

    @Test(arguments: [Readiness.Evidence.closed, .created, .scanned])
    func fileThatChangedBetweenTwoLooks_waitsAnew(_ evidence: Readiness.Evidence) throws {
        let now = try stamp(changed: .seconds(3))
        var before = now
        before.size += 1
        #expect(!isReady(judge(evidence, now, earlier: before, quiet: .seconds(3))))
        before = now
        before.inode += 1
        #expect(!isReady(judge(evidence, now, earlier: before, quiet: .seconds(3))))
        #expect(judge(evidence, now, earlier: now, quiet: .seconds(3)) == .ready)
    }

    @Test func withoutLeases_theStampMustBeSeenTwice() throws {
        let stamp = try stamp(changed: .seconds(3))
        #expect(!isReady(judge(.scanned, stamp, leases: false)))
        #expect(judge(.scanned, stamp, earlier: stamp, quiet: .seconds(3), leases: false) == .ready)
        #expect(!isReady(judge(.movedIn, stamp, quiet: .seconds(3), leases: false)))
        #expect(judge(.movedIn, stamp, earlier: stamp, quiet: .seconds(3), leases: false) == .ready)
    }

    @Test("what is neither file nor folder is refused", arguments: [Stamp.Kind.symbolicLink, .pipe, .socket, .device])
    func special_isRefused(_ kind: Stamp.Kind) throws {
        for accept in [QueueRules.Accept.files, .directories, .both] {
            #expect(judge(.movedIn, try stamp(kind), accept: accept) == .refuse(kind))
        }
    }

    @Test func accept_decidesAboutFilesAndFolders() throws {
        #expect(judge(.movedIn, try stamp(.folder)) == .leave(.foldersNotAccepted))
        #expect(judge(.movedIn, try stamp(.file), accept: .directories) == .leave(.filesNotAccepted))
        #expect(judge(.movedIn, try stamp(.folder), accept: .directories) == .ready)
        #expect(judge(.movedIn, try stamp(.folder), accept: .both) == .ready)
        #expect(!isReady(judge(.created, try stamp(.folder, changed: .milliseconds(500)), quiet: .milliseconds(500), accept: .both)))
    }

    /// The wall clock was put back: the change time says nothing, our own watching does.
    @Test(arguments: [Readiness.Evidence.closed, .created, .scanned])
    func changeTimeInTheFuture_doesNotHoldAFileBack(_ evidence: Readiness.Evidence) throws {
        let stamp = try stamp(changed: .seconds(-3600), modified: .zero)
        #expect(!isReady(judge(evidence, stamp, earlier: stamp, quiet: .milliseconds(10))))
        #expect(judge(evidence, stamp, earlier: stamp, quiet: .milliseconds(100)) == .ready)
    }

    @Test("nothing that was not moved in is ready before it has settled", arguments: UInt64(1)...20)
    func never_beforeItHasSettled(seed: UInt64) throws {
        var dice = Dice(seed: seed)
        for _ in 0..<500 {
            let evidence = [Readiness.Evidence.closed, .created, .scanned].randomElement(using: &dice)!
            let changed = Duration.milliseconds(Int.random(in: -200...1500, using: &dice))
            let quiet = Duration.milliseconds(Int.random(in: 0...1500, using: &dice))
            let stamp = try stamp(size: UInt64.random(in: 0...1, using: &dice), changed: changed, modified: .zero)
            let earlier: Stamp? = Bool.random(using: &dice) ? stamp : nil
            let settle: Duration = stamp.size == 0 ? .seconds(1) : .milliseconds(100)
            let verdict = judge(evidence, stamp, earlier: earlier, quiet: quiet)
            if verdict == .ready { #expect(max(changed, quiet) >= settle, "seed \(seed): \(evidence) \(changed) \(quiet)") }
            if case .wait(let pause, _) = verdict { #expect(pause > .zero && pause <= settle, "seed \(seed)") }
        }
    }
}
