import Documents
import Glibc
import Testing

/// Kudu's own scenarios for continuous jobs (reference/webjobs.md §8, by their numbers), and what its users complained of
/// (§9).
struct WebJobsTests {
    private static let patient = ContinuousTests.patient

    @Test func scenario1_redeployedJob_runsItsNewVersion_once() async throws {
        try await withRoot { root in
            let job = root.continuous("worker", "note one; exec sleep 1000")
            let bobbin = try await root.start()
            try await job.waitFor("one")
            job.deploy("note two; exec sleep 1000")
            try await job.waitFor("two")
            try await job.wait(for: "Running")
            #expect(job.notes == ["one", "two"])
            #expect(Set(job.processes.compactMap(ContinuousDeathTests.run)).count == 1)
            try await root.stop(bobbin)
        }
    }

    @Test func scenario2_deletedScript_stopsTheJob() async throws {
        try await withRoot { root in
            let job = root.continuous("worker", Self.patient)
            let bobbin = try await root.start()
            try await job.waitFor("start")
            (job.folder / "run.sh").remove()
            try await job.waitForNoProcess()
            try await job.wait(for: "Stopped")
            #expect(job.states.first?["problems"]?.array?.first?.string?.contains("no script") == true, "and it is shown why")
            try await root.stop(bobbin)
        }
    }

    @Test func scenario3_jobThatGoesDown_isPendingRestart_andRunsAgain_alsoAsASingleton() async throws {
        try await withRoot { root in
            let job = root.continuous("worker", "note start; exit 0", settings: #"{"restart_delay": 0.5}"#)
            let bobbin = try await root.start()
            try await job.waitFor("start", count: 2)
            try await job.wait(for: "PendingRestart")
            for settings in [#"{"restart_delay": 0.5, "is_singleton": true}"#, #"{"restart_delay": 0.5}"#] {
                let before = job.notes.count
                job.settings(settings)
                try await job.waitFor("start", count: before + 2)
            }
            try await root.stop(bobbin)
        }
    }

    @Test func scenario4_disabledJob_stops_andStartsWhenEnabled_alsoOverARestart() async throws {
        try await withRoot { root in
            let job = root.continuous("worker", Self.patient)
            var bobbin = try await root.start()
            try await job.waitFor("start")
            job.disableFile.write("")
            try await job.wait(for: "Stopped")
            #expect(job.processes.isEmpty && job.statuses == [#"{"Status":"Stopped"}"#])
            try await root.stop(bobbin)
            bobbin = try await root.start()
            try await job.wait(for: "Stopped")
            job.disableFile.remove()
            try await job.waitFor("start", count: 2)
            try await job.wait(for: "Running")
            #expect(!job.processes.isEmpty && job.statuses == [#"{"Status":"Running"}"#])
            try await root.stop(bobbin)
        }
    }

    /// kudu#2125, #1228: a stop sticks in Disabling or Stopping.
    @Test func complaint7_stopOfAJobThatDoesNotListen_comesToItsEnd() async throws {
        try await withRoot { root in
            let job = root.continuous(
                "deaf", "trap '' TERM HUP INT; note start; while :; do sleep 0.1; done", settings: #"{"stopping_wait_time": 1}"#)
            let bobbin = try await root.start()
            try await job.waitFor("start")
            job.disableFile.write("")
            try await job.wait(for: "Disabling")
            try await job.wait(for: "Stopped")
            #expect(job.processes.isEmpty)
            try await root.stop(bobbin)
        }
    }

    /// kudu#1549: after a deployment the job starts, is aborted, and starts again.
    @Test func complaint8_deploymentOfManyFiles_restartsOnce() async throws {
        try await withRoot { root in
            let job = root.continuous("worker", Self.patient)
            let bobbin = try await root.start()
            try await job.waitFor("start")
            try await root.run(
                "for i in 1 2 3 4 5 6; do echo $i > \(job.folder.quoted)/file$i; touch \(job.folder.quoted)/run.sh; sleep 0.1; done")
            try await job.waitFor("start", count: 2)
            // Whatever is still to come would come with the next look.
            bobbin.signal(SIGHUP)
            try await root.stop(bobbin)
            #expect(job.notes == ["start", "term", "start", "term"])
        }
    }

    /// kudu#2695, #2127: the watcher, or the running job, locks the folder and the deployment fails.
    @Test func complaint9_folderOfARunningJob_canBeReplaced() async throws {
        try await withRoot { root in
            let job = root.continuous("worker", Self.patient)
            let bobbin = try await root.start()
            try await job.waitFor("start")
            try await root.run(
                """
                cp -a \(job.folder.quoted) new; echo '#!/bin/bash' > new/run.sh; echo 'echo new >> \((root.notes / "worker").quoted); exec sleep 1000' >> new/run.sh
                mv \(job.folder.quoted) old; mv new \(job.folder.quoted); rm -r old
                """)
            try await job.waitFor("new")
            #expect(job.notes == ["start", "term", "new"])
            try await root.stop(bobbin)
        }
    }

    /// kudu#2789: no alert when a job cannot be started at all.
    @Test func complaint13_jobThatCannotBeStarted_isToldAndShown() async throws {
        try await withRoot { root in
            let job = root.continuous("lost", "", settings: #"{"command": ["no-such-program"]}"#)
            let bobbin = try await root.start()
            try await job.wait(for: "Stopped")
            #expect(bobbin.error.string.contains("no-such-program"))
            let shown = try await root.command("jobs", "lost")
            #expect(shown.text.contains("broken") && shown.text.contains("no-such-program"), "\(shown.text)")
            try await root.stop(bobbin)
        }
    }
}
