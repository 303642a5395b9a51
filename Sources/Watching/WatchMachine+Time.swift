import Documents

extension WatchMachine {
    /// Does what is due.
    mutating func tick(_ now: Duration) {
        startIfDue(now)
        for token in probes.filter({ $0.value.deadline <= now }).keys { probeFailed(token, now) }
        lookForMissing(now)
        if let due = pollAt, due <= now { poll(now) }
        if let due = mountCheckAt, due <= now {
            mountCheckAt = nil
            examine(examinable)
        }
        if rescanAt <= now { rescan(now) }
        isDeadlineStale = true
    }

    /// A folder that is mounted over falls silent, without an event. Mounts come in bursts, which one look answers.
    mutating func mountsChanged(_ now: Duration) {
        guard mountCheckAt == nil else { return }
        mountCheckAt = now + settings.firstPause
        isDeadlineStale = true
    }

    private mutating func startIfDue(_ now: Duration) {
        switch process {
        case .none, .up: break
        case .down(let retryAt):
            guard retryAt <= now else { return }
            if restartPause != nil { health.restarts += 1 }
            process = .starting(deadline: now + settings.startTimeout)
            actions.append(.startProcess)
        case .starting(let deadline):
            guard deadline <= now else { return }
            actions.append(.endProcess)
            processEnded("did not say that it is ready within \(settings.startTimeout.text)", now)
        }
    }

    private mutating func lookForMissing(_ now: Duration) {
        for (token, folder) in folders {
            guard case .missing(let retryAt, let reason) = folder.state, retryAt <= now else { continue }
            // Not again before the answer, however long it takes.
            enter(.missing(retryAt: .seconds(Int64.max >> 1), reason: reason), token, now)
            examine([token])
        }
    }

    private mutating func poll(_ now: Duration) {
        let polled = folders.filter { $0.value.isPolled }.keys.sorted()
        for token in polled { tell(token, .lost(.polling), now) }
        pollAt = polled.isEmpty ? nil : now + settings.pollInterval
    }

    /// Folders at whose paths something else may be by now. Looking at a network folder could hang, and would change nothing.
    private var examinable: [WatchToken] {
        folders.keys.sorted().filter { token in
            switch folders[token]?.state {
            case .events, .silent, .polling(.watchLimit), .polling(.noMemory): true
            case .examining, .unarmed, .arming, .polling(.network), .missing, nil: false
            }
        }
    }

    /// Once in a while every folder is looked at, and everything is tried that did not work before.
    private mutating func rescan(_ now: Duration) {
        rescanAt = now + settings.rescanInterval
        let tokens = folders.keys.sorted()
        for token in tokens { tell(token, .lost(.rescan), now) }
        examine(examinable)
        var devices: Set<UInt64> = []
        for token in tokens {
            guard let folder = folders[token], folder.state == .silent, let device = folder.identity?.device,
                devices.insert(device).inserted
            else { continue }
            probe(token, waiter: nil, now)
        }
        if case .down(let retryAt) = process, health.isUnstartable, retryAt > now { process = .down(retryAt: now) }
    }
}

extension Duration {
    /// For messages: `2s`, `250ms`.
    var text: String { DurationText.text(self) }
}
