import Glibc
import Testing

/// Singleton continuous jobs: one tree across all instances (contract §7).
struct ContinuousSingletonTests {
    private static let guarded = #"exec 9>> "$N/lock"; flock -n 9 || note overlap; "# + ContinuousTests.patient
    private static let settings = #"{"is_singleton": true, "stopping_wait_time": 10}"#

    @Test func onlyOneInstance_runsIt_andAnotherTakesOver() async throws {
        try await withRoot { root in
            let job = root.continuous("one", Self.guarded, settings: Self.settings)
            let first = try await root.start()
            try await job.wait(for: "Running")
            let second = try await root.start()
            try await job.wait(for: "InactiveInstance", "Running")
            // The state is shown as soon as the process is there.
            try await job.waitFor("start")
            #expect(job.notes == ["start"])
            // An orderly end hands it over.
            try await root.stop(first)
            try await job.wait(for: "Running")
            try await job.waitFor("start", count: 2)
            #expect(job.notes == ["start", "term", "start"])
            try await root.stop(second)
        }
    }

    /// Within a second of the end of what the dead one has left; asserted with room for a busy machine.
    @Test func deathOfTheHolder_isFollowedByATakeover_afterItsOrphansHaveEnded() async throws {
        try await withRoot { root in
            let job = root.continuous("one", Self.guarded, settings: Self.settings)
            let first = try await root.start()
            try await job.wait(for: "Running")
            let second = try await root.start()
            let third = try await root.start()
            try await job.wait(for: "InactiveInstance", "InactiveInstance", "Running")
            // Only then has it a trap for SIGTERM.
            try await job.waitFor("start")
            let began = ContinuousClock.now
            try await first.kill9()
            try await job.waitFor("start", count: 2)
            #expect(ContinuousClock.now - began < .seconds(15), "the minute's round may have done it")
            #expect(job.notes == ["start", "term", "start"])
            for bobbin in [second, third] { try await root.stop(bobbin) }
            #expect(job.processes.isEmpty)
        }
    }

    /// It keeps its back-off: the others do not take it at every crash (kudu#3364 asks why they do).
    @Test func crashLoop_staysWithItsInstance() async throws {
        try await withRoot { root in
            let job = root.continuous(
                "one", #"echo "$BOBBIN_INSTANCE_ID" >> "$N/instances"; note start; exit 1"#,
                settings: #"{"is_singleton": true, "restart_delay": 0.3}"#)
            let first = try await root.start()
            try await job.waitFor("start")
            let second = try await root.start()
            try await job.waitFor("start", count: 4)
            #expect(Set((root.notes / "instances").lines).count == 1)
            for bobbin in [second, first] { try await root.stop(bobbin) }
        }
    }

    @Test func exit125_stopsItOnEveryInstance() async throws {
        try await withRoot { root in
            let job = root.continuous("one", "note start; exit 125", settings: #"{"is_singleton": true}"#)
            let first = try await root.start()
            try await job.wait(for: "Stopped")
            let second = try await root.start()
            try await job.wait(for: "InactiveInstance", "Stopped")
            #expect(job.notes == ["start"])
            for bobbin in [second, first] { try await root.stop(bobbin) }
        }
    }

    /// WebJobs' scenario 3 in part: the setting may be switched while the job runs.
    @Test func setting_switchedOnAndOff_isFollowed() async throws {
        try await withRoot { root in
            let job = root.continuous("one", ContinuousTests.patient)
            let orchestrators = [try await root.start(), try await root.start()]
            try await job.wait(for: "Running", "Running")
            job.settings(Self.settings)
            try await job.wait(for: "InactiveInstance", "Running")
            job.settings("{}")
            try await job.wait(for: "Running", "Running")
            for bobbin in orchestrators { try await root.stop(bobbin) }
        }
    }
}
