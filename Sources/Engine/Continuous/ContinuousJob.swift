import Documents
import Execution
import Files
import Hosting
import Spool
import SystemPackage

/// A continuous job as Engine needs it: what to keep running, and how.
package struct ContinuousJob: Sendable {
    package var name: FileName
    /// Root of the job's files, `WEBJOBS_PATH`.
    package var path: FilePath
    /// Working directory of its runs.
    package var scriptFolder: Folder
    /// The snapshot that its runs are started from; nil = the job's folder itself (`is_in_place`).
    package var deployment: Deployment?
    /// While it is there, the job is stopped.
    package var disableFile: FilePath
    /// Program and first arguments.
    package var command: [[UInt8]]
    /// `NAME=value`, from settings, resolved.
    package var environment: [[UInt8]]
    package var umask: UInt32?
    package var nice: Int
    /// Settings `user` and `group`; nil = as the orchestrator.
    package var identity: Script.Identity?
    package var limits: [Script.Limit] = []
    /// Between SIGTERM and SIGKILL.
    package var grace: Duration
    package var restarts: Backoff
    /// One run at a time across all instances.
    package var isSingleton: Bool
    /// Setting `disabled`.
    package var isDisabled: Bool
    /// The script as it lies there now; nil when the settings name a program.
    package var script: Stamp?

    /// What a run has got of the job: when any of it changes, the job is started anew.
    var fabric: Fabric {
        Fabric(
            folder: scriptFolder.path, command: command, environment: environment, umask: umask, nice: nice, identity: identity,
            limits: limits,
            isSingleton: isSingleton,
            script: script.map { [$0.inode, $0.size, UInt64(bitPattern: $0.modified.nanoseconds)] })
    }

    struct Fabric: Equatable {
        let folder: FilePath
        let command: [[UInt8]]
        let environment: [[UInt8]]
        let umask: UInt32?
        let nice: Int
        let identity: Script.Identity?
        let limits: [Script.Limit]
        let isSingleton: Bool
        let script: [UInt64]?
    }
}
