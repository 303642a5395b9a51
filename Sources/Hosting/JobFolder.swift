import Documents
import Files
import Glibc
import SystemPackage

/// What one look at a job's folder found.
package struct LoadedJob: Sendable, Equatable {
    package let name: FileName
    package let kind: JobKind
    package let path: FilePath
    package let settings: Result<JobSettings, SettingsProblems>
    /// Chosen by these settings, or by the last good ones when these are none.
    package let script: ScriptChoice
    /// `disable.job` lies beside the script: a continuous job is stopped.
    package let hasDisableFile: Bool
    /// Where that is, or would be.
    package let disableFile: FilePath
    package let fingerprint: JobFingerprint
    /// False when the look was so soon after a change that another change may hide behind it.
    package let isSettled: Bool

    /// All that keeps the job from running as its owner wrote it, a line each: first the settings, then the script.
    package var problems: [String] {
        var problems: [String] = []
        if case .failure(let found) = settings { problems += found.all.map(\.description) }
        return problems + (script.problem.map { [$0] } ?? [])
    }
}

/// Reads job folders. A folder under `jobs/KIND` is a job unless its name begins with a dot; every other name is fine,
/// whatever its bytes, and is shown escaped.
package enum JobFolder {
    /// Where and as whom to look.
    package struct Surroundings: Sendable {
        package var environment: OwnEnvironment
        package var clocks: Clocks
        /// As root, what others may change is not run (contract §12).
        package var isRoot: Bool

        package init(environment: OwnEnvironment = .current(), clocks: Clocks = .system, isRoot: Bool = geteuid() == 0) {
            self.environment = environment
            self.clocks = clocks
            self.isRoot = isRoot
        }
    }

    /// Looks at one job.
    ///
    /// - Parameters:
    ///   - folder: `jobs/KIND`.
    ///   - lastGood: the settings to choose the script by when those in the folder are wrong.
    ///   - known: what an earlier look found; it is returned again when nothing has changed since and nothing was wrong
    ///     then (what was wrong may have been mended outside the folder, by installing an interpreter).
    /// - Throws: the folder cannot be read; `isMissing` when it is gone.
    package static func load(
        _ name: FileName, _ kind: JobKind, in folder: Folder, lastGood: JobSettings? = nil, known: LoadedJob? = nil,
        surroundings: Surroundings = Surroundings()
    ) throws(FileError) -> LoadedJob {
        let now = surroundings.clocks.now()
        let path = folder.path.appending(name)
        let layout = try JobLayout(try Folder.open(path))
        if let known, known.isSettled, known.fingerprint == layout.fingerprint, known.problems.isEmpty { return known }
        let settings = try readSettings(layout, kind)
        let effective = (try? settings.get()) ?? lastGood ?? JobSettings(kind: kind)
        var script = ScriptChoice.choose(
            layout, command: effective.command, search: surroundings.environment.search(for: effective))
        if surroundings.isRoot, let problem = try Exposure(layout, script).problemForRoot { script = .problem(problem) }
        if script.problem == nil, let problem = Account.problem(effective) { script = .problem(problem) }
        if script.problem == nil, let hook = layout.hook {
            script = .problem(
                "\(layout.scriptFolder.path.appending(hook).escaped): startup and stop scripts are not available yet in this version; take it away, and do its work in the script itself"
            )
        }
        return LoadedJob(
            name: name, kind: kind, path: path, settings: settings, script: script,
            hasDisableFile: layout.has(JobLayout.disableName),
            disableFile: layout.scriptFolder.path.appending(JobLayout.disableName),
            fingerprint: layout.fingerprint, isSettled: layout.fingerprint.isSettled(at: now))
    }

    /// The names of the jobs in `jobs/KIND`, sorted; none when that folder is missing.
    package static func names(in folder: Folder) throws(FileError) -> [FileName] {
        var names: [FileName] = []
        for name in try folder.names() where !name.hasPrefix(".") {
            if try folder.target(RelativePath(name))?.kind == .folder { names.append(name) }
        }
        return names.sorted()
    }

    private static func readSettings(_ layout: JobLayout, _ kind: JobKind) throws(FileError) -> Result<
        JobSettings, SettingsProblems
    > {
        let place = RelativePath(JobLayout.settingsName)
        let folder = layout.settingsFolder
        let shown = folder.path.appending(JobLayout.settingsName).escaped
        func problem(_ message: String) -> Result<JobSettings, SettingsProblems> {
            .failure(SettingsProblems([SettingsProblem(file: shown, line: 1, key: nil, message: message)]))
        }
        if layout.hasTwoSettings {
            return problem("there is another settings.job in \(layout.scriptFolder.path.escaped); keep one of them")
        }
        guard let stamp = try folder.stamp(place) else { return .success(JobSettings(kind: kind)) }
        let target = stamp.kind == .symbolicLink ? try folder.target(place) : stamp
        guard target?.kind == .file else {
            return problem("is \(target?.kind.words ?? "a link that leads nowhere"); a regular file is expected")
        }
        do throws(FileError) {
            // Gone since: the next look finds its absence.
            guard let bytes = try folder.readTarget(place, limit: JobSettings.sizeLimit + 1) else {
                return .success(JobSettings(kind: kind))
            }
            return JobSettings.read(bytes, file: shown, kind: kind)
        } catch  where !error.isShortage {
            return problem("\(error); make it readable for the user who runs bobbin")
        }
    }
}
