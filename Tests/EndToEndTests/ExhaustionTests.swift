import Glibc
import Testing

/// A machine that runs out of something for real: `bobbin` lives, loses nothing, says so once, and goes on by itself.
@Suite(.serialized) struct ExhaustionTests {
    /// Scripts wait for the test, and fail as temporary when they cannot write.
    private static let script = #"await "$N/go"; see; echo "made $BOBBIN_NAME" > "$BOBBIN_RESULTS/out" || exit 75; finish 0"#
    private static let settings =
        #"{"max_concurrency": 2, "max_attempts": 1000, "retry_delay": [0.3], "settle_time": 0.05, "stopping_wait_time": 1}"#
    private static let files = 12

    /// The spool on a small file system of its own. It is unmounted however the test ends.
    private func withSmallSpool(_ body: @escaping @Sendable (Root) async throws -> Void) async throws {
        try await withRoot(alone: true) { root in
            try await root.run("mount -t tmpfs -o size=1m,mode=755 bobbin-test \(root.spool.quoted)")
            defer { _ = umount2(root.spool.text, Int32(MNT_DETACH)) }
            try await body(root)
        }
    }

    /// The staging folder may be on another file system.
    private func drop(_ name: String, _ content: String, into queue: Queue, _ root: Root) throws {
        let draft = queue.path / ".draft"
        draft.write(content)
        root.record(Root.Drop(queue: queue.name, name: Array(name.utf8), content: Array(content.utf8)))
        try #require(draft.move(to: queue.path / name))
    }

    /// Two run, the others wait.
    private func begin(_ root: Root) async throws -> (bobbin: Program, queue: Queue) {
        let queue = root.job("work", Self.script, settings: Self.settings)
        let bobbin = try await root.start()
        for number in 0..<Self.files { try drop("file-\(number)", "content \(number)\n", into: queue, root) }
        try await wait(for: "two runs", details: { root.said }) { root.runs.count("start") == 2 }
        return (bobbin, queue)
    }

    /// The trouble is over: everything ends in `done/`, by the same process, which has complained little.
    private func finish(_ root: Root, _ bobbin: Program, _ queue: Queue, complaint: String) async throws {
        for number in 0..<Self.files { try await queue.wait("file-\(number)", .succeeded, within: .seconds(60)) }
        try await wait(for: "every item in done/", details: { root.said }) { queue.items(.done).count == Self.files }
        #expect(bobbin.isRunning)
        for item in queue.items(.done) {
            #expect((queue.path / "results" / item.id / "out").string.hasPrefix("made file-"), "the result of \(item.id)")
        }
        let complaints = bobbin.said.split(separator: "\n").filter { $0.contains(complaint) }
        #expect((1...3).contains(complaints.count), "told once for each cause: \(complaints)")
        try await root.stop(bobbin)
        #expect(try await InvariantChecker(root: root).violations(isDrained: true) == [])
    }

    private func told(_ bobbin: Program, _ complaint: String) async throws {
        try await wait(for: "a word about \"\(complaint)\"", details: { bobbin.said }) { bobbin.said.contains(complaint) }
    }

    @Test(.enabled(if: Mounts.arePermitted, "mounting is not permitted here")) func fullDisk_freedLater() async throws {
        try await withSmallSpool { root in
            let (bobbin, queue) = try await begin(root)
            // Up to the last byte and the last inode's worth.
            try await root.run("dd if=/dev/zero of=\(root.spool.quoted)/filler bs=4k 2> /dev/null || true")
            (root.notes / "go").write("")
            try await told(bobbin, "No space left on device")
            try await wait(for: "a run that could not write", details: { root.said }) { root.runs.count("seen") >= 2 }
            #expect(bobbin.isRunning)
            (root.spool / "filler").remove()
            try await finish(root, bobbin, queue, complaint: "No space left on device")
        }
    }

    @Test(.enabled(if: Mounts.arePermitted, "mounting is not permitted here")) func readOnly_thenWritable() async throws {
        try await withSmallSpool { root in
            let (bobbin, queue) = try await begin(root)
            try await root.run("mount -o remount,ro \(root.spool.quoted)")
            (root.notes / "go").write("")
            try await told(bobbin, "Read-only file system")
            #expect(bobbin.isRunning)
            try await root.run("mount -o remount,rw \(root.spool.quoted)")
            try await finish(root, bobbin, queue, complaint: "Read-only file system")
        }
    }

    @Test(.enabled(if: Tool.isPresent("prlimit") && geteuid() == 0, "prlimit as root is needed")) func noDescriptors_thenSome() async throws
    {
        try await withRoot(alone: true) { root in
            let (bobbin, queue) = try await begin(root)
            let open = try #require(Path("/proc/\(bobbin.id)/fd").children.count)
            try await root.run("prlimit --pid \(bobbin.id) --nofile=\(open):")
            (root.notes / "go").write("")
            try await told(bobbin, "Too many open files")
            #expect(bobbin.isRunning)
            try await root.run("prlimit --pid \(bobbin.id) --nofile=1024:")
            try await finish(root, bobbin, queue, complaint: "Too many open files")
        }
    }

    private static let pids = "/sys/fs/cgroup/pids"

    @Test(.enabled(if: access("/sys/fs/cgroup/pids/cgroup.procs", W_OK) == 0, "a cgroup that limits processes is needed"))
    func noProcesses_thenSome() async throws {
        try await withRoot(alone: true) { root in
            let group = "\(Self.pids)/bobbin-test-\(getpid())"
            try await root.run("mkdir \(group)")
            defer { rmdir(group) }
            let (bobbin, queue) = try await begin(root)
            try await root.run("echo \(bobbin.id) > \(group)/cgroup.procs; echo 1 > \(group)/pids.max")
            (root.notes / "go").write("")
            try await told(bobbin, "Resource temporarily unavailable")
            #expect(bobbin.isRunning)
            try await root.run("echo max > \(group)/pids.max")
            try await finish(root, bobbin, queue, complaint: "Resource temporarily unavailable")
            try await wait(for: "the group is empty") { Path("\(group)/cgroup.procs").string.isEmpty }
        }
    }
}

/// Whether this machine lets us mount.
enum Mounts {
    static let arePermitted: Bool = {
        var template = Array("/tmp/bobbin-mount-XXXXXX".utf8CString)
        guard Tool.isPresent("mount"), mkdtemp(&template) != nil else { return false }
        defer { rmdir(&template) }
        guard mount("bobbin-test", &template, "tmpfs", 0, "size=4k") == 0 else { return false }
        return umount2(&template, Int32(MNT_DETACH)) == 0
    }()
}
