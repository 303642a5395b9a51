import Documents
import Execution
import Files
import Hosting
import Spool
import Synchronization
import SystemPackage

/// The job folders below `jobs/`, as Hosting reads them.
package final class JobFolders: JobSource {
    private let layout: Layout
    private let catalog = Mutex(JobCatalog())

    package init(layout: Layout) { self.layout = layout }

    package func load() -> FoundJobs {
        let surroundings = JobFolder.Surroundings()
        let jobs = catalog.withLock { catalog in
            // A jobs folder that cannot be listed changes nothing: what is known stays in force.
            if let folder = try? Folder.open(layout.jobs) { _ = try? catalog.reload(from: folder, surroundings: surroundings) }
            return catalog.sorted
        }
        var found = FoundJobs()
        for job in jobs {
            let name = job.key.name
            switch job.key.kind {
            case .triggered: found.triggered[name] = state(of: job, surroundings.environment, Job.init)
            case .continuous: found.continuous[name] = state(of: job, surroundings.environment, ContinuousJob.init)
            }
        }
        return found
    }

    private typealias Environment = [(name: String, value: [UInt8])]

    private func state<Kind>(
        of hosted: HostedJob, _ environment: OwnEnvironment,
        _ make: (HostedJob, JobSettings, ScriptCommand, Folder, Environment, RunStanding) -> Kind
    ) -> JobState<Kind> {
        let word = hosted.key.kind == .continuous ? "continuous job" : "job"
        let problems = hosted.problems.map { "\(word) \(hosted.key.name.escaped): \($0)" }
        guard let (settings, command) = hosted.runnable else { return .broken(problems) }
        do {
            let resolved = try settings.resolvedEnvironment { environment[$0] }
            let folder = try Folder.open(command.scriptFolder)
            let standing = try RunStanding(settings)
            return .ready(make(hosted, settings, command, folder, resolved, standing), problems: problems)
        } catch {
            return .broken(problems + ["\(word) \(hosted.key.name.escaped): \(error)"])
        }
    }

    package func watchedFolders() -> [String] {
        var paths = [layout.jobs, layout.triggeredJobs, layout.continuousJobs]
        for job in catalog.withLock({ $0.sorted }) {
            paths.append(job.path)
            if let folder = job.runnable?.command.scriptFolder, folder != job.path { paths.append(folder) }
        }
        return paths.compactMap { String(validating: $0.bytes, as: UTF8.self) }
    }
}

extension Job {
    /// What Hosting says of a job, in the words of the rooms that act on it.
    init(
        _ hosted: HostedJob, _ settings: JobSettings, _ command: ScriptCommand, _ folder: Folder,
        _ environment: [(name: String, value: [UInt8])], _ standing: RunStanding
    ) {
        name = hosted.key.name
        path = hosted.path
        scriptFolder = folder
        let root = (try? Folder.open(hosted.path)).map(Self.newestChange)
        changed = max(Self.newestChange(in: folder), root ?? Instant(nanoseconds: 0))
        self.command = command.arguments
        self.environment = standing.environment + environment.map { Array("\($0.name)=".utf8) + $0.value }
        identity = standing.identity
        limits = standing.limits
        rules = QueueRules(settings)
        rules.runner = standing.identity.map { QueueRules.Runner(user: $0.user, group: $0.group) }
        policy = ExitPolicy(settings.exitCodes)
        inboxes = settings.inbox.map { FilePath($0) }
        maxConcurrency = settings.maxConcurrency
        weight = settings.weight
        timeout = settings.timeout
        idleTimeout = settings.idleTimeout
        grace = settings.stoppingWaitTime
        umask = settings.umask
        nice = settings.nice
        isDisabled = settings.isDisabled
        isSingleton = settings.isSingleton
        historyLimit = Spool.Retention.Limit(settings.retention.history)
        schedule = ScheduleRule(settings, of: hosted.key.name)
    }

    private static func newestChange(in folder: Folder) -> Instant {
        let own = (try? folder.file.stamp().changed) ?? Instant(nanoseconds: 0)
        let names = (try? folder.names()) ?? []
        return names.compactMap { (try? folder.stamp(RelativePath($0)))?.changed }.reduce(own, max)
    }
}

extension ContinuousJob {
    init(
        _ hosted: HostedJob, _ settings: JobSettings, _ command: ScriptCommand, _ folder: Folder,
        _ environment: [(name: String, value: [UInt8])], _ standing: RunStanding
    ) {
        name = hosted.key.name
        path = hosted.path
        scriptFolder = folder
        disableFile = hosted.disableFile
        self.command = command.arguments
        self.environment = standing.environment + environment.map { Array("\($0.name)=".utf8) + $0.value }
        identity = standing.identity
        limits = standing.limits
        umask = settings.umask
        nice = settings.nice
        grace = settings.stoppingWaitTime
        restarts = Backoff(settings.restartDelay)
        isSingleton = settings.isSingleton
        isDisabled = settings.isDisabled
        script = command.script.flatMap { try? folder.target(RelativePath($0)) }
    }
}

extension Backoff {
    init(_ delay: RetryDelay) {
        switch delay {
        case .growing(let initial, let factor, let maximum, let jitter):
            self.init(steps: .growing(initial: initial, factor: factor, limit: maximum), jitter: jitter)
        case .list(let delays): self.init(steps: .list(delays), jitter: 0)
        }
    }
}

extension QueueRules {
    package init(_ settings: JobSettings) {
        let accept: Accept =
            switch settings.accept {
            case .files: .files
            case .directories: .directories
            case .both: .both
            }
        self.init(
            accept: accept,
            names: NameFilter(patterns: settings.patterns, ignore: settings.ignore),
            settleTime: settings.settleTime,
            limits: ItemMachine.Limits(maxAttempts: settings.maxAttempts, backoff: Backoff(settings.retryDelay)),
            onSuccess: settings.onSuccess == .keep ? .keep : .delete,
            retention: Spool.Retention(done: .init(settings.retention.done), failed: .init(settings.retention.failed)))
    }
}

extension Spool.Retention.Limit {
    init(_ rule: Hosting.Retention.Rule) { self.init(age: rule.age, count: rule.count) }
}

extension ExitPolicy {
    init(_ codes: ExitCodes) {
        func all(_ meaning: ExitCodes.Meaning) -> Set<Int> {
            Set((0...255).filter { codes.meaning(of: Int32($0)) == meaning })
        }
        self.init(success: all(.success), retry: all(.retry), fail: all(.fail))
    }
}
