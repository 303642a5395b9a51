import Documents
import Files
import SystemPackage

extension FolderQueue {
    package func giveBack(_ grants: [Grant], reason: GiveBackReason) async {
        for grant in grants {
            let now = around.clocks.now()
            let meaning: RunEnding.Meaning = reason == .jobBroken ? .jobBroken : .stopped
            let ending = RunEnding(meaning, reason: reason.rawValue)
            _ = await commit([(grant, RunResult(ending: ending, startedAt: now, finishedAt: now))])
        }
    }

    /// Back to waiting. An item with nothing to remember returns to its inbox under its own name; one with attempts, a
    /// checkpoint, work or an envelope rests in `retry/` and is due at once, since the inbox can only hold files.
    func returnItem(_ work: inout PendingCommit, status: StatusDocument, reason: String) throws(FileError) -> Transition {
        let item = work.item
        let place = item.place
        let isBlank =
            item.record.failures == 0 && item.record.interruptions == 0 && item.record.envelope == nil
            && folder.isMissing(place.checkpoint) && folder.isMissing(place.work)
        if isBlank, let transition = try returnToInbox(item, status: status) { return transition }
        var record = item.record
        var status = status
        let now = around.clocks.now()
        record.nextAttemptAt = now
        record.slot = nil
        status.state = .retrying
        status.reason = reason
        status.nextAttemptAt = now
        try layToRest(record, status, of: &work)
        shelf.put(record.id, due: uptime)
        item.hold.letGo()
        return Transition(
            status: status, run: record.attempts.last?.run, submittedAt: record.submittedAt, trigger: record.trigger, retryAfter: .zero)
    }

    /// nil when a newer file has the name in the inbox.
    private func returnToInbox(_ item: Held, status: StatusDocument) throws(FileError) -> Transition? {
        let place = item.place
        let name = item.record.name
        // Before the move, so that no status is left of an item that is none any more.
        Step.moveUnstatus.before()
        try removeStatus(of: item.record.id, name: name)
        Step.moveUnstatus.after()
        Step.moveInbox.before()
        switch try folder.move(place.payload(name), to: folder, as: RelativePath(name)) {
        case .taken: return nil
        case .missing where folder.isMissing(RelativePath(name)):
            throw FileError(.move, folder.shownPath(place.root), .noSuchFileOrDirectory)
        case .missing, .moved: break
        }
        Step.moveInbox.after()
        Step.moveRemove.before()
        try folder.removeTree(place.root)
        Step.moveRemove.after()
        item.hold.letGo()
        inbox.note(Inbox.Key(folder: 0, name: name), .scanned, at: uptime, settle: rules.settleTime)
        return Transition(
            status: status, run: item.grant.run, submittedAt: item.record.submittedAt, trigger: item.record.trigger, retryAfter: .zero)
    }
}
