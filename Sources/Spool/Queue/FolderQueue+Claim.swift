import Documents
import Files
import SystemPackage

extension FolderQueue {
    package func claim(upTo count: Int) -> [Grant] {
        let now = uptime
        guard now >= pausedUntil else { return [] }
        inbox.promote(at: now)
        var grants: [Grant] = []
        while grants.count < count {
            // New work and repeated work take turns, so that neither starves the other.
            let grant: Grant?
            do throws(FileError) {
                grant = try claimOne(at: now)
            } catch {
                rest(after: error)
                break
            }
            guard let grant else { break }
            isTakingRetryNext.toggle()
            grants.append(grant)
        }
        if !grants.isEmpty {
            shortagePause = .seconds(1)
            forgetNotice("shortage")
            startPulse()
        }
        if inbox.hasLeftOut, inbox.hasRoom, scan.task == nil { requestScan() }
        if shelf.hasLeftOut, shelf.count == 0, scan.task == nil { requestRetryScan() }
        resumeScan()
        scheduleWake()
        return grants
    }

    private func claimOne(at now: Duration) throws(FileError) -> Grant? {
        if isTakingRetryNext {
            if let grant = try claimRetry(at: now) { return grant }
            return try claimNew(at: now)
        }
        if let grant = try claimNew(at: now) { return grant }
        return try claimRetry(at: now)
    }

    /// The machine is short of something: nothing is claimed for a while, and the operator is told once.
    func rest(after error: FileError) {
        tell("shortage", "\(error); nothing is started until this passes, and nothing is lost")
        pausedUntil = uptime + shortagePause
        shortagePause = min(shortagePause * 2, .seconds(10))
        scheduleWake()
    }

    private func claimNew(at now: Duration) throws(FileError) -> Grant? {
        while let candidate = inbox.next() {
            do throws(FileError) {
                if let grant = try claim(candidate, at: now) { return grant }
            } catch  where error.isShortage {
                inbox.enqueue(candidate)
                throw error
            } catch  where error.isMissing {
                mendLayout()
                inbox.wait(candidate, until: now + .milliseconds(100), reason: .queued)
            } catch {
                // This file cannot be had (no permission, immutable): it waits, and `bobbin why` says why.
                tell("claim \(candidate.key.name.escaped)", "\(error); the file stays where it is and is tried again")
                inbox.wait(candidate, until: now + .seconds(30), reason: .unreadable("\(error)"))
            }
        }
        return nil
    }

    /// Judges a candidate and claims it if it is ready; nil when it is not, with the next look arranged.
    private func claim(_ candidate: Inbox.Candidate, at now: Duration) throws(FileError) -> Grant? {
        let inboxFolder = inboxes[candidate.key.folder]
        let name = candidate.key.name
        guard let stamp = try inboxFolder.stamp(RelativePath(name)) else {
            inbox.forget(candidate.key)
            return nil
        }
        let sight = Readiness.Sight(
            evidence: candidate.evidence, stamp: stamp, earlier: candidate.stamp, quiet: now - candidate.lastEvent,
            now: ownClock.now(), leasesWork: !isNetwork)
        var seen = candidate
        seen.stamp = stamp
        switch readiness.judge(sight) {
        case .ready: break
        case .refuse(let kind):
            inbox.forget(candidate.key)
            try refuse(name, stamp, in: candidate.key.folder, kind: kind)
            return nil
        case .leave:
            inbox.forget(candidate.key)
            return nil
        case .wait(let pause, let reason):
            wait(seen, for: pause, reason: reason, at: now)
            return nil
        }
        if stamp.kind == .folder, candidate.evidence != .movedIn,
            let unrest = try FolderQuiet.unrest(RelativePath(name), in: inboxFolder, now: sight.now, settle: readiness.emptySettleTime)
        {
            wait(seen, for: readiness.emptySettleTime, reason: unrest, at: now)
            return nil
        }
        if let side = sideFile(holdingBack: seen, stamp, in: inboxFolder) {
            wait(seen, for: .seconds(1), reason: .heldBack(by: side), at: now)
            return nil
        }
        let loaded = try loadEnvelope(of: name, in: inboxFolder)
        let envelope: LoadedEnvelope?
        do throws(Envelope.Problem) {
            envelope = try loaded.get()
        } catch {
            inbox.forget(candidate.key)
            try bury(name, stamp, in: candidate.key.folder, reason: "bad_envelope", error: error.description)
            return nil
        }
        if let notBefore = envelope?.envelope.notBefore, notBefore > around.clocks.now() {
            wait(seen, for: notBefore - around.clocks.now(), reason: .notBefore(notBefore), at: now)
            return nil
        }
        return try take(seen, stamp: stamp, earlier: candidate.stamp, envelope: envelope, at: now)
    }

    /// A file moved in under its final name has left its side files, if it had any, where it came from.
    private func sideFile(holdingBack candidate: Inbox.Candidate, _ stamp: Stamp, in inboxFolder: Folder) -> FileName? {
        guard candidate.evidence != .movedIn else { return nil }
        return rules.names.sideFileNames(for: candidate.key.name, isEmpty: stamp.size == 0).first { inboxFolder.exists(RelativePath($0)) }
    }

    func wait(_ candidate: Inbox.Candidate, for pause: Duration, reason: WaitReason, at now: Duration) {
        if pause > Self.longWait {
            inbox.forget(candidate.key)
            scan.hasLeftWaiting = true
        } else {
            inbox.wait(candidate, until: now + pause, reason: reason)
        }
    }

    /// How long to leave a writer alone: at first only as long as the kernel needs to forget one that has closed
    /// (reference/peers.md §4.3), then ever longer up to a second. Its close event ends the wait at once.
    static func pause(afterBusyLooks looks: Int) -> Duration {
        let milliseconds = [1, 2, 4, 8, 20, 50, 100, 250, 500, 1000]
        return .milliseconds(milliseconds[min(looks, milliseconds.count - 1)])
    }
}
