import Files

extension WatchMachine {
    /// The name is always the same, so that the next probe removes what a crash left of this one.
    static let probeName = FileName(".bobbin-probe-0" as StaticString)

    /// Makes sure that the file system of a folder was probed once.
    mutating func proveIfNeeded(_ token: WatchToken, _ now: Duration) {
        guard let device = folders[token]?.identity?.device, proofs[device] == nil else { return }
        let isUnderWay = probes.keys.contains { folders[$0]?.identity?.device == device }
        if !isUnderWay { probe(token, waiter: nil, now) }
    }

    /// Starts a probe, or joins the one that runs in the same folder.
    mutating func probe(_ token: WatchToken, waiter: Int?, _ now: Duration) {
        guard let folder = folders[token] else {
            return answer(waiter.map { [$0] } ?? [], .impossible("the folder is not watched"))
        }
        guard folder.isArmed else {
            let reason =
                switch snapshot().folders.first(where: { $0.folder == token })?.mode {
                case .polling(let text), .missing(let text): text
                case .events, nil: "the folder is not watched"
                }
            return answer(waiter.map { [$0] } ?? [], .impossible(reason))
        }
        if probes[token] != nil {
            if let waiter { probes[token]?.waiters.append(waiter) }
            return
        }
        // Until the file is made, a slow disk may take its time; then the event may take `probeTimeout`.
        probes[token] = PendingProbe(
            startedAt: now, deadline: now + settings.probeTimeout * 5, waiters: waiter.map { [$0] } ?? [])
        isDeadlineStale = true
        actions.append(.writeProbe(token, folder.path))
    }

    /// The events of probes under way may be among those that were lost.
    mutating func repeatProbes(_ now: Duration) {
        for token in probes.keys.sorted() {
            guard let folder = folders[token] else { continue }
            probes[token]?.deadline = now + settings.probeTimeout * 5
            actions.append(.writeProbe(token, folder.path))
        }
    }

    /// The probe file was made and removed, or could not be.
    mutating func wroteProbe(_ token: WatchToken, failure: String?, _ now: Duration) {
        guard probes[token] != nil else { return }
        isDeadlineStale = true
        if let failure {
            giveUpProbe(token, failure)
        } else {
            probes[token]?.deadline = now + settings.probeTimeout
        }
    }

    mutating func probeArrived(_ token: WatchToken, _ name: ArraySlice<UInt8>, _ now: Duration) {
        guard name.elementsEqual(Self.probeName.bytes), let probe = probes.removeValue(forKey: token) else { return }
        isDeadlineStale = true
        conclude(token, .delivered(after: now - probe.startedAt), probe.waiters, now)
    }

    /// No event in time.
    mutating func probeFailed(_ token: WatchToken, _ now: Duration) {
        guard let probe = probes.removeValue(forKey: token) else { return }
        isDeadlineStale = true
        conclude(token, .silent, probe.waiters, now)
    }

    /// The probe can prove nothing.
    mutating func giveUpProbe(_ token: WatchToken, _ reason: String) {
        guard let probe = probes.removeValue(forKey: token) else { return }
        isDeadlineStale = true
        answer(probe.waiters, .impossible(reason))
    }

    private mutating func answer(_ waiters: [Int], _ result: ProbeResult) {
        for waiter in waiters { actions.append(.answerProbe(waiter, result)) }
    }

    /// What holds for one folder holds for all on its file system.
    private mutating func conclude(_ token: WatchToken, _ result: ProbeResult, _ waiters: [Int], _ now: Duration) {
        answer(waiters, result)
        guard let folder = folders[token], let device = folder.identity?.device else { return }
        proofs[device] = result
        for (other, neighbour) in folders.sorted(by: { $0.key < $1.key }) where neighbour.identity?.device == device {
            if result == .silent, neighbour.state == .events {
                enter(.silent, other, now)
                tell(other, .lost(.polling), now)
            } else if result != .silent, neighbour.state == .silent {
                enter(.events, other, now)
                tell(other, .lost(.started), now)
            }
        }
        if result == .silent {
            notice(about: "silent \(device)", Notices.silent(folder.path.escaped, settings))
        } else {
            mayNoticeAgain(about: "silent \(device)")
        }
    }
}
