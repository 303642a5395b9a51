import Documents
import Execution
import Files
import Hosting
import Spool
import SystemPackage

/// A triggered job as Engine needs it: what to start, under which limits, and the rules of its queue.
package struct Job: Sendable {
    package var name: FileName
    /// Root of the job's files, `WEBJOBS_PATH`.
    package var path: FilePath
    /// Working directory of its runs.
    package var scriptFolder: Folder
    /// The snapshot that its runs are started from; nil = the job's folder itself (`is_in_place`).
    package var deployment: Deployment?
    /// The newest change of the files in its folder: a job that was broken may be mended since.
    package var changed: Instant
    /// Program and first arguments.
    package var command: [[UInt8]]
    /// `NAME=value`, from settings, resolved.
    package var environment: [[UInt8]]
    package var rules: QueueRules
    package var policy: ExitPolicy
    package var inboxes: [FilePath]
    package var maxConcurrency: Int
    package var timeout: Duration?
    package var idleTimeout: Duration?
    package var grace: Duration
    package var umask: UInt32?
    package var nice: Int
    /// What statuses, logs and history call what it runs from.
    package var deploymentID: String { deployment?.id ?? "in_place" }
    /// Setting `disabled`: the queue fills, nothing starts.
    package var isDisabled: Bool
    /// Setting `is_singleton`: one run at a time across all instances.
    package var isSingleton = false
    /// Its share of the places that all jobs have together, against that of others.
    package var weight = 1
    /// Settings `user` and `group`; nil = as the orchestrator.
    package var identity: Script.Identity?
    package var limits: [Script.Limit] = []
    /// How much of its runs history remembers.
    package var historyLimit = Spool.Retention.Limit()
    /// When the clock makes an item for it.
    package var schedule: ScheduleRule?
}
