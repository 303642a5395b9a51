import Files
import SystemPackage

extension WatchMachine {
    mutating func add(_ token: WatchToken, _ path: FilePath, isWhole: Bool = false) {
        folders[token] = WatchedFolder(path: path, isWhole: isWhole)
        examine([token])
    }

    mutating func remove(_ token: WatchToken) {
        giveUpProbe(token, "the folder is not watched any more")
        guard let folder = folders.removeValue(forKey: token) else { return }
        if folder.isArmed || folder.state == .arming { actions.append(.command(.stop(token))) }
        isDeadlineStale = true
    }

    mutating func examine(_ tokens: [WatchToken]) {
        let requests = tokens.compactMap { token in
            folders[token].map { ExaminationRequest(token: token, path: $0.path, epoch: $0.epoch) }
        }
        if !requests.isEmpty { actions.append(.examine(requests)) }
    }

    /// The answer to an examination.
    mutating func examined(_ request: ExaminationRequest, _ found: Examination, _ now: Duration) {
        // An old answer is dropped: whatever changed the state since then has asked again if it needs to know.
        guard let folder = folders[request.token], folder.epoch == request.epoch else { return }
        let token = request.token
        switch (folder.state, found) {
        case (.examining(let isFirst), .missing(let reason)): miss(token, reason, isNew: isFirst, now)
        case (.missing, .missing(let reason)): miss(token, reason, isNew: false, now)
        case (.unarmed, .missing(let reason)), (.arming, .missing(let reason)), (.events, .missing(let reason)),
            (.silent, .missing(let reason)), (.polling, .missing(let reason)):
            disarm(token)
            miss(token, reason, isNew: true, now)
        case (.examining, .folder(_, let fileSystem)), (.missing, .folder(_, let fileSystem)):
            settle(fileSystem, token, now)
        case (.events, .folder(let identity, let fileSystem)), (.silent, .folder(let identity, let fileSystem)):
            guard identity != folder.identity else { return }
            disarm(token)
            tell(token, .lost(.replaced), now)
            settle(fileSystem, token, now)
        // Not watched yet: what is there will be seen when it is.
        case (.unarmed, .folder), (.arming, .folder): break
        case (.polling(.network), .folder): break
        case (.polling(.watchLimit), .folder), (.polling(.noMemory), .folder): arm(token, now)
        }
    }

    private mutating func settle(_ fileSystem: FileSystem, _ token: WatchToken, _ now: Duration) {
        switch fileSystem {
        case .local: arm(token, now)
        case .network(let kind): poll(token, .network(kind), now)
        }
    }

    /// Has the folder watched now, or as soon as bobbin-watch runs.
    mutating func arm(_ token: WatchToken, _ now: Duration) {
        guard let folder = folders[token] else { return }
        if case .up = process {
            enter(.arming, token, now)
            actions.append(.command(.watch(token, path: folder.path.bytes, isWhole: folder.isWhole)))
        } else {
            enter(.unarmed, token, now)
            // Without any hope of events the first look must not wait for the next poll.
            if process == .none || health.isUnstartable { tell(token, .lost(.polling), now) }
        }
    }

    private mutating func disarm(_ token: WatchToken) {
        guard let folder = folders[token] else { return }
        if folder.isArmed || folder.state == .arming { actions.append(.command(.stop(token))) }
    }

    mutating func poll(_ token: WatchToken, _ reason: WatchedFolder.PollReason, _ now: Duration) {
        guard let path = folders[token]?.path.escaped else { return }
        // Trying for a watch again and failing again is nothing to tell.
        enter(.polling(reason), token, now)
        tell(token, .lost(.polling), now)
        switch reason {
        case .network(let kind): notice(about: "network \(token)", Notices.network(path, kind, settings))
        case .watchLimit: notice(about: "limit", Notices.watchLimit(path, settings))
        case .noMemory: notice(about: "memory", Notices.noMemory(path, settings))
        }
    }

    /// The path leads nowhere, or to nothing that can be watched: looked for again after a pause.
    mutating func miss(_ token: WatchToken, _ reason: String, isNew: Bool, _ now: Duration) {
        guard let folder = folders[token] else { return }
        if isNew { tell(token, .lost(.replaced), now) }
        let pause = settings.pause(after: folder.pause)
        folders[token]?.pause = pause
        enter(.missing(retryAt: now + pause, reason: reason), token, now)
    }

    /// bobbin-watch told that the folder went away. Often another has its name already.
    mutating func wentAway(_ token: WatchToken, _ reason: LostReason, _ now: Duration) {
        tell(token, .lost(reason), now)
        folders[token]?.identity = nil
        enter(.examining(isFirst: false), token, now)
        examine([token])
    }
}
