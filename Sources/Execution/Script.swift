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
    /// Becomes standard input, and with it the claim's lock passes to the run's processes; nil = `/dev/null`.
    package var input: OpenFile?
    /// Lock files that are handed on as well, two at most: where the payload itself cannot be locked, or there is none. The
    /// first is the run's own.
    package var locks: [OpenFile]
    package var umask: UInt32?
    package var nice: Int
    /// What the places below are relative to: the item's folder, or one of the run's own.
    package var site: Folder
    package var log: Log
    /// The whole run; nil = no limit.
    package var timeout: Duration?
    /// Neither output nor progress for so long; nil = no limit.
    package var idleTimeout: Duration?
    /// Its modification counts as a sign of life.
    package var progressPlace: RelativePath?
    /// Created to ask the run to finish.
    package var shutdownFile: RelativePath
    package var stopping: Stopping
    /// How long the run has after it was asked to finish (setting `stopping_wait_time`): what comes then is up to `stopping`.
    package var grace: Duration

    /// Where a run's output goes.
    package enum Log: Sendable {
        /// Appended to a file of the site, which is created with the first line; the title begins it: "attempt 2 of 5".
        case file(RelativePath, title: String)
        case rolled(RolledLog)
    }

    /// How a run is stopped (contract §7).
    package enum Stopping: Sendable, Equatable {
        /// It may finish within its grace; then SIGTERM, and SIGKILL five seconds later.
        case mayFinish
        /// SIGTERM at once, and SIGKILL when its grace is over: it would never finish by itself. Since it is going to be
        /// started again, it is over only when nothing of it is left.
        case atOnce
    }

    package init(
        run: ItemID, arguments: [[UInt8]], environment: [[UInt8]], folder: Folder, input: OpenFile?, locks: [OpenFile] = [],
        umask: UInt32? = nil, nice: Int = 0, site: Folder, log: Log, timeout: Duration? = nil, idleTimeout: Duration? = nil,
        progressPlace: RelativePath? = nil, shutdownFile: RelativePath, stopping: Stopping = .mayFinish, grace: Duration
    ) {
        self.run = run
        self.arguments = arguments
        self.environment = environment
        self.folder = folder
        self.input = input
        self.locks = locks
        self.umask = umask
        self.nice = nice
        self.site = site
        self.log = log
        self.timeout = timeout
        self.idleTimeout = idleTimeout
        self.progressPlace = progressPlace
        self.shutdownFile = shutdownFile
        self.stopping = stopping
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
