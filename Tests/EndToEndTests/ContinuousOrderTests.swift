import Documents
import Glibc
import Testing

/// start, stop, restart, hold and release, as an operator gives them.
struct ContinuousOrderTests {
    private static let patient = ContinuousTests.patient

    @Test func stop_start_restart_takeEffectBeforeTheCommandReturns() async throws {
        try await withRoot { root in
            let job = root.continuous("web", Self.patient)
            let bobbin = try await root.start()
            try await job.waitFor("start")
            #expect(try await root.command("stop", "web").code == 0)
            #expect(job.disableFile.exists && job.processes.isEmpty && job.words == ["Stopped"])
            #expect(try await root.command("restart", "web").code == 1, "what is stopped is not restarted")
            #expect(try await root.command("start", "web").code == 0)
            #expect(!job.disableFile.exists && job.words == ["Running"])
            #expect(try await root.command("restart", "web").code == 0)
            try await job.waitFor("start", count: 3)
            #expect(job.notes == ["start", "term", "start", "term", "start"])
            // The quiet second after the change of the folder must not start or stop it once more (kudu#1549).
            bobbin.signal(SIGHUP)
            try await root.stop(bobbin)
            #expect(job.notes == ["start", "term", "start", "term", "start", "term"])
        }
    }

    @Test func stop_survivesARestartOfTheOrchestrator_andNeedsNone() async throws {
        try await withRoot { root in
            let job = root.continuous("web", Self.patient)
            #expect(try await root.command("stop", "web").code == 0)
            let first = try await root.start()
            try await job.wait(for: "Stopped")
            try await root.stop(first)
            #expect(job.notes.isEmpty)
            #expect(try await root.command("start", "web").code == 0)
            let second = try await root.start()
            try await job.waitFor("start")
            try await root.stop(second)
        }
    }

    @Test func start_endsTheWaitOfACrashLoop_andTheRestOfExit125() async throws {
        try await withRoot { root in
            let loop = root.continuous(
                "loop", #"note start; [ -e "$N/good" ] || exit 1; exec sleep 1000"#, settings: #"{"restart_delay": "1h"}"#)
            let once = root.continuous("once", #"note start; [ -e "$N/good" ] || exit 125; exec sleep 1000"#)
            let bobbin = try await root.start()
            try await loop.wait(for: "PendingRestart")
            try await once.wait(for: "Stopped")
            #expect(try await root.command("restart", "loop").code == 1, "it goes down again")
            (root.notes / "good").write("")
            for job in [loop, once] {
                #expect(try await root.command("start", job.name).code == 0, "\(root.said)")
                #expect(job.words == ["Running"])
            }
            try await root.stop(bobbin)
        }
    }

    @Test func orders_concernEveryInstance() async throws {
        try await withRoot { root in
            let job = root.continuous("web", Self.patient)
            let orchestrators = [try await root.start(), try await root.start()]
            try await job.wait(for: "Running", "Running")
            #expect(try await root.command("stop", "web").code == 0)
            #expect(job.processes.isEmpty && job.words == ["Stopped", "Stopped"])
            #expect(try await root.command("start", "web").code == 0)
            #expect(job.words == ["Running", "Running"])
            for bobbin in orchestrators { try await root.stop(bobbin) }
        }
    }

    @Test func orders_onWhatIsNoContinuousJob_areRefused() async throws {
        try await withRoot { root in
            root.job("q")
            root.continuous("off", Self.patient, settings: #"{"disabled": true}"#)
            let refusals: [(order: String, job: String, code: Int32)] = [
                ("start", "nobody", 66), ("stop", "q", 64), ("start", "off", 1), ("hold", "nobody", 66), ("release", "q", 1),
            ]
            for (order, job, code) in refusals {
                let answer = try await root.command(order, job)
                #expect(answer.code == code, "\(order) \(job)")
            }
        }
    }

    @Test func heldTriggeredJob_takesNothing_acrossRestarts_untilItIsReleased() async throws {
        try await withRoot { root in
            let queue = root.job("q")
            var bobbin = try await root.start()
            #expect(try await root.command("hold", "q").code == 0)
            let marker = root.data / "jobs" / "triggered" / "q" / "state.json"
            try await wait(for: "the hold to be known") { marker.string.contains(#""state": "Stopped""#) }
            try queue.drop("f")
            #expect(try await root.command("jobs", "q").text.contains("held"))
            #expect(try await root.command("why", "q", "f").text.contains("held: bobbin release q"))
            try await root.stop(bobbin)
            bobbin = try await root.start()
            root.job("other")
            try await queue.root.queue("other").drop("g")
            _ = try await root.queue("other").wait("g", .succeeded)
            #expect(queue.waiting.count == 1)
            #expect(try await root.command("release", "q").code == 0)
            _ = try await queue.wait("f", .succeeded)
            try await root.stop(bobbin)
            try await root.expectPromises(isDrained: true)
        }
    }

    @Test func hold_ofAContinuousJob_isAStop() async throws {
        try await withRoot { root in
            let job = root.continuous("web", Self.patient)
            let bobbin = try await root.start()
            try await job.waitFor("start")
            #expect(try await root.command("hold", "web").code == 0)
            #expect(job.processes.isEmpty)
            #expect(try await root.command("release", "web").code == 0)
            try await job.waitFor("start", count: 2)
            try await root.stop(bobbin)
        }
    }

    @Test func jobs_andLogs_showContinuousJobs() async throws {
        try await withRoot { root in
            let job = root.continuous("web", "echo hello; echo trouble >&2; note start; exit 4", settings: #"{"restart_delay": "1h"}"#)
            let bobbin = try await root.start()
            try await job.wait(for: "PendingRestart")
            let table = try await root.command("jobs", "web").text
            #expect(table.contains("PendingRestart") && table.contains("exit code 4: trouble; start 2 at"), "\(table)")
            let json = try JSONParser.parse(Array(try await root.command("jobs", "web", "--json").text.utf8))
            let shown = try #require(json["jobs"]?.array?.first)
            #expect(shown["state"]?.string == "PendingRestart" && shown["instances"]?.array?.count == 1)
            let log = try await root.command("logs", "web")
            #expect(log.code == 0 && log.text.contains("INFO] hello") && log.text.contains("ERR ] trouble"))
            #expect(try await root.command("logs", "web", "--lines", "1").text.components(of: "\n") == 1)
            let follower = try root.launch(line: "exec \(Program.bobbin.quoted) logs web --follow --root \(root.path.quoted)")
            try await wait(for: "the end of the log so far") { follower.output.string.contains("PendingRestart") }
            job.deploy("echo again; note start; exec sleep 1000")
            try await wait(for: "what comes later", details: { follower.output.string }) { follower.output.string.contains("INFO] again") }
            try await root.stop(bobbin)
            #expect(try await root.command("jobs", "web").text.contains("not running"))
        }
    }
}

extension Root {
    /// Runs a command of Bobbin on this root to its end.
    func command(_ arguments: String...) async throws -> (code: Int32, text: String) {
        let words = arguments.map { Path($0).quoted }.joined(separator: " ")
        let program = try launch(line: "exec \(Program.bobbin.quoted) \(words) --root \(path.quoted)")
        let code = try await program.end(within: .seconds(90), "the end of bobbin \(words)")
        return (code, program.output.string)
    }
}
