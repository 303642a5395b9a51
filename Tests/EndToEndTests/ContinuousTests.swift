import Documents
import Glibc
import Testing

/// Continuous jobs with the real program: kept running, started again, stopped (contract §7).
struct ContinuousTests {
    /// Notes its start, and ends when it is told to.
    /// Says nothing on its standard error: bash tells there of a `sleep` that was ended, and dies of SIGPIPE, before its trap,
    /// when the orchestrator at the other end is dead.
    static let patient = "exec 2> /dev/null; note start; trap 'note term; exit 0' TERM; while :; do sleep 0.05; done"

    @Test func script_getsItsEnvironment_andAnEmptyInput() async throws {
        try await withRoot { root in
            let job = root.continuous(
                "web", #"env > "$N/environment"; cat > "$N/input"; umask > "$N/umask"; nice > "$N/nice"; note ready; sleep 1000"#,
                settings: #"{"environment": {"COLOUR": "blue"}, "umask": "027", "nice": 3}"#)
            let bobbin = try await root.start()
            try await job.waitFor("ready")
            try await job.wait(for: "Running")
            let variables = Set((root.notes / "environment").lines)
            let run = try #require(job.states.first?["run"]?.string)
            for wanted in [
                "COLOUR=blue", "WEBJOBS_NAME=web", "WEBJOBS_TYPE=continuous", "WEBJOBS_DATA_PATH=\(job.data)",
                "WEBJOBS_RUN_ID=\(run)", "BOBBIN_RUN_ID=\(run)",
            ] { #expect(variables.contains(wanted), "\(wanted) is missing in \(variables)") }
            #expect(variables.contains { $0.hasPrefix("WEBJOBS_PATH=\(root.data)/deployments/continuous/web/") })
            #expect(!variables.contains { $0.hasPrefix("BOBBIN_FILE=") || $0.hasPrefix("BOBBIN_ATTEMPT=") })
            #expect((root.notes / "input").content == [])
            #expect((root.notes / "umask").string == "0027\n" && (root.notes / "nice").string == "3\n")
            #expect(job.statuses == [#"{"Status":"Running"}"#])
            #expect(job.states.first?["pid"]?.integer.map { ProcessTable.isAlive(pid_t($0)) } == true)
            try await root.stop(bobbin)
            #expect(job.states.isEmpty && job.statuses.isEmpty && job.processes.isEmpty)
            #expect((root.data / "runs").children.isEmpty)
        }
    }

    /// Answers WebJobs' flat minute, without a reason (reference/webjobs.md §3.2).
    @Test func crashLoop_isVisibleWithReasonAndNextTry_andDoesNotSpin() async throws {
        try await withRoot { root in
            let job = root.continuous("loop", "note start; echo 'no database' >&2; exit 3")
            let bobbin = try await root.start()
            try await job.waitFor("start", count: 3)
            try await job.wait(for: "PendingRestart")
            let state = try #require(job.states.first)
            #expect(state["reason"]?.string == "exit code 3: no database")
            #expect(state["next_start_at"]?.string.flatMap { Instant(rfc3339: $0) } != nil)
            #expect(state["starts"]?.integer ?? 0 >= 3)
            #expect(job.log.contains("Process went down (exit code 3: no database), waiting for 1s"))
            #expect(job.log.contains("Process went down (exit code 3: no database), waiting for 2s"))
            #expect(bobbin.error.string.components(of: "went down") == 1, "a crash loop is told once")
            try await root.stop(bobbin)
        }
    }

    @Test func exit125_stopsForGood_untilTheJobChanges() async throws {
        try await withRoot { root in
            let job = root.continuous("once", "note start; exit 125")
            let bobbin = try await root.start()
            try await job.wait(for: "Stopped")
            #expect(job.states.first?["reason"]?.string?.contains("exit code 125") == true)
            bobbin.signal(SIGHUP)
            try await wait(for: "the jobs to be read anew") { bobbin.error.string.contains("reading the jobs anew") }
            #expect(job.notes == ["start"])
            job.deploy(Self.patient)
            try await job.waitFor("start", count: 2)
            try await root.stop(bobbin)
        }
    }

    @Test(arguments: ["exit 78", "exit 64", "exec /no/such/program"])
    func brokenJob_isShownAsBroken_andTriedAgain(_ script: String) async throws {
        try await withRoot { root in
            let job = root.continuous("broken", "note start; \(script)", settings: #"{"restart_delay": 0.1}"#)
            let bobbin = try await root.start()
            try await job.waitFor("start", count: 3)
            #expect(bobbin.error.string.components(of: "continuous job broken is broken") == 1, "\(root.said)")
            try await root.stop(bobbin)
        }
    }

    @Test func missingInterpreter_isShown_andStartsWhenMended() async throws {
        try await withRoot { root in
            let job = root.continuous("lost", "")
            (job.folder / "run.sh").write("#!/no/such/shell\n", mode: 0o755)
            let bobbin = try await root.start()
            try await job.wait(for: "Stopped")
            #expect(job.states.first?["problems"]?.array?.first?.string?.contains("/no/such/shell") == true, "\(job.states)")
            job.deploy(Self.patient)
            try await job.waitFor("start")
            try await job.wait(for: "Running")
            #expect(job.states.first?["problems"]?.array?.isEmpty == true)
            try await root.stop(bobbin)
        }
    }

    @Test func disabledSetting_stopsIt_andTakingItAwayStartsIt() async throws {
        try await withRoot { root in
            let job = root.continuous("web", Self.patient)
            let bobbin = try await root.start()
            try await job.waitFor("start")
            job.settings(#"{"disabled": true}"#)
            try await job.wait(for: "Stopped")
            #expect(job.processes.isEmpty && job.notes.last == "term")
            #expect(job.states.first?["reason"]?.string == "disabled")
            job.settings("{}")
            try await job.waitFor("start", count: 2)
            try await root.stop(bobbin)
        }
    }

    /// Contract §7: settings that do not concern what runs do not restart it (WebJobs restart at every touch).
    @Test func settingsThatDoNotConcernTheRun_restartNothing_othersDo() async throws {
        try await withRoot { root in
            let job = root.continuous("web", Self.patient)
            let bobbin = try await root.start()
            try await job.waitFor("start")
            job.settings(#"{"restart_delay": 7, "stopping_wait_time": 2}"#)
            bobbin.signal(SIGHUP)
            job.settings(#"{"restart_delay": 7, "stopping_wait_time": 2, "environment": {"A": "1"}}"#)
            try await job.waitFor("start", count: 2)
            #expect(job.notes == ["start", "term", "start"])
            try await root.stop(bobbin)
        }
    }

    @Test func brokenSettings_leaveTheJobRunning_underTheLastGoodOnes() async throws {
        try await withRoot { root in
            let job = root.continuous("web", Self.patient)
            let bobbin = try await root.start()
            try await job.waitFor("start")
            job.settings(#"{"max_attempts": 3}"#)
            try await wait(for: "the problem to be shown", details: { root.said }) {
                job.states.first?["problems"]?.array?.first?.string?.contains("key \"max_attempts\": is for triggered jobs") == true
            }
            #expect(job.words == ["Running"] && job.notes == ["start"])
            try await root.stop(bobbin)
        }
    }

    @Test func removedFolder_stopsTheJob_andBackAgainStartsIt() async throws {
        try await withRoot { root in
            let job = root.continuous("web", Self.patient)
            let bobbin = try await root.start()
            try await job.waitFor("start")
            job.folder.move(to: root.stage / "away")
            try await job.waitForNoProcess()
            #expect(job.notes.last == "term")
            (root.stage / "away").move(to: job.folder)
            try await job.waitFor("start", count: 2)
            try await root.stop(bobbin)
        }
    }

    /// A job and its queue of the same name live side by side.
    @Test func triggeredJobOfTheSameName_isAnotherJob() async throws {
        try await withRoot { root in
            let queue = root.job("twin")
            let job = root.continuous("twin", Self.patient)
            let bobbin = try await root.start()
            try await job.waitFor("start")
            try queue.drop("f")
            _ = try await queue.wait("f", .succeeded)
            try await root.stop(bobbin)
            try await root.expectPromises(isDrained: true)
        }
    }

    @Test func drain_startsNoContinuousJob() async throws {
        try await withRoot { root in
            let job = root.continuous("web", Self.patient)
            try await root.drain()
            #expect(job.notes.isEmpty)
        }
    }
}

extension String {
    /// How often a text occurs.
    func components(of part: String) -> Int {
        var count = 0
        var rest = self[...]
        while let found = rest.firstRange(of: part) {
            count += 1
            rest = rest[found.upperBound...]
        }
        return count
    }
}
