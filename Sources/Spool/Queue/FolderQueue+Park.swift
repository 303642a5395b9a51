import Documents
import Files
import SystemPackage

/// An item rests until its next attempt.
extension FolderQueue {
    /// Keeps an item for another attempt.
    func park(_ work: inout PendingCommit, status: StatusDocument, delay: Duration?) throws(FileError) -> Transition {
        let item = work.item
        var record = item.record
        var status = status
        let rest = delay ?? .zero
        let due = around.clocks.now() + rest
        record.nextAttemptAt = due
        record.slot = nil
        status.nextAttemptAt = due
        try layToRest(record, status, of: &work)
        shelf.put(record.id, due: uptime + rest)
        item.hold.letGo()
        if rest == .zero { hint.yield() }
        return Transition(
            status: status, run: record.attempts.last?.run, submittedAt: record.submittedAt, trigger: record.trigger, retryAfter: rest)
    }

    /// Records what is to be remembered and moves the item to `retry/`. The status comes before the move, as with a final
    /// state: a crash in between leaves a claimed item, whose recovery does all of it again.
    func layToRest(_ record: ItemRecord, _ status: StatusDocument, of work: inout PendingCommit) throws(FileError) {
        let place = work.item.place
        Step.commitRecord.before()
        try folder.replace(place.record, with: record.json.prettyBytes, mode: 0o640)
        Step.commitRecord.after()
        Step.moveClear.before()
        try removeRunFiles(at: place)
        Step.moveClear.after()
        try writeStatus(status)
        let target = ItemPlace.retry(record.id)
        Step.moveRetry.before()
        if try folder.move(place.root, to: folder, as: target.root) == .missing, folder.isMissing(target.root) {
            throw FileError(.move, folder.shownPath(place.root), .noSuchFileOrDirectory)
        }
        Step.moveRetry.after()
    }
}
