import Documents
import Files
import SystemPackage

/// Keeps what jobs are started from in step with their folders: each waits by itself until it is complete, and goes on
/// with what it had until then.
package struct Deployer: Sendable {
    /// What a look at a job's folder means.
    package enum Look: Sendable {
        /// Complete, or beyond waiting for: to be read and deployed. nil: the reason why not is known.
        case ready(JobTree?)
        /// Not before `nextDue`.
        case wait
    }

    private struct Waiting {
        var quiet = TreeQuiet()
        var due: Duration
        var tries = 0
    }

    private struct Known {
        /// Of the folder as it was deployed.
        var fingerprint: [UInt8]?
        var folders: [FilePath] = []
        var command: ScriptCommand?
        var problem: String?
    }

    /// Snapshots that could not be collected yet, since somebody ran them.
    private struct Remains {
        var due: Duration
        var pause: Duration
    }

    private let deployments: FilePath
    private let clocks: Clocks
    private var waiting: [JobKey: Waiting] = [:]
    private var known: [JobKey: Known] = [:]
    private var remains: [JobKey: Remains] = [:]

    /// Folders that are watched for each job; changes in others are found by the slow rescan.
    private static let watchLimit = 32
    private static let retryPause = Duration.milliseconds(100)
    private static let longestPause = Duration.seconds(60)
    private static let shortagePause = Duration.seconds(10)
    /// After so many copies in vain the operator is told.
    private static let patientTries = 20

    /// - Parameter deployments: `data/deployments`.
    package init(deployments: FilePath, clocks: Clocks = .system) {
        self.deployments = deployments
        self.clocks = clocks
    }

    /// When a job should be looked at again, on the clock that counts from boot; nil = when something happens.
    package var nextDue: Duration? { (waiting.values.map(\.due) + remains.values.map(\.due)).min() }

    /// Whether jobs are on their way.
    package var isWaiting: Bool { !waiting.isEmpty }

    /// Whether a job is to be looked at now, if it is waiting; nil when it is not.
    package func isDue(_ key: JobKey) -> Bool? { waiting[key].map { $0.due <= clocks.uptime() } }

    package func folders(of key: JobKey) -> [FilePath] {
        guard let known = known[key] else { return [] }
        return known.folders + (known.command?.deployment == nil ? [] : [Snapshots.place(key, in: deployments)])
    }

    // MARK: Looking

    /// Looks at a job's folder. Blocks.
    ///
    /// - Parameter inner: the folder of its kind.
    package mutating func look(at key: JobKey, in inner: Folder) -> Look {
        let tree: JobTree
        do throws(DeployFailure) {
            let folder = try DeployFailure.wrap { () throws(FileError) in try Folder.open(inner.path.appending(key.name)) }
            tree = try JobTree.look(at: folder, now: clocks.now())
        } catch {
            if case .file(let error) = error, error.isMissing {
                postpone(key, by: Self.retryPause)
                return .wait
            }
            note(error, of: key)
            known[key, default: Known()].folders = [inner.path.appending(key.name)]
            return .ready(nil)
        }
        known[key, default: Known()].folders = tree.folders(limit: Self.watchLimit)
        if waiting[key] == nil, isInForce(tree, for: key) { return .ready(tree) }
        var state = waiting[key] ?? Waiting(due: .zero)
        let verdict = state.quiet.look(tree, now: clocks.now(), uptime: clocks.uptime()) { [self] place, size in
            isUnfinished(place, size, in: tree, of: key)
        }
        switch verdict {
        case .quiet: waiting[key] = nil
        case .atCeiling:
            state.due = clocks.uptime() + Self.retryPause
            waiting[key] = state
        case .wait(let due):
            state.due = due
            waiting[key] = state
            return .wait
        }
        return .ready(tree)
    }

    /// A job's folder is gone. It may be on its way back: whoever swaps a folder needs its name for a moment.
    package mutating func lookAtMissing(_ key: JobKey) -> Look {
        guard let state = waiting[key], known[key]?.folders.isEmpty == true else {
            known[key, default: Known()].folders = []
            postpone(key, by: TreeQuiet.quietTime)
            return .wait
        }
        return state.due <= clocks.uptime() ? .ready(nil) : .wait
    }

    private mutating func postpone(_ key: JobKey, by pause: Duration) {
        waiting[key, default: Waiting(due: .zero)].due = clocks.uptime() + pause
    }

    private func isInForce(_ tree: JobTree, for key: JobKey) -> Bool {
        guard let known = known[key], known.problem == nil, let deployment = known.command?.deployment else { return false }
        return known.fingerprint == tree.fingerprint && deployment.folder.isStillAtPath()
    }

    /// Somebody has the file open for writing, and it is not yet what it was when it was deployed last.
    private func isUnfinished(_ place: RelativePath, _ size: UInt64, in tree: JobTree, of key: JobKey) -> Bool {
        guard let file = try? tree.root.open(place) else { return false }
        let answer = file.takeLease()
        file.dropLease()
        guard answer == .busy, let snapshots = try? Snapshots(key, in: deployments) else { return false }
        return snapshots.deployedSizes()[place].map { $0 > size } ?? true
    }

    // MARK: Deploying

    /// Makes what a look found what the job is started from. Blocks.
    package mutating func deploy(_ job: HostedJob, _ tree: JobTree?) {
        let key = job.key
        guard let (settings, command) = job.runnable, !settings.isInPlace else {
            known[key]?.command = nil
            known[key]?.fingerprint = nil
            if job.runnable != nil { known[key]?.problem = nil }
            return
        }
        guard let tree else { return }
        let before = known[key]?.command?.deployment
        if let before, isInForce(tree, for: key) {
            known[key]?.command = command.deployed(before, of: job.path)
            return
        }
        do throws(DeployFailure) {
            let deployment = try Snapshots(key, in: deployments, clocks: clocks).deploy(tree, current: before)
            waiting[key] = nil
            known[key]?.command = command.deployed(deployment, of: job.path)
            known[key]?.fingerprint = tree.fingerprint
            known[key]?.problem = nil
            if deployment !== before {
                remains[key] = nil
                collect(key)
            }
        } catch {
            note(error, of: key)
        }
    }

    private mutating func note(_ failure: DeployFailure, of key: JobKey) {
        switch failure {
        case .busy: postpone(key, by: Self.retryPause)
        case .changing:
            postpone(key, by: Self.retryPause)
            waiting[key]?.tries += 1
            let tries = waiting[key]?.tries ?? 0
            if tries > Self.patientTries { postpone(key, by: TreeQuiet.quietTime) }
            if tries >= Self.patientTries {
                known[key, default: Known()].problem =
                    "\(failure); move what is written all the time out of the job's folder, or set \"is_in_place\": true"
            }
        case .refused(let text):
            waiting[key] = nil
            known[key, default: Known()].problem = text
        case .file(let error):
            waiting[key] = nil
            if error.isShortage { postpone(key, by: Self.shortagePause) }
            known[key, default: Known()].problem = "cannot be deployed: \(error)"
        }
    }

    /// What a job is started from: its folder, or its snapshot; nil when there is none yet.
    package func command(of job: HostedJob) -> ScriptCommand? {
        guard let (settings, command) = job.runnable else { return nil }
        return settings.isInPlace ? command : known[job.key]?.command
    }

    /// Why what is in a job's folder is not what it is started from.
    package func problem(of job: HostedJob) -> String? {
        guard let problem = known[job.key]?.problem, job.runnable?.settings.isInPlace != true else { return nil }
        return known[job.key]?.command == nil ? problem : "\(problem). The deployment before goes on"
    }

    // MARK: Going

    private mutating func collect(_ key: JobKey) {
        let left = (try? Snapshots(key, in: deployments, clocks: clocks).collect(isJobGone: known[key] == nil)) ?? 0
        guard left > 0 else {
            remains[key] = nil
            return
        }
        let pause = remains[key].map { min($0.pause * 2, Self.longestPause) } ?? TreeQuiet.quietTime
        remains[key] = Remains(due: clocks.uptime() + pause, pause: pause)
    }

    /// Tries again for what could not be collected.
    package mutating func collectDue() {
        for (key, remains) in remains where remains.due <= clocks.uptime() { collect(key) }
    }

    /// The job is gone; its snapshots go with the last run.
    package mutating func forget(_ key: JobKey) {
        waiting[key] = nil
        known[key] = nil
        remains[key] = Remains(due: clocks.uptime() + TreeQuiet.quietTime, pause: TreeQuiet.quietTime)
    }

    /// Removes the snapshots of jobs that are gone, as far as nobody runs them.
    package func collectOrphans(besides present: Set<JobKey>) {
        for kind in JobKind.allCases {
            guard let folder = try? Folder.open(deployments.appending(kind.folder)), let names = try? folder.names() else { continue }
            for name in names where !present.contains(JobKey(kind, name)) {
                _ = try? Snapshots(JobKey(kind, name), in: deployments, clocks: clocks).collect(isJobGone: true)
            }
        }
    }
}
