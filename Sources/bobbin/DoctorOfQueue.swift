import Documents
import Files
import Glibc
import Spool
import SystemPackage

/// What `bobbin doctor` tries and finds in one queue.
struct DoctorOfQueue {
    typealias Finding = DoctorCommand.Finding

    let queue: QueueReader
    let jobs: JobsLook
    let clocks = Clocks.system
    var folder: Folder { queue.folder }
    private var shown: String { folder.path.escaped }

    init(_ queue: QueueReader, jobs: JobsLook) {
        self.queue = queue
        self.jobs = jobs
    }

    func finding(_ level: Finding.Level, _ check: String, _ message: String, mend: String? = nil) -> Finding {
        Finding(level, check, shown, message, mend: mend)
    }

    func examine() -> [Finding] {
        var findings = [fileSystem()]
        do {
            findings += try probe()
        } catch {
            findings.append(
                finding(
                    .fail, "probe", "\(error)",
                    mend: "make the queue writable for user \(geteuid()): chown or chmod \(shown)"))
        }
        findings += (try? claims()) ?? []
        findings += (try? strays()) ?? []
        if jobs.job(queue.name) == nil {
            findings.append(
                finding(
                    .warn, "job", "a queue without a job: what is dropped here waits",
                    mend: "bobbin new \(queue.name.escaped), or leave it as a reply queue"))
        }
        return findings
    }

    private func fileSystem() -> Finding {
        switch folder.fileSystem {
        case .local: finding(.ok, "file_system", "local")
        case .network(let kind):
            finding(
                .warn, "file_system",
                "\(kind): files dropped from other machines give no events (they are found by looking every second), and who still writes one is told by time alone",
                mend: "put the spool on a local disk")
        }
    }

    // MARK: Probes

    private func probe() throws -> [Finding] {
        let mark = ".bobbin-doctor-\(getpid())"
        let names = ["", "-2", "-3"].compactMap { FileName(mark + $0).map { RelativePath($0) } }
        let (first, second, third) = (names[0], names[1], names[2])
        let inside = QueueLayout.claimed / (FileName(mark) ?? FileName("probe" as StaticString))
        let removeAll = { for place in [first, second, third, inside] { _ = try? folder.remove(place) } }
        removeAll()
        defer { removeAll() }
        let before = clocks.now()
        try folder.write([1], toNew: first)
        try folder.write([2], toNew: second)
        let changed = try folder.stamp(first)?.changed
        let after = clocks.now()
        return [
            clock(changed, before, after), try rename(third, inside), noReplace(first, second), lease(first),
            lock(first),
        ]
    }

    private func clock(_ changed: Instant?, _ before: Instant, _ after: Instant) -> Finding {
        guard let changed else {
            return finding(.fail, "clock", "a probe file was gone at once", mend: "see who removes files from \(shown)")
        }
        // The kernel stamps by its tick.
        let difference = changed < before ? before - changed : changed > after ? changed - after : .zero
        if difference > .seconds(1) {
            return finding(
                .warn, "clock", "the file system's clock differs by \(Shown.age(difference)) from this machine's",
                mend: "synchronise both (chrony, systemd-timesyncd)")
        }
        return finding(.ok, "clock", "the file system's clock agrees")
    }

    private func rename(_ probe: RelativePath, _ inside: RelativePath) throws -> Finding {
        try folder.write([3], toNew: probe)
        guard folder.exists(QueueLayout.claimed) else {
            return finding(.warn, "rename", "claimed/ does not exist yet; bobbin run makes it")
        }
        do {
            guard try folder.move(probe, to: folder, as: inside) == .moved else {
                return finding(.fail, "rename", "a probe file could not be moved into claimed/")
            }
            return finding(.ok, "rename", "files can be claimed by rename")
        } catch let error {
            let mend =
                error.code == .improperLink
                ? "claimed/ is on another file system: mount the whole queue, not its parts"
                : "chown or chmod \(shown)/claimed"
            return finding(.fail, "rename", "\(error)", mend: mend)
        }
    }

    private func noReplace(_ first: RelativePath, _ second: RelativePath) -> Finding {
        (try? folder.knowsNoReplace(first, second)) == true
            ? finding(.ok, "no_replace", "RENAME_NOREPLACE works")
            : finding(
                .warn, "no_replace", "the file system does not know RENAME_NOREPLACE; links are used instead",
                mend: "a local file system (ext4, xfs, btrfs) for the spool")
    }

    private func lease(_ probe: RelativePath) -> Finding {
        guard let file = try? folder.open(probe) else {
            return finding(.warn, "lease", "the probe file cannot be opened")
        }
        let answer = file.takeLease()
        file.dropLease()
        return switch answer {
        case .granted: finding(.ok, "lease", "the kernel tells who still writes a file")
        case .busy:
            finding(.warn, "lease", "another program has a new file open for writing at once (a scanner, a backup?)")
        case .notPermitted:
            finding(
                .warn, "lease",
                "the kernel does not tell who still writes a file: it must rest for settle_time instead",
                mend:
                    "sysctl fs.leases-enable=1, a local file system, and the files' owner (or root) as the user of bobbin run"
            )
        }
    }

    private func lock(_ probe: RelativePath) -> Finding {
        guard let first = try? folder.open(probe, writing: true), let second = try? folder.open(probe, writing: true),
            (try? first.tryLock()) == true, (try? second.tryLock()) == false
        else {
            return finding(
                .fail, "lock", "flock does not keep others out: two orchestrators could run one file",
                mend: "a file system with locks (NFS: mount without nolock)")
        }
        return finding(.ok, "lock", "flock works")
    }
}
