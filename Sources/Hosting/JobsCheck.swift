import Documents
import Files
import SystemPackage

/// The walk behind `CheckReport`.
struct JobsCheck {
    typealias Finding = CheckReport.Finding

    let folder: Folder
    let spool: FilePath?
    let surroundings: JobFolder.Surroundings
    private(set) var jobs: [CheckReport.Job] = []
    private(set) var general: [Finding] = []

    init(folder: Folder, spool: FilePath?, surroundings: JobFolder.Surroundings) {
        self.folder = folder
        self.spool = spool
        self.surroundings = surroundings
    }

    mutating func run() throws(FileError) {
        for name in try folder.names().sorted() where !name.hasPrefix(".") {
            let isFolder = try folder.target(RelativePath(name))?.kind == .folder
            if let kind = JobKind.allCases.first(where: { $0.folder == name }) {
                if isFolder {
                    try check(kind)
                } else {
                    general.append(
                        Finding(.problem, "\(folder.path.appending(name).escaped) is not a folder; jobs belong into it")
                    )
                }
            } else if isFolder {
                let path = folder.path.appending(name).escaped
                general.append(
                    Finding(
                        .problem,
                        "\(path): a job belongs into \(folder.path.escaped)/triggered or \(folder.path.escaped)/continuous; here nobody looks for it"
                    ))
            }
        }
        if let spool { try checkQueues(spool) }
    }

    private mutating func check(_ kind: JobKind) throws(FileError) {
        let inner = try Folder.open(folder.path.appending(kind.folder))
        let names = try JobFolder.names(in: inner)
        for name in try inner.names().sorted() where !name.hasPrefix(".") && !names.contains(name) {
            general.append(Finding(.warning, "\(inner.path.appending(name).escaped) is not a folder and so not a job"))
        }
        for name in names { jobs.append(check(JobKey(kind, name), in: inner)) }
    }

    private func check(_ key: JobKey, in inner: Folder) -> CheckReport.Job {
        do throws(FileError) {
            let loaded = try JobFolder.load(key.name, key.kind, in: inner, surroundings: surroundings)
            var findings: [Finding] = []
            if case .failure(let problems) = loaded.settings { findings += problems.all.map(Finding.init) }
            if let problem = loaded.script.problem { findings.append(Finding(.problem, problem)) }
            let layout = try JobLayout(try Folder.open(loaded.path))
            findings += try warnings(layout, loaded)
            let settings = try? loaded.settings.get()
            if let settings { findings += inboxFindings(settings) }
            return CheckReport.Job(
                key: key, command: loaded.script.command, isDisabled: settings?.isDisabled ?? false, findings: findings)
        } catch {
            let finding = Finding(.problem, "\(error); make the folder readable for the user who runs bobbin")
            return CheckReport.Job(key: key, command: nil, isDisabled: false, findings: [finding])
        }
    }

    private func warnings(_ layout: JobLayout, _ loaded: LoadedJob) throws(FileError) -> [Finding] {
        var findings: [Finding] = []
        if !surroundings.isRoot, let warning = try Exposure(layout, loaded.script).warning {
            findings.append(Finding(.warning, warning))
        }
        for entry in layout.entries {
            guard let meant = Self.misspelt(entry.name) else { continue }
            findings.append(
                Finding(
                    .warning,
                    "\(layout.scriptFolder.path.appending(entry.name).escaped) is not read; was \(meant) meant?"))
        }
        for variable in (try? loaded.settings.get())?.environment ?? [] {
            do throws(EnvironmentVariable.Unresolved) {
                _ = try variable.value { surroundings.environment[$0] }
            } catch {
                findings.append(Finding(.warning, "\(error)"))
            }
        }
        return findings
    }

    private func inboxFindings(_ settings: JobSettings) -> [Finding] {
        settings.inbox.compactMap { text in
            let path = FilePath(text)
            let key = "inbox \(path.escaped)"
            do throws(FileError) {
                let device = try Folder.open(path).file.stamp().device
                if let spool, let home = try? Folder.open(spool).file.stamp().device, home != device {
                    return Finding(
                        .problem,
                        "\(key) is on another file system than the spool \(spool.escaped); files cannot be claimed from there in one step"
                    )
                }
                return nil
            } catch {
                return Finding(
                    .problem, "\(key): \(error)\(error.isMissing ? "; make it, or remove it from \"inbox\"" : "")")
            }
        }
    }

    private mutating func checkQueues(_ spool: FilePath) throws(FileError) {
        let queues: Folder
        do throws(FileError) {
            queues = try Folder.open(spool)
        } catch  where error.isMissing {
            return  // It is made at the first start.
        }
        for name in try queues.names().sorted() where !name.hasPrefix(".") {
            guard try queues.stamp(RelativePath(name))?.kind == .folder else { continue }
            if !jobs.contains(where: { $0.key == JobKey(.triggered, name) }) {
                general.append(
                    Finding(
                        .warning,
                        "\(spool.appending(name).escaped) is a queue without a job; what is dropped there waits"))
            }
        }
    }

    /// The name that somebody meant who wrote `setting.job`, `Settings.job` or `settings.json`.
    private static func misspelt(_ name: FileName) -> FileName? {
        guard let text = name.utf8, text.utf8.count < 20 else { return nil }
        return [JobLayout.settingsName, JobLayout.disableName].first { known in
            name != known && Suggestion.distance(Array(text.lowercased()), Array(known.escaped)) <= 2
        }
    }
}
