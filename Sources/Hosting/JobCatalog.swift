import Files
import SystemPackage

/// The identity of a job: a triggered and a continuous job may share a name.
package struct JobKey: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let kind: JobKind
    package let name: FileName

    package init(_ kind: JobKind, _ name: FileName) {
        self.kind = kind
        self.name = name
    }

    package static func < (left: JobKey, right: JobKey) -> Bool {
        left.kind == right.kind ? left.name < right.name : left.kind.rawValue < right.kind.rawValue
    }

    /// `triggered/NAME`
    package var description: String { "\(kind.rawValue)/\(name.escaped)" }
}

/// A job as the orchestrator holds it: by its last good settings, whatever its owner is writing at the moment.
package struct HostedJob: Sendable, Equatable {
    package let key: JobKey
    package let path: FilePath
    /// The last good settings; nil when there never were any: then the job does not start.
    package let settings: JobSettings?
    /// Chosen by these settings from what lies in the folder now.
    package let script: ScriptChoice
    package let hasDisableFile: Bool
    /// Where `disable.job` is, or would be.
    package let disableFile: FilePath
    /// What is wrong at present, a line each, to be shown wherever the job is.
    package let problems: [String]

    /// What to run, and how; nil when the job cannot start.
    package var runnable: (settings: JobSettings, command: ScriptCommand)? {
        guard let settings, let command = script.command else { return nil }
        return (settings, command)
    }
}

/// What a look at the jobs folder changed.
package enum CatalogChange: Sendable, Equatable {
    /// A job is new, be it well or not: its queue is made. One that is not well is reported as `broken` too.
    case added(HostedJob)
    /// A job that was well and is well has other settings or another script.
    case changed(HostedJob)
    /// Something is wrong that was not, or something else than before; good settings from before stay in force.
    case broken(HostedJob)
    /// What was wrong is mended.
    case recovered(HostedJob)
    /// The folder is gone: the job stops, its queue stays.
    case removed(HostedJob)
}

/// All jobs below `jobs/`. A value: it changes only when `reload` is called.
package struct JobCatalog: Sendable {
    package private(set) var jobs: [JobKey: HostedJob] = [:]
    private var looks: [JobKey: LoadedJob] = [:]

    package init() {}

    package var sorted: [HostedJob] { jobs.values.sorted { $0.key < $1.key } }

    /// Looks at every job folder, reading only what has changed, and says what is different now.
    ///
    /// - Parameter isSkipped: jobs that stay as they were, whatever is in their folders by now.
    /// - Throws: the jobs folder itself cannot be listed; then nothing has changed.
    package mutating func reload(
        from folder: Folder, surroundings: JobFolder.Surroundings = JobFolder.Surroundings(),
        isSkipped: (JobKey) -> Bool = { _ in false }
    ) throws(FileError) -> [CatalogChange] {
        let found = try Self.jobs(in: folder)
        var changes: [CatalogChange] = []
        var present: Set<JobKey> = []
        for (key, inner) in found where !isSkipped(key) {
            do throws(FileError) {
                changes += try look(at: key, in: inner, surroundings)
                present.insert(key)
            } catch  where error.isMissing {
                continue
            } catch {
                present.insert(key)
                changes += unreadable(key, inner.path, error)
            }
        }
        for key in jobs.keys.sorted() where !present.contains(key) && !isSkipped(key) {
            looks[key] = nil
            if let job = jobs.removeValue(forKey: key) { changes.append(.removed(job)) }
        }
        return changes
    }

    /// All that are there, and the folders of their kinds.
    package static func jobs(in folder: Folder) throws(FileError) -> [(JobKey, Folder)] {
        var found: [(JobKey, Folder)] = []
        for kind in JobKind.allCases {
            guard try folder.target(RelativePath(kind.folder)) != nil else { continue }
            let inner = try Folder.open(folder.path.appending(kind.folder))
            for name in try JobFolder.names(in: inner) { found.append((JobKey(kind, name), inner)) }
        }
        return found
    }

    private mutating func look(at key: JobKey, in folder: Folder, _ surroundings: JobFolder.Surroundings)
        throws(FileError) -> [CatalogChange]
    {
        let before = jobs[key]
        let loaded = try JobFolder.load(
            key.name, key.kind, in: folder, lastGood: before?.settings, known: looks[key], surroundings: surroundings)
        looks[key] = loaded
        let job = HostedJob(
            key: key, path: loaded.path, settings: (try? loaded.settings.get()) ?? before?.settings,
            script: loaded.script,
            hasDisableFile: loaded.hasDisableFile, disableFile: loaded.disableFile, problems: loaded.problems)
        return take(job, before)
    }

    /// A folder that is there and cannot be read: the job stays as it was, with the reason on show.
    private mutating func unreadable(_ key: JobKey, _ folder: FilePath, _ error: FileError) -> [CatalogChange] {
        let before = jobs[key]
        looks[key] = nil
        let problem = "\(error); make the folder readable for the user who runs bobbin"
        let job = HostedJob(
            key: key, path: folder.appending(key.name), settings: before?.settings,
            script: before?.script ?? .problem(problem),
            hasDisableFile: before?.hasDisableFile ?? false,
            disableFile: before?.disableFile ?? folder.appending(key.name).appending(JobLayout.disableName), problems: [problem])
        return take(job, before)
    }

    private mutating func take(_ job: HostedJob, _ before: HostedJob?) -> [CatalogChange] {
        jobs[job.key] = job
        guard let before else { return job.problems.isEmpty ? [.added(job)] : [.added(job), .broken(job)] }
        if job == before { return [] }
        switch (before.problems.isEmpty, job.problems.isEmpty) {
        case (true, true): return [.changed(job)]
        case (false, true): return [.recovered(job)]
        case (true, false), (false, false): return [.broken(job)]
        }
    }
}
