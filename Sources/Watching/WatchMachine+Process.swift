extension WatchMachine {
    /// The outcome of `startProcess`; nil when it runs.
    mutating func startedProcess(_ id: Int32?, failure: String?, _ now: Duration) {
        isDeadlineStale = true
        health.watcherProcess = id
        guard let failure else {
            process = .starting(deadline: now + settings.startTimeout)
            return
        }
        // Nothing is gained by trying often: somebody has to mend it.
        process = .down(retryAt: rescanAt)
        notice(about: "start", Notices.notStarted(failure, settings))
        if !health.isUnstartable {
            health.isUnstartable = true
            for (token, folder) in folders where folder.state == .unarmed { tell(token, .lost(.polling), now) }
        }
    }

    mutating func ready(_ now: Duration) {
        guard case .starting = process else { return distrust(now) }
        process = .up(since: now)
        isDeadlineStale = true
        health.isUnstartable = false
        mayNoticeAgain(about: "start")
        for (token, folder) in folders.sorted(by: { $0.key < $1.key }) where folder.state == .unarmed {
            arm(token, now)
        }
    }

    /// bobbin-watch ended by itself, or was ended for cause; `how` says it in words ("was killed by signal 9").
    mutating func processEnded(_ how: String, _ now: Duration) {
        isDeadlineStale = true
        health.watcherProcess = nil
        if case .up(let since) = process, now - since >= settings.stableAfter {
            restartPause = nil
            mayNoticeAgain(about: "ended")
            mayNoticeAgain(about: "keeps ending")
        }
        let pause = settings.pause(after: restartPause)
        restartPause = pause
        process = .down(retryAt: now + pause)
        if pause < settings.longestPause {
            notice(about: "ended", Notices.ended(how, pause))
        } else {
            notice(about: "keeps ending", Notices.keepsEnding(how, settings))
        }
        // It may have been the process, not the file system, that gave no events.
        proofs = proofs.filter { $0.value != .silent }
        for (token, folder) in folders.sorted(by: { $0.key < $1.key }) where folder.isArmed || folder.state == .arming {
            if folder.isArmed { tell(token, .lost(.watcherDied), now) }
            folders[token]?.identity = nil
            enter(.unarmed, token, now)
        }
    }

    /// The process was ended for good.
    mutating func stopped() {
        process = .none
        health.watcherProcess = nil
    }

    /// What it says makes no sense: it is not the program we know, or something writes into its pipe.
    mutating func distrust(_ now: Duration) {
        switch process {
        case .none, .down: return
        case .starting, .up: break
        }
        actions.append(.endProcess)
        processEnded("said something that is not a record", now)
    }
}
