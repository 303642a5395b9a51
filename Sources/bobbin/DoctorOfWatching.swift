import Documents
import Files
import Spool
import Synchronization
import SystemPackage
import Watching

/// Whether changes are told: a probe file in each queue, seen by the real bobbin-watch; and how many watches are left.
struct DoctorOfWatching {
    typealias Finding = DoctorCommand.Finding

    let queues: [QueueReader]

    func examine() async -> [Finding] {
        guard let program = RunCommand.watcherProgram, program.isProgram else {
            return [
                Finding(
                    .warn, "events", RunCommand.watcherProgram?.escaped ?? "bobbin-watch",
                    "there is no bobbin-watch: folders are read every second instead",
                    mend: "install bobbin-watch beside bobbin")
            ]
        }
        let notices = Mutex<[String]>([])
        let watcher = Watcher(program: program, onNotice: { text in notices.withLock { $0.append(text) } })
        let running = Task { await watcher.run() }
        let drain = Task { for await _ in watcher.changes {} }
        var tokens: [WatchToken] = []
        for queue in queues { tokens.append(await watcher.add(path: queue.folder.path)) }
        for _ in 0..<100 where !watcher.health.isWatcherAlive && !watcher.health.isUnstartable {
            try? await Task.sleep(for: .milliseconds(50))
        }
        var findings: [Finding] = []
        for (queue, token) in zip(queues, tokens) { findings.append(await probe(queue, token, watcher)) }
        let health = watcher.health
        await watcher.shutdown()
        await running.value
        drain.cancel()
        return findings + [watches(health, queues.isEmpty ? [] : notices.withLock { $0 })]
    }

    private func probe(_ queue: QueueReader, _ token: WatchToken, _ watcher: Watcher) async -> Finding {
        let shown = queue.folder.path.escaped
        var result = await watcher.probe(token)
        // The folder is covered only a moment after bobbin-watch has started.
        for _ in 0..<20 {
            guard case .impossible = result else { break }
            try? await Task.sleep(for: .milliseconds(50))
            result = await watcher.probe(token)
        }
        if case .polling(let why)? = watcher.health.folders.first(where: { $0.folder == token })?.mode {
            return Finding(
                .warn, "events", shown, "no events: \(why); it is read every second instead",
                mend: "put the spool on a local disk")
        }
        return switch result {
        case .delivered(let time): Finding(.ok, "events", shown, "a change is told within \(Shown.age(time))")
        case .silent:
            Finding(
                .warn, "events", shown, "a change was not told; the folder is read every second instead",
                mend: "put the spool on a local disk, not a network or FUSE mount")
        case .impossible(let why): Finding(.warn, "events", shown, "could not be tried: \(why)")
        }
    }

    private func watches(_ health: WatcherHealth, _ notices: [String]) -> Finding {
        let used = Self.watchesInUse
        guard let limit = health.watchLimit else {
            return Finding(.ok, "watches", "fs.inotify.max_user_watches", "\(used) in use; the limit is not known")
        }
        let text = "\(used) of \(limit.inForce) in use by the programs that can be seen"
        // A folder of a queue takes two: itself, and the one that contains it.
        if used * 10 > limit.inForce * 9 || notices.contains(where: { $0.contains(limit.sysctl) }) {
            return Finding(
                .warn, "watches", limit.sysctl, text + "; what finds no watch is read every second instead",
                mend: "\(limit.raised(to: 524_288)), and the same line in /etc/sysctl.d/ to keep it")
        }
        return Finding(.ok, "watches", limit.sysctl, text)
    }

    /// One line for each watch (proc_pid_fdinfo(5)), of all processes that we may look into.
    private static var watchesInUse: Int {
        guard let processes = try? Folder.open("/proc"), let names = try? processes.names() else { return 0 }
        var count = 0
        for name in names where name.utf8.flatMap({ Int($0) }) != nil {
            guard let links = try? processes.folder(RelativePath(name) / "fdinfo"), let files = try? links.names()
            else { continue }
            for file in files {
                guard let bytes = try? links.read(RelativePath(file), limit: 4 << 20), bytes.contains(UInt8(ascii: "i"))
                else { continue }
                count += bytes.split(separator: UInt8(ascii: "\n")).count { $0.starts(with: Array("inotify wd:".utf8)) }
            }
        }
        return count
    }
}
