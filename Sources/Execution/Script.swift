import Documents
import Files
import SystemPackage

/// What to start for one run, and the limits it runs under.
package struct Script: Sendable {
    /// The run, as `BOBBIN_RUN_ID` names it in the environment: by it the run's processes are recognised.
    package var run: ItemID
    /// The program and its arguments, as bytes; the first is an absolute path.
    package var arguments: [[UInt8]]
    /// `NAME=value`, as bytes; nothing else is inherited.
    package var environment: [[UInt8]]
    /// Working directory.
    package var folder: Folder
    /// Becomes standard input, and with it the claim's lock passes to the run's processes.
    package var input: OpenFile
    /// A lock file that is handed on as well, where the payload itself cannot be locked.
    package var lock: OpenFile?
    package var umask: UInt32?
    package var nice: Int
    /// What the places below are relative to.
    package var itemFolder: Folder
    /// Where the log is appended; created with the first line.
    package var logPlace: RelativePath
    /// Begins the log of this run: "attempt 2 of 5".
    package var title: String
    /// The whole run; nil = no limit.
    package var timeout: Duration?
    /// Neither output nor progress for so long; nil = no limit.
    package var idleTimeout: Duration?
    /// Its modification counts as a sign of life.
    package var progressPlace: RelativePath
    /// Created to ask the run to finish.
    package var shutdownFile: RelativePath
    /// How long the run may finish after that, before it is told to (setting `stopping_wait_time`).
    package var grace: Duration

    package init(
        run: ItemID, arguments: [[UInt8]], environment: [[UInt8]], folder: Folder, input: OpenFile, lock: OpenFile? = nil,
        umask: UInt32? = nil, nice: Int = 0, itemFolder: Folder, logPlace: RelativePath, title: String, timeout: Duration? = nil,
        idleTimeout: Duration? = nil, progressPlace: RelativePath, shutdownFile: RelativePath, grace: Duration
    ) {
        self.run = run
        self.arguments = arguments
        self.environment = environment
        self.folder = folder
        self.input = input
        self.lock = lock
        self.umask = umask
        self.nice = nice
        self.itemFolder = itemFolder
        self.logPlace = logPlace
        self.title = title
        self.timeout = timeout
        self.idleTimeout = idleTimeout
        self.progressPlace = progressPlace
        self.shutdownFile = shutdownFile
        self.grace = grace
    }
}

/// What happened, without judgement.
package struct ScriptResult: Sendable, Equatable {
    package enum End: Sendable, Equatable {
        case exited(Int)
        case signalled(Int)
        /// It could not be started: what was being done, and why it failed.
        case notStarted(step: String, Errno)
    }

    /// Why we ended it, if we did.
    package enum CutOff: Sendable, Equatable { case timeout, idleTimeout, cancelled, stopped }

    package var end: End
    package var cutOff: CutOff?
    package var startedAt: Instant
    package var finishedAt: Instant
    /// The last lines of standard error, at most 4 KiB, as printable text.
    package var errorTail: String
    /// Something was written to the log.
    package var hasLog: Bool

    package init(
        end: End, cutOff: CutOff?, startedAt: Instant, finishedAt: Instant, errorTail: String, hasLog: Bool = false
    ) {
        self.hasLog = hasLog
        self.end = end
        self.cutOff = cutOff
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.errorTail = errorTail
    }
}
