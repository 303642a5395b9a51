import Documents
import Files
import Glibc
import Spool
import SystemPackage

/// What `bobbin doctor` tries and finds in one queue.
struct DoctorOfQueue {
    typealias Finding = DoctorCommand.Finding

    private let queue: QueueReader
    private let jobs: JobsLook
    private let clocks = Clocks.system
    private var folder: Folder { queue.folder }
    private var shown: String { folder.path.escaped }

    init(_ queue: QueueReader, jobs: JobsLook) {
        self.queue = queue
        self.jobs = jobs
    }

    private func finding(_ level: Finding.Level, _ check: String, _ message: String, mend: String? = nil) -> Finding {
        Finding(level, check, shown, message, mend: mend)
    }

    func examine() -> [Finding] {
        var findings = [fileSystem()]
        do {
            findings += try probe()
        } catch {
            findings.append(finding(.fail, "probe", "\(error)", mend: "make the queue writable for user \(geteuid()): chown or chmod \(shown)"))
        }
        findings += (try? claims()) ?? []
        findings += (try? strays()) ?? []
        if jobs.job(queue.name) == nil {
            findings.append(finding(.warn, "job", "a queue without a job: what is dropped here waits", mend: "bobbin new \(queue.name.escaped), or leave it as a reply queue"))
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
            clock(changed, before, after), try rename(third, inside), noReplace(first, second), lease(first), lock(first),
        ]
    }

    private func clock(_ changed: Instant?, _ before: Instant, _ after: Instant) -> Finding {
        guard let changed else { return finding(.fail, "clock", "a probe file was gone at once", mend: "see who removes files from \(shown)") }
        // The kernel stamps by its tick.
        let difference = changed < before ? before - changed : changed > after ? changed - after : .zero
        if difference > .seconds(1) {
            return finding(.warn, "clock", "the file system's clock differs by \(Shown.age(difference)) from this machine's", mend: "synchronise both (chrony, systemd-timesyncd)")
        }
        return finding(.ok, "clock", "the file system's clock agrees")
    }

    private func rename(_ probe: RelativePath, _ inside: RelativePath) throws -> Finding {
        try folder.write([3], toNew: probe)
        guard folder.exists(QueueLayout.claimed) else { return finding(.warn, "rename", "claimed/ does not exist yet; bobbin run makes it") }
        do {
            guard try folder.move(probe, to: folder, as: inside) == .moved else { return finding(.fail, "rename", "a probe file could not be moved into claimed/") }
            return finding(.ok, "rename", "files can be claimed by rename")
        } catch let error {
            let mend = error.code == .improperLink ? "claimed/ is on another file system: mount the whole queue, not its parts" : "chown or chmod \(shown)/claimed"
            return finding(.fail, "rename", "\(error)", mend: mend)
        }
    }

    private func noReplace(_ first: RelativePath, _ second: RelativePath) -> Finding {
        (try? folder.knowsNoReplace(first, second)) == true
            ? finding(.ok, "no_replace", "RENAME_NOREPLACE works")
            : finding(.warn, "no_replace", "the file system does not know RENAME_NOREPLACE; links are used instead", mend: "a local file system (ext4, xfs, btrfs) for the spool")
    }

    private func lease(_ probe: RelativePath) -> Finding {
        guard let file = try? folder.open(probe) else { return finding(.warn, "lease", "the probe file cannot be opened") }
        let answer = file.takeLease()
        file.dropLease()
        return switch answer {
        case .granted: finding(.ok, "lease", "the kernel tells who still writes a file")
        case .busy: finding(.warn, "lease", "another program has a new file open for writing at once (a scanner, a backup?)")
        case .notPermitted:
            finding(
                .warn, "lease", "the kernel does not tell who still writes a file: it must rest for settle_time instead",
                mend: "sysctl fs.leases-enable=1, a local file system, and the files' owner (or root) as the user of bobbin run")
        }
    }

    private func lock(_ probe: RelativePath) -> Finding {
        guard let first = try? folder.open(probe, writing: true), let second = try? folder.open(probe, writing: true),
            (try? first.tryLock()) == true, (try? second.tryLock()) == false
        else {
            return finding(.fail, "lock", "flock does not keep others out: two orchestrators could run one file", mend: "a file system with locks (NFS: mount without nolock)")
        }
        return finding(.ok, "lock", "flock works")
    }

    // MARK: What lies about

    /// Claimed items whose orchestrator is gone. What still runs of them holds the lock.
    private func claims() throws -> [Finding] {
        var orphans = 0
        var held = 0
        for id in try queue.items(.claimed) {
            let place = ItemPlace.claimed(id)
            guard let record = try queue.record(at: place), !jobs.living.contains(where: { $0.id == record.instance }) else { continue }
            let payload = try folder.names(in: place.payloadFolder).first.flatMap { try? folder.open(place.payload($0)) }
            if let payload, (try? payload.tryLock()) == false { held += 1 } else { orphans += 1 }
        }
        let soon = jobs.isServed ? "they are recovered within a minute" : "they are recovered when bobbin run starts"
        var findings: [Finding] = []
        if orphans > 0 { findings.append(finding(.warn, "claims", "\(orphans) claimed by an orchestrator that is gone; \(soon)", mend: jobs.isServed ? nil : "bobbin run")) }
        if held > 0 { findings.append(finding(.warn, "claims", "\(held) still run although their orchestrator is gone; \(soon)", mend: jobs.isServed ? nil : "bobbin run")) }
        return findings.isEmpty ? [finding(.ok, "claims", "every claimed item has a living holder")] : findings
    }

    private func strays() throws -> [Finding] {
        var count = 0
        var example: String?
        for (place, prefix, suffix) in [(nil, ".bobbin-", ""), (QueueLayout.status, ".", ".new")] as [(RelativePath?, StaticString, StaticString)] {
            guard let inside = try? place.map({ try folder.folder($0) }) ?? folder else { continue }
            let listing = try inside.listing()
            while let entry = try listing.next() {
                guard entry.name.hasPrefix(prefix), entry.name.hasSuffix(suffix), let stamp = try inside.stamp(RelativePath(entry.name)),
                    clocks.now() - stamp.changed > .seconds(3600)
                else { continue }
                count += 1
                example = example ?? inside.path.appending(entry.name).escaped
            }
        }
        guard let example else { return [] }
        return [finding(.warn, "strays", "\(count) temporary files of Bobbin's own are older than an hour: \(example)", mend: "rm them: whoever wrote them was interrupted")]
    }
}
