import Glibc
import Testing

/// What people do to the folders that Bobbin works in: renamed, removed, replaced, mounted over, and put back.
struct QueueFolderTests {
    /// Lines that an orchestrator said about what it waits for.
    private func complaints(_ bobbin: Program) -> [String] { bobbin.error.lines.filter { !$0.contains("stopping") } }

    private func stopAndCheck(_ root: Root, _ bobbin: Program) async throws {
        try await root.stop(bobbin)
        try await root.expectPromises(isDrained: true)
    }

    @Test(arguments: [[], ["--poll"]]) func queueFolder_swappedForAnother_isServed(_ arguments: [String]) async throws {
        try await withRoot { root in
            let queue = root.job("q")
            let bobbin = try await root.start(arguments)
            try queue.drop("before")
            try await queue.wait("before", .succeeded)
            root.forget("before")
            // As a script does it, with a file that is there before the folder gets its name.
            let draft = root.stage / "new"
            draft.makeFolder()
            (draft / "early").write("early")
            root.record(Root.Drop(queue: "q", name: Array("early".utf8), content: Array("early".utf8)))
            queue.path.move(to: root.top / "away")
            draft.move(to: queue.path)
            try await queue.wait("early", .succeeded)
            try queue.drop("after")
            try await queue.wait("after", .succeeded)
            #expect(complaints(bobbin).count == 1, "\(bobbin.said)")
            #expect(bobbin.error.string.contains("was moved, removed or replaced"))
            try await stopAndCheck(root, bobbin)
        }
    }

    @Test func spool_renamedAndMadeAnew_isServed_andSaidOnce() async throws {
        try await withRoot { root in
            let queues = ["a", "b", "c"].map { root.job($0) }
            let bobbin = try await root.start()
            for queue in queues { try queue.drop("before") }
            for queue in queues { try await queue.wait("before", .succeeded) }
            root.forget("before")
            root.spool.move(to: root.top / "away")
            try await wait(for: "the word about the spool", details: { bobbin.said }) {
                bobbin.error.string.contains("\(root.spool) is gone")
            }
            // Not made anew: where a spool is gone, a disk may be.
            #expect(!root.spool.exists)
            root.spool.makeFolder()
            for queue in queues {
                try await wait(for: "the queue to be made", details: { bobbin.said }) { (queue.path / "claimed").exists }
                try queue.drop("after")
                try await queue.wait("after", .succeeded)
            }
            #expect(complaints(bobbin).count == 2, "\(bobbin.said)")
            #expect(bobbin.error.string.contains("\(root.spool) is back"))
            try await stopAndCheck(root, bobbin)
        }
    }

    @Test(arguments: ["file", "link to a folder", "dangling link"])
    func queueFolder_replacedBySomethingElse_isRefused_untilItIsMended(_ kind: String) async throws {
        try await withRoot { root in
            let queue = root.job("q")
            let other = root.job("other")
            let bobbin = try await root.start()
            try queue.drop("before")
            try await queue.wait("before", .succeeded)
            root.forget("before")
            queue.path.move(to: root.top / "away")
            let elsewhere = root.top / "elsewhere"
            switch kind {
            case "file": queue.path.write("a file")
            case "dangling link": try await root.run("ln -s /nonexistent \(queue.path.quoted)")
            default:
                elsewhere.makeFolder()
                try await root.run("ln -s \(elsewhere.quoted) \(queue.path.quoted)")
                (elsewhere / "victim").write("not to be taken")
            }
            try await wait(for: "the refusal", details: { bobbin.said }) {
                bobbin.error.string.contains("queue q cannot be opened") && bobbin.error.string.contains("must be a folder")
            }
            try await root.run(
                "\(Program.bobbin.quoted) jobs --root \(root.path.quoted) > jobs; "
                    + "grep -q '^q .* Stopped' jobs; grep -q 'queue q cannot be opened' jobs")
            // Everybody else is served.
            try await other.settle()
            #expect(elsewhere.names.allSatisfy { $0 == Array("victim".utf8) })
            queue.path.remove()
            queue.path.makeFolder()
            try queue.drop("after")
            try await queue.wait("after", .succeeded)
            #expect(complaints(bobbin).count == 2, "\(bobbin.said)")
            #expect(bobbin.error.string.contains("queue q is open again"))
            try await stopAndCheck(root, bobbin)
        }
    }

    @Test func inboxFolder_missingAtTheStart_isServedWhenItIsThere() async throws {
        try await withRoot { root in
            let inbox = root.top / "in"
            let queue = root.job("q", settings: "{\"inbox\": [\"\(inbox)\"]}")
            let bobbin = try await root.start()
            #expect(bobbin.error.string.contains("queue q cannot be opened"), "\(bobbin.said)")
            inbox.makeFolder()
            (inbox / "f").write("x")
            try await queue.wait("f", .succeeded)
            // Replaced while it is in use, too.
            inbox.move(to: root.top / "away")
            inbox.makeFolder()
            (inbox / "g").write("x")
            try await queue.wait("g", .succeeded)
            try await root.stop(bobbin)
        }
    }

    // MARK: While runs are under way

    /// A run outlasts what is done to its job and its folder; nobody takes it for an orphan.
    private func expectUndisturbedRun(
        _ disturb: @escaping @Sendable (Root, Queue, Program) async throws -> Void
    ) async throws {
        try await withRoot { root in
            let queue = root.job(
                "q", #"case $BOBBIN_NAME in long) note under-way; await "$N/go";; esac; see; finish 0"#,
                settings: #"{"max_attempts": 1, "max_concurrency": 2}"#)
            let bobbin = try await root.start()
            try queue.drop("long")
            let run = try await queue.wait(run: "under-way")
            try await disturb(root, queue, bobbin)
            try await queue.settle()
            #expect(root.runs.count("end:0", of: run.item) == 0, "it goes on")
            (root.notes / "go").write("")
            try await wait(for: "the run's own end") { root.runs.count("end:0", of: run.item) == 1 }
            let status = try await queue.wait("long", .succeeded)
            #expect(status.attempt == 1 && status.interruptions == 0)
            #expect(root.runs.starts(of: run.item) == 1)
            #expect(!bobbin.error.string.contains("left behind"), "\(bobbin.said)")
            try await stopAndCheck(root, bobbin)
        }
    }

    @Test func job_redeployedDuringARun_letsItFinish() async throws {
        try await expectUndisturbedRun { root, queue, bobbin in
            let copy = root.stage / "copy"
            queue.jobFolder.move(to: copy)
            try await wait(for: "the job to stop", details: { bobbin.said }) { bobbin.error.string.contains("job q stops") }
            copy.move(to: queue.jobFolder)
        }
    }

    @Test func inboxSetting_changedDuringARun_letsItFinish() async throws {
        try await expectUndisturbedRun { root, queue, _ in
            let inbox = root.top / "in"
            inbox.makeFolder()
            let draft = root.stage / "settings"
            draft.write("{\"inbox\": [\"\(inbox)\"], \"max_attempts\": 1, \"max_concurrency\": 2}")
            draft.move(to: queue.jobFolder / "settings.job")
            (inbox / "elsewhere").write("x")
            root.record(Root.Drop(queue: "q", name: Array("elsewhere".utf8), content: Array("x".utf8)))
            try await queue.wait("elsewhere", .succeeded)
        }
    }

    @Test func queueFolder_movedAwayAndBackDuringARun_letsItFinish() async throws {
        try await expectUndisturbedRun { root, queue, bobbin in
            let away = root.top / "away"
            queue.path.move(to: away)
            let isFollowed = { (times: Int) in
                bobbin.error.lines.count { $0.contains("was moved, removed or replaced") } == times
            }
            try await wait(for: "a new queue folder", details: { bobbin.said }) { isFollowed(1) }
            queue.path.move(to: root.top / "empty")
            away.move(to: queue.path)
            try await wait(for: "the old one to be found again", details: { bobbin.said }) { isFollowed(2) }
        }
    }
}
