import Files

extension FolderQueue {
    /// What the watcher saw of one name in an inbox.
    package struct Sighting: Sendable {
        package var folder: Int
        package var name: FileName
        package var evidence: Readiness.Evidence
        /// On the clock that counts from boot.
        package var at: Duration

        package init(folder: Int, name: FileName, evidence: Readiness.Evidence, at: Duration) {
            self.folder = folder
            self.name = name
            self.evidence = evidence
            self.at = at
        }
    }

    /// Takes in what the watcher saw. Names that are never items are dropped here, before they cost memory.
    package func note(_ sightings: [Sighting]) {
        for sighting in sightings where inboxes.indices.contains(sighting.folder) {
            let isReserved = sighting.folder == 0 && QueueLayout.reserved.contains(sighting.name)
            guard !isReserved, rules.names.verdict(sighting.name).isItem else { continue }
            let key = Inbox.Key(folder: sighting.folder, name: sighting.name)
            inbox.note(key, sighting.evidence, at: sighting.at, settle: rules.settleTime)
        }
        scheduleWake()
        if inbox.hasReady { hint.yield() }
    }

    /// Attributes of a file changed: if it waits it may have to wait on, or no longer.
    package func noteTouched(folder: Int, name: FileName, at time: Duration) {
        let key = Inbox.Key(folder: folder, name: name)
        let evidence = inbox.candidate(key)?.evidence ?? .scanned
        note([Sighting(folder: folder, name: name, evidence: evidence == .movedIn ? .movedIn : evidence, at: time)])
    }

    /// Events were lost, or there are none: look at the folders.
    package func requestScan() {
        scan.isWanted = true
        startScan()
    }

    /// It is time to look again, although nothing says that anything was lost: an idle queue answers without reading.
    package func requestRescan() {
        if inboxes.count > 1 || mustLook(at: RelativePath("."), in: folder) { requestScan() }
    }

    package func requestRetryRescan() {
        if mustLook(at: QueueLayout.retry, in: folder) { requestRetryScan() }
    }

    /// An item was put into `retry/` by somebody else (an operator's `mv`, another orchestrator).
    package func requestRetryScan() {
        scan.isRetryWanted = true
        startScan()
    }
}
