/// The steps of an item's life that a crash can come between, in the order of contract §2. In debug builds a test can
/// have the program die before or after any of them (`StepFaults`); the model of the protocol (docs/reliability.md)
/// carries the same names, and a test fails when the two drift apart.
///
/// One case a line, its name beside it: `PHASE.STEP`. A point is a step's name followed by `.before` or `.after`.
package enum Step: String, CaseIterable, Sendable {
    // claim: a file becomes an item.
    case claimOpen = "claim.open"
    case claimLease = "claim.lease"
    case claimLock = "claim.lock"
    case claimAhead = "claim.ahead"
    case claimBlank = "claim.blank"
    case claimFolder = "claim.folder"
    case claimLetter = "claim.letter"
    case claimRename = "claim.rename"
    case claimUnlink = "claim.unlink"
    case claimSlot = "claim.slot"
    case claimRecord = "claim.record"

    // retry: a resting item is claimed again; `claim.slot` and `claim.record` follow.
    case retryOpen = "retry.open"
    case retryLock = "retry.lock"
    case retryRename = "retry.rename"

    // run: the script.
    case runStart = "run.start"
    case runEnd = "run.end"

    // commit: what the run left is secured, and the outcome written. Either `commit.outcome` or `commit.record`.
    case commitResults = "commit.results"
    case commitNext = "commit.next"
    case commitWork = "commit.work"
    case commitSync = "commit.sync"
    case commitOutcome = "commit.outcome"
    case commitCheckpoint = "commit.checkpoint"
    case commitRecord = "commit.record"

    // publish: a committed outcome is made visible.
    case publishResults = "publish.results"
    case publishLetter = "publish.letter"
    case publishForward = "publish.forward"
    case publishSync = "publish.sync"
    case publishStatus = "publish.status"
    case publishSwap = "publish.swap"
    case publishClear = "publish.clear"
    case publishPayload = "publish.payload"

    // move: the item's folder goes to its next state.
    case moveDay = "move.day"
    case moveFinal = "move.final"
    case moveClear = "move.clear"
    case moveRetry = "move.retry"
    case moveInbox = "move.inbox"
    case moveUnstatus = "move.unstatus"
    case moveRemove = "move.remove"

    // bury: an item that must not run fails; `publish.status` comes between record and final.
    case buryFolder = "bury.folder"
    case buryRename = "bury.rename"
    case buryLetter = "bury.letter"
    case buryOutcome = "bury.outcome"
    case buryRecord = "bury.record"
    case buryFinal = "bury.final"

    // recover: what a dead orchestrator held is freed. A committed outcome is published as above.
    case recoverEnd = "recover.end"
    case recoverLock = "recover.lock"
    case recoverWork = "recover.work"
    case recoverRecord = "recover.record"
    case recoverClear = "recover.clear"
    case recoverRetry = "recover.retry"
    case recoverInbox = "recover.inbox"
    case recoverRemove = "recover.remove"
    case recoverLetter = "recover.letter"
    case recoverTorn = "recover.torn"
    case recoverEmpty = "recover.empty"
    case recoverSlots = "recover.slots"
    case recoverStray = "recover.stray"

    // sweep: what has been kept for long enough goes.
    case sweepStatus = "sweep.status"
    case sweepResults = "sweep.results"
    case sweepItem = "sweep.item"
    case sweepDay = "sweep.day"
    case sweepInstance = "sweep.instance"

    // file: parts that several of the above have in common.
    case fileWrite = "file.write"
    case fileReplace = "file.replace"
    case statusWrite = "status.write"
    case statusRename = "status.rename"
}

extension Step {
    package enum Side: String, CaseIterable, Sendable { case before, after }

    /// Marks the point before the step. A release build compiles it to nothing.
    @inlinable
    package func before() {
        #if DEBUG
            StepFaults.reach(self, .before)
        #endif
    }

    /// Marks the point after the step.
    @inlinable
    package func after() {
        #if DEBUG
            StepFaults.reach(self, .after)
        #endif
    }
}
