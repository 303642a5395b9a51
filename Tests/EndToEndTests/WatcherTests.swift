import Glibc
import Testing

/// Whatever keeps events from coming: every file is still run once, the operator is told once, and events are used again
/// when there are any (contract §3, §12; reference/anchors.md §5.5 C).
struct WatcherTests {
    /// User and mount namespaces of its own: limits and mounts inside concern nobody else, and need no rights.
    private static let hasNamespaces = system("unshare -U -r -m true 2> /dev/null") == 0

    private func watcher(of bobbin: Program) async throws -> pid_t {
        try await wait(for: "a watcher", details: { bobbin.said }) {
            ProcessTable.children(of: bobbin.id).first {
                ProcessTable.program(of: $0).hasSuffix("bobbin-watch") && ProcessTable.isAlive($0)
            }
        }
    }

    /// Starts an orchestrator through a line of bash that ends in the command to run it.
    private func start(_ line: (_ command: String) -> String, _ root: Root) async throws -> Program {
        let bobbin = try root.launch(line: line("exec \(Program.bobbin.quoted) run --root \(root.path.quoted)"))
        try await wait(for: "ready", details: { bobbin.said }) { bobbin.output.lines.contains("bobbin: ready") }
        return bobbin
    }

    private func expectAllOnce(_ root: Root, _ bobbin: Program, _ count: Int) async throws {
        try await wait(for: "\(count) files", within: .seconds(60), details: { root.said }) {
            root.runs.count("end:0") >= count
        }
        try await root.stop(bobbin)
        #expect(root.runs.count("start") == count)
        try await root.expectPromises(isDrained: true)
    }

    @Test func queueOfTheKernel_overflows_andWhatWasLostIsFound() async throws {
        try await withRoot { root in
            let queue = root.job("q")
            let bobbin = try await root.start()
            let watcher = try await watcher(of: bobbin)
            let limit = Int(Path("/proc/sys/fs/inotify/max_queued_events").string.dropLast()) ?? 16_384
            for round in 1...2 {
                kill(watcher, SIGSTOP)
                // Changes of hidden files fill the queue; no two neighbours are alike, or they would count as one.
                try await root.run(
                    python: """
                        for name in ('.a', '.b'): open(Q + '/' + name, 'w').close()
                        for _ in range(\(limit) // 2 + 50):
                            os.utime(Q + '/.a'); os.utime(Q + '/.b')
                        for name in ('.a', '.b'): os.unlink(Q + '/' + name)
                        """, queue: queue)
                for index in 0..<20 { try queue.drop("f\(round)-\(index)") }
                kill(watcher, SIGCONT)
                try await wait(for: "the files of round \(round)", details: { root.said }) {
                    root.runs.count("end:0") == round * 20
                }
            }
            #expect(bobbin.error.lines.count { $0.contains("sysctl fs.inotify.max_queued_events=") } == 1, "\(bobbin.said)")
            #expect(bobbin.error.lines.count == 1, "\(bobbin.said)")
            try await expectAllOnce(root, bobbin, 40)
        }
    }

    @Test(
        .enabled(if: hasNamespaces, "needs user namespaces"),
        arguments: [("watches", 6), ("watches", 0), ("instances", 0)])
    func limitOfTheKernel_isReached_theRestIsPolled(_ what: String, _ limit: Int) async throws {
        try await withRoot { root in
            let queues = (0..<4).map { root.job("q\($0)") }
            let sysctl = "user.max_inotify_\(what)"
            let bobbin = try await start({ "exec unshare -U -r sh -c \"echo \(limit) > /proc/sys/user/max_inotify_\(what); \($0)\"" }, root)
            for round in 0..<2 {
                for queue in queues { try queue.drop("f\(round)") }
                for queue in queues { try await queue.wait("f\(round)", .succeeded) }
            }
            #expect(bobbin.error.lines.count { $0.contains("sysctl \(sysctl)=") } == 1, "\(bobbin.said)")
            #expect(bobbin.error.lines.count <= 2, "\(bobbin.said)")
            try await expectAllOnce(root, bobbin, 8)
        }
    }

    @Test func watcher_killedAgainAndAgainWhileFilesCome_losesNone() async throws {
        try await withRoot { root in
            let queue = root.job("q", settings: #"{"max_concurrency": 2}"#)
            let bobbin = try await root.start()
            for round in 0..<8 {
                kill(try await watcher(of: bobbin), SIGKILL)
                for index in 0..<6 { try queue.drop("f\(round)-\(index)") }
            }
            try await wait(for: "48 files", details: { root.said }) { root.runs.count("end:0") == 48 }
            #expect(bobbin.error.lines.count { $0.contains("bobbin-watch") } <= 2, "\(bobbin.said)")
            try await expectAllOnce(root, bobbin, 48)
        }
    }

    /// A bobbin-watch that answers, but tells of nothing, as on a file system without events.
    @Test func noEvents_areFoundOutByTheProbe_andTheFoldersArePolled() async throws {
        try await withRoot { root in
            let queue = root.job("q")
            let other = root.job("other")
            (root.stage / "bobbin-watch").write(
                """
                #!/bin/bash
                printf 'R1/\\0'
                while IFS= read -r -d '' command; do
                    token=${command%%/*} path=${command#*/}
                    case $command in +*) printf '+%s/%s\\0' "${token#+}" "$(/usr/bin/stat -c %d.%i "$path")" ;; esac
                done
                """, mode: 0o755)
            try await root.run("cp \(Program.bobbin.quoted) bobbin")
            let bobbin = try await start({ _ in "exec ./bobbin run --root \(root.path.quoted)" }, root)
            for round in 0..<3 {
                for queue in [queue, other] { try queue.drop("f\(round)") }
                for queue in [queue, other] { try await queue.wait("f\(round)", .succeeded) }
            }
            #expect(bobbin.error.lines.count == 1, "\(bobbin.said)")
            #expect(bobbin.error.string.contains("gave no event"), "\(bobbin.said)")
            try await expectAllOnce(root, bobbin, 6)
        }
    }

    @Test(.enabled(if: hasNamespaces, "needs user namespaces"))
    func queueFolder_mountedOverAndUnmounted_isFollowed() async throws {
        try await withRoot { root in
            let queue = root.job("q", "note ran-$BOBBIN_NAME; finish 0")
            let bobbin = try await start({ "exec unshare -U -r -m sh -c \"\($0)\"" }, root)
            func inside(_ line: String) async throws {
                try await root.run("nsenter -t \(bobbin.id) -U -m --preserve-credentials sh -c '\(line)'", queue: queue)
            }
            func expectRun(_ name: String) async throws {
                try await wait(for: "the run of \(name)", details: { root.said }) { root.runs.count("ran-\(name)") == 1 }
            }
            try queue.drop("below")
            try await expectRun("below")
            try await inside("mount -t tmpfs tmpfs $Q; echo x > $Q/above")
            try await expectRun("above")
            try await inside("echo x > $Q/again")
            try await expectRun("again")
            // Lazily: the orchestrator has folders of it open.
            try await inside("umount -l $Q; echo x > $Q/below-again")
            try await expectRun("below-again")
            #expect(bobbin.error.lines.count { $0.contains("was moved, removed or replaced") } == 2, "\(bobbin.said)")
            #expect(bobbin.error.lines.count == 2, "\(bobbin.said)")
            try await root.stop(bobbin)
            #expect(root.runs.count("start") == 4)
        }
    }

    @Test func tenThousandFiles_atOnce_areAllRunOnce() async throws {
        try await withRoot(alone: true) { root in
            let queue = root.queue("q")
            queue.jobFolder.makeFolder()
            (queue.jobFolder / "settings.job").write(#"{"command": ["/bin/true"]}"#)
            let bobbin = try await root.start()
            try await root.run(
                python: """
                    for i in range(10000): open(f'f{i}', 'w').write(str(i))
                    for i in range(10000): os.rename(f'f{i}', f'{Q}/f{i}')
                    """, queue: queue)
            let done = { (queue.path / "done").children.reduce(0) { $0 + $1.childCount } }
            try await wait(for: "10 000 files", every: .milliseconds(500), within: .seconds(180), details: { "\(done())\n\(root.said)" }) {
                done() >= 10_000
            }
            try await root.stop(bobbin)
            // Not in Swift: ten thousand names take a debug build longer than all the runs.
            try await root.run(
                python: """
                    import glob
                    names = [os.path.basename(p) for p in glob.glob(Q + '/done/*/*/payload/*')]
                    assert sorted(names) == sorted(f'f{i}' for i in range(10000)), len(names)
                    """, queue: queue)
            #expect(bobbin.error.lines.count { !$0.contains("stopping") } == 0, "\(bobbin.said)")
        }
    }
}
