import Documents
import Glibc
import Scheduling

/// What a job's `settings.job` says, with every default filled in: the defaults are here and nowhere else.
///
/// Ranges, meanings and the text forms of the values are in `SettingTable`.
package struct JobSettings: Sendable, Equatable {
    package let kind: JobKind
    /// `stopping_wait_time`: how long a run may go on after the orchestrator was asked to stop.
    package var stoppingWaitTime: Duration
    /// `is_in_place`: runs are started from the job's folder itself, not from a snapshot of it.
    package var isInPlace = false
    /// `disabled`: the job takes nothing; its queue fills.
    package var isDisabled = false
    /// `is_singleton`: one run at a time across all instances.
    package var isSingleton = false
    /// `command`: program and arguments instead of the script that `ScriptChoice` finds.
    package var command: [String]?
    /// `environment`, in the order of the file.
    package var environment: [EnvironmentVariable] = []
    /// `user` and `group` that the script runs as, names or numbers; nil: those of the orchestrator.
    package var user: String?
    package var group: String?
    package var limits = ResourceLimits()
    /// `umask` of the script; nil: that of the orchestrator.
    package var umask: UInt32?
    /// `nice`: added to the orchestrator's own niceness.
    package var nice = 0
    package var accept = Accept.files
    /// `patterns`: globs on the name, one of which must match; none: every name.
    package var patterns: [String] = []
    /// `ignore`: globs on the name, added to the built-in list; `!glob` opens. The last entry that matches decides.
    package var ignore: [String] = []
    /// `settle_time`: how long a file must have been left alone when nothing better proves that it is complete.
    package var settleTime = Duration.milliseconds(100)
    /// `inbox`: further folders to take files from; absolute paths.
    package var inbox: [String] = []
    /// `max_concurrency`: runs at a time in this instance.
    package var maxConcurrency = Self.processors
    /// `weight`: share of the places of `bobbin run --max-runs`.
    package var weight = 1
    package var maxAttempts = 5
    package var retryDelay = RetryDelay.standard
    /// `restart_delay` of a continuous job.
    package var restartDelay = RetryDelay.ofRestarts
    /// `timeout` of a whole run; nil: none.
    package var timeout: Duration?
    /// `idle_timeout`: no output and no progress for so long; nil: none.
    package var idleTimeout: Duration?
    package var exitCodes = ExitCodes()
    package var onSuccess = OnSuccess.keep
    package var retention = Retention()
    /// `schedule` as it was written; nil: none. Sound: `Schedule(_:)` reads it.
    package var schedule: String?
    /// `time_zone` of the schedule; nil: that of the system.
    package var timeZone: String?
    /// `catch_up`: due times that nobody was there for.
    package var catchUp = CatchUp.latest
    /// `overlap`: a due time that comes while the item of an earlier one is not done.
    package var overlap = Overlap.skip
    /// `jitter`: the longest shift of a due time; each job has its own, always the same.
    package var jitter = Duration.zero

    /// What a job without `settings.job` has.
    package init(kind: JobKind) {
        self.kind = kind
        stoppingWaitTime =
            switch kind {
            case .triggered: .seconds(30)
            case .continuous: .seconds(5)
            }
    }

    /// What is an item: regular files, folders moved in whole, or both.
    package enum Accept: String, Sendable, CaseIterable {
        case files, directories, both

        package var takesFiles: Bool { self != .directories }
        package var takesFolders: Bool { self != .files }
    }

    /// What a due time does that comes while the item of an earlier one waits, rests or runs.
    package enum Overlap: String, Sendable, CaseIterable {
        /// Nothing; it is recorded as skipped.
        case skip
        /// It makes an item all the same, which waits its turn.
        case queue
        /// The earlier item is cancelled.
        case replace
    }

    /// What becomes of the payload of a successful run.
    package enum OnSuccess: String, Sendable, CaseIterable {
        case keep, delete
    }

    /// Processors that are online, within the range of `max_concurrency`.
    package static let processors = min(1024, max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
}
