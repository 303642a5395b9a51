import Documents
import Execution
import Files
import Hosting
import Spool
import Synchronization
import SystemPackage

/// The job folders below `jobs/`, as Hosting reads and deploys them.
package final class JobFolders: JobSource {
    private struct State {
        var catalog = JobCatalog()
        var deployer: Deployer
        var isFirst = true
    }

    private let layout: Layout
    private let state: Mutex<State>

    package init(layout: Layout, clocks: Clocks = .system) {
        self.layout = layout
        state = Mutex(State(deployer: Deployer(deployments: layout.deployments, clocks: clocks)))
    }

    package func load(_ changed: Set<JobKey>?) -> FoundJobs {
        let surroundings = JobFolder.Surroundings()
        return state.withLock { state in
            var found = FoundJobs()
            found.hasNews = look(changed, surroundings, &state)
            for job in state.catalog.sorted {
                let name = job.key.name
                switch job.key.kind {
                case .triggered: found.triggered[name] = self.state(of: job, state.deployer, surroundings.environment, Job.init)
                case .continuous: found.continuous[name] = self.state(of: job, state.deployer, surroundings.environment, ContinuousJob.init)
                }
            }
            state.deployer.collectDue()
            found.lookAgainAt = state.deployer.nextDue
            found.hasMore = state.deployer.isWaiting
            return found
        }
    }

    /// Returns whether anything was read. A jobs folder that cannot be listed changes nothing: what is known stays in force.
    private func look(_ changed: Set<JobKey>?, _ surroundings: JobFolder.Surroundings, _ state: inout State) -> Bool {
        guard let folder = try? Folder.open(layout.jobs), let there = try? JobCatalog.jobs(in: folder) else { return state.isFirst }
        var ready: [JobKey: JobTree?] = [:]
        func isWanted(_ key: JobKey) -> Bool {
            state.deployer.isDue(key) ?? (state.catalog.jobs[key] == nil || changed?.contains(key) ?? true)
        }
        for (key, inner) in there where isWanted(key) {
            if case .ready(let tree) = state.deployer.look(at: key, in: inner) { ready[key] = tree }
        }
        let present = Set(there.map(\.0))
        for key in state.catalog.jobs.keys where !present.contains(key) {
            if case .ready = state.deployer.lookAtMissing(key) { ready[key] = JobTree?.none }
        }
        _ = try? state.catalog.reload(from: folder, surroundings: surroundings, isSkipped: { !ready.keys.contains($0) })
        for (key, tree) in ready {
            if let job = state.catalog.jobs[key] { state.deployer.deploy(job, tree) } else { state.deployer.forget(key) }
        }
        let isFirst = state.isFirst
        if isFirst {
            state.deployer.collectOrphans(besides: present)
            for path in [layout.triggeredJobs, layout.continuousJobs] { (try? Folder.open(path)).map { JobUpload.removeRemains(in: $0) } }
        }
        state.isFirst = false
        return isFirst || !ready.isEmpty
    }

    /// nil: it has not been deployed yet.
    private func state<Kind>(
        of hosted: HostedJob, _ deployer: Deployer, _ environment: OwnEnvironment,
        _ make: (HostedJob, JobSettings, ScriptCommand, Folder, [(name: String, value: [UInt8])], RunStanding) -> Kind
    ) -> JobState<Kind>? {
        let word = "\(hosted.key.kind == .continuous ? "continuous job" : "job") \(hosted.key.name.escaped)"
        let problems = (hosted.problems + [deployer.problem(of: hosted)].compactMap { $0 }).map { "\(word): \($0)" }
        guard let settings = hosted.settings, hosted.script.command != nil else { return .broken(problems) }
        guard let command = deployer.command(of: hosted) else { return problems.isEmpty ? nil : .broken(problems) }
        do {
            let resolved = try settings.resolvedEnvironment { environment[$0] }
            let folder = try Folder.open(command.scriptFolder)
            let standing = try RunStanding(settings)
            return .ready(make(hosted, settings, command, folder, resolved, standing), problems: problems)
        } catch {
            return .broken(problems + ["\(word): \(error)"])
        }
    }

    package func watchedFolders() -> [(path: String, job: JobKey?)] {
        var paths: [(path: FilePath, job: JobKey?)] = [(layout.jobs, nil), (layout.triggeredJobs, nil), (layout.continuousJobs, nil)]
        state.withLock { state in
            let there = (try? Folder.open(layout.jobs)).flatMap { try? JobCatalog.jobs(in: $0) } ?? []
            for (key, _) in there {
                for path in state.deployer.folders(of: key) { paths.append((path, key)) }
            }
        }
        return paths.compactMap { path, job in String(validating: path.bytes, as: UTF8.self).map { ($0, job) } }
    }
}

extension Job {
    /// What Hosting says of a job, in the words of the rooms that act on it.
    init(
        _ hosted: HostedJob, _ settings: JobSettings, _ command: ScriptCommand, _ folder: Folder,
        _ environment: [(name: String, value: [UInt8])], _ standing: RunStanding
    ) {
        name = hosted.key.name
        path = command.deployment?.path ?? hosted.path
        scriptFolder = folder
        deployment = command.deployment
        // Of what its owner changes: runs may write into their snapshot.
        let places = [hosted.path, hosted.script.command?.scriptFolder].compactMap { $0 }
        changed = places.compactMap { try? Folder.open($0) }.map(Self.newestChange).max() ?? Instant(nanoseconds: 0)
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
        path = command.deployment?.path ?? hosted.path
        scriptFolder = folder
        deployment = command.deployment
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
