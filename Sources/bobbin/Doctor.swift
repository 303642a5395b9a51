import Documents
import Engine
import Files
import Glibc
import History
import Spool
import SystemPackage

/// The examination behind `bobbin doctor`: of the whole root here, of each queue in `DoctorOfQueue`.
struct Doctor {
    typealias Finding = DoctorCommand.Finding

    let layout: Layout
    private let jobs: JobsLook

    init(layout: Layout) throws {
        self.layout = layout
        jobs = try JobsLook(layout)
    }

    func examine() async throws -> [Finding] {
        var findings: [Finding] = []
        for (name, path) in [("jobs", layout.jobs), ("spool", layout.spool), ("data", layout.data)] {
            findings += folder(path, name)
        }
        findings += instances() + [history()]
        let queues = (try? Folder.open(layout.spool)).flatMap { try? QueueReader.all(in: $0) } ?? []
        for queue in queues { findings += DoctorOfQueue(queue, jobs: jobs).examine() }
        return findings + (await DoctorOfWatching(queues: queues).examine())
    }

    // MARK: Folders

    private func folder(_ path: FilePath, _ name: String) -> [Finding] {
        let shown = path.escaped
        guard let folder = try? Folder.open(path) else {
            if path.withPlatformString({ access($0, F_OK) }) == 0 {
                return [
                    Finding(
                        .fail, "folder", shown, "it is no folder that user \(geteuid()) can open",
                        mend: "chown or chmod it, or name another with --\(name)")
                ]
            }
            return [
                Finding(
                    .warn, "folder", shown, "it does not exist; bobbin run makes it",
                    mend: "mkdir -p \(shown), or name the root with --root")
            ]
        }
        var findings = [writable(folder, name)]
        if name != "jobs" { findings.append(space(folder)) }
        if name == "data", folder.fileSystem.isNetwork {
            findings.append(
                Finding(
                    .warn, "file_system", shown,
                    "data/ is on a network file system: SQLite's locks are not to be trusted there",
                    mend: "--data on a local disk"))
        }
        return findings
    }

    private func writable(_ folder: Folder, _ name: String) -> Finding {
        let shown = folder.path.escaped
        // Jobs need only be read.
        if name == "jobs" { return Finding(.ok, "folder", shown, "readable") }
        let probe = RelativePath(FileName(".bobbin-doctor-\(getpid())") ?? FileName(".bobbin-doctor" as StaticString))
        defer { _ = try? folder.remove(probe) }
        do {
            _ = try folder.remove(probe)
            try folder.write([1], toNew: probe)
            return Finding(.ok, "folder", shown, "writable")
        } catch {
            return Finding(
                .fail, "folder", shown, "\(error)",
                mend: "chown, chmod, or mount -o remount,rw; or name another with --\(name)")
        }
    }

    private func space(_ folder: Folder) -> Finding {
        let shown = folder.path.escaped
        guard let free = folder.freeBytes else {
            return Finding(.ok, "free_space", shown, "the file system does not tell")
        }
        let text = "\(Shown.size(UInt64(clamping: free))) free"
        if free < 64 << 20 {
            return Finding(.fail, "free_space", shown, text, mend: "make room: without space nothing can be claimed")
        }
        if free < 1 << 30 {
            return Finding(.warn, "free_space", shown, text, mend: "make room, or shorten retention in settings.job")
        }
        return Finding(.ok, "free_space", shown, text)
    }

    // MARK: Orchestrators and history

    private func instances() -> [Finding] {
        let shown = layout.data.appending("locks").appending("instances").escaped
        let living = jobs.living.map { instance in
            let pid = instance.processID.map(String.init) ?? "?"
            let host = instance.host.map { " on \(Escaped.text(Array($0.utf8)))" } ?? ""
            return Finding(
                .ok, "instance", instance.id.description,
                "alive: process \(pid)\(host), since \(instance.startedAt?.rfc3339 ?? "?")")
        }
        var findings =
            living.isEmpty
            ? [
                Finding(
                    .warn, "instance", layout.root.escaped, "no orchestrator is running here",
                    mend: "bobbin run --root \(layout.root.escaped)")
            ] : living
        let names = (try? Folder.open(layout.data.appending("locks").appending("instances")).names()) ?? []
        let dead = names.count { name in
            ItemID(bytes: name.bytes).map { id in !jobs.living.contains { $0.id == id } } ?? false
        }
        if dead > 0 {
            findings.append(
                Finding(
                    .warn, "instance", shown,
                    "\(dead) ended without saying so; the next round of bobbin run removes what they left",
                    mend: living.isEmpty ? "bobbin run" : nil))
        }
        return findings
    }

    private func history() -> Finding {
        let shown = layout.history.escaped
        do {
            let statistics = try History.open(layout.history, readOnly: true).statistics()
            return Finding(.ok, "history", shown, "readable: \(statistics.total) runs")
        } catch let error as HistoryError where error.code == .missing {
            return Finding(.ok, "history", shown, "none yet; it begins with the first run")
        } catch {
            return Finding(
                .fail, "history", shown, "\(error)",
                mend: "remove or mend it, then: bobbin history --rebuild (no work is lost)")
        }
    }
}
