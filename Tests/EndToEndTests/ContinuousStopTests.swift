import Documents
import Glibc
import Testing

/// The stop protocol of continuous jobs (contract §7).
struct ContinuousStopTests {
    @Test func stop_createsTheShutdownFile_andSendsTermAtOnce() async throws {
        try await withRoot { root in
            let job = root.continuous(
                "web",
                #"trap '[ -s "$WEBJOBS_SHUTDOWN_FILE" ] && note file; note term; exit 0' TERM; note start; while :; do sleep 0.02; done"#)
            let bobbin = try await root.start()
            try await job.waitFor("start")
            try await root.stop(bobbin)
            #expect(job.notes == ["start", "file", "term"])
            #expect(job.log.contains("Status changed to Stopping") && job.log.contains("Status changed to Stopped"))
        }
    }

    @Test func scriptThatIgnoresTerm_isKilledAfterItsGrace_withItsWholeTree() async throws {
        try await withRoot { root in
            // A daemon in a session of its own, and one that has emptied its environment besides.
            let job = root.continuous(
                "deaf",
                """
                trap '' TERM
                setsid bash -c 'trap "" TERM; while :; do sleep 0.1; done' &
                env -i "$(command -v setsid)" bash -c 'trap "" TERM; echo $$ > "\(root.notes)/hidden"; while :; do sleep 0.1; done' &
                while [ ! -s "$N/hidden" ]; do sleep 0.02; done
                note start; while :; do sleep 0.1; done
                """, settings: #"{"stopping_wait_time": 1}"#)
            let bobbin = try await root.start()
            try await job.waitFor("start")
            let hidden = try #require(pid_t((root.notes / "hidden").lines.first ?? ""))
            let began = ContinuousClock.now
            try await root.stop(bobbin)
            #expect(ContinuousClock.now - began >= .seconds(1))
            #expect(job.processes.isEmpty && !ProcessTable.isAlive(hidden))
        }
    }

    /// WebJobs stop one after the other, so that their waits add up (reference/webjobs.md §3.6).
    @Test func jobsOfBothKinds_stopSideBySide() async throws {
        try await withRoot { root in
            let queue = root.job("q", "note deaf; trap '' TERM; while :; do sleep 0.1; done", settings: #"{"stopping_wait_time": 0}"#)
            let jobs = (0..<6).map { index in
                root.continuous(
                    "j\(index)", "trap '' TERM; note start; while :; do sleep 0.1; done", settings: #"{"stopping_wait_time": 5}"#)
            }
            let bobbin = try await root.start()
            for job in jobs { try await job.waitFor("start") }
            try queue.drop("f")
            _ = try await queue.wait(run: "deaf")
            let began = ContinuousClock.now
            try await root.stop(bobbin)
            // Each of them takes five seconds by itself.
            #expect(ContinuousClock.now - began < .seconds(20))
            #expect(jobs.allSatisfy(\.processes.isEmpty) && root.processesOfRuns.isEmpty)
        }
    }

    @Test func secondSignal_killsAtOnce() async throws {
        try await withRoot { root in
            let job = root.continuous(
                "deaf", "trap '' TERM; note start; while :; do sleep 0.1; done", settings: #"{"stopping_wait_time": "1h"}"#)
            let bobbin = try await root.start()
            try await job.waitFor("start")
            bobbin.signal(SIGTERM)
            try await job.wait(for: "Stopping")
            bobbin.signal(SIGTERM)
            #expect(try await bobbin.end() == 0)
            #expect(job.processes.isEmpty)
        }
    }

    /// kudu#2839: child processes survive the stop.
    @Test func complaint23_childrenOfARunThatEnds_endWithIt() async throws {
        try await withRoot { root in
            let job = root.continuous(
                "fork",
                """
                exec 9>> "$N/lock"; flock -n 9 || note overlap
                setsid bash -c 'trap "" TERM; while :; do sleep 0.1; done' > /dev/null 2>&1 &
                note start; [ -e "$N/stay" ] && sleep 1000; exit 0
                """, settings: #"{"restart_delay": 0.2, "stopping_wait_time": 0.5}"#)
            let bobbin = try await root.start()
            try await job.waitFor("start", count: 3)
            (root.notes / "stay").write("")
            let before = job.notes.count
            try await job.waitFor("start", count: before + 1)
            #expect(!job.notes.contains("overlap"), "a daemon outlived its run")
            try await wait(for: "one tree", details: { "\(job.processes)" }) {
                Set(job.processes.compactMap(ContinuousDeathTests.run)).count == 1
            }
            try await root.stop(bobbin)
            #expect(job.processes.isEmpty)
        }
    }
}
