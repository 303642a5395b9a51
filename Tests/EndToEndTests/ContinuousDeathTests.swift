import Glibc
import TestSupport
import Testing

/// Continuous jobs whose orchestrator dies: never two live trees of one job, no orphans.
struct ContinuousDeathTests {
    /// The run that a process belongs to.
    static func run(_ pid: pid_t) -> String? {
        let mark = Array("BOBBIN_RUN_ID=".utf8)
        return Path("/proc/\(pid)/environ").content?.split(separator: 0).first { $0.starts(with: mark) }.map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    @Test func orphans_areEndedBeforeTheJobStartsAnew() async throws {
        try await withRoot { root in
            let job = root.continuous(
                "web",
                """
                exec 9>> "$N/lock" 2> /dev/null; flock -n 9 || note overlap
                trap 'note term; sleep 0.5; exit 0' TERM
                env -i bash -c 'trap "" TERM; echo $$ > "\(root.notes)/hidden"; while :; do sleep 0.1; done' &
                note start; while :; do sleep 0.05; done
                """, settings: #"{"stopping_wait_time": 2}"#)
            let first = try await root.start()
            try await job.waitFor("start")
            try await wait(for: "the hidden process") { !(root.notes / "hidden").lines.isEmpty }
            let hidden = try #require(pid_t((root.notes / "hidden").lines.first ?? ""))
            try await first.kill9()
            let second = try await root.start()
            try await job.waitFor("start", count: 2)
            #expect(job.notes == ["start", "term", "start"])
            #expect(!ProcessTable.isAlive(hidden), "what has emptied its environment is found by the run's lock")
            #expect(second.error.string.contains("an orchestrator that is gone"))
            try await root.stop(second)
            #expect(job.processes.isEmpty && (root.data / "runs").children.isEmpty)
        }
    }

    @Test func orphansOfAJobThatWasRemovedMeanwhile_areEndedToo() async throws {
        try await withRoot { root in
            let job = root.continuous("web", ContinuousTests.patient)
            let first = try await root.start()
            try await job.waitFor("start")
            try await first.kill9()
            job.folder.removeTree()
            let second = try await root.start()
            try await job.waitForNoProcess()
            try await root.stop(second)
            #expect((root.data / "runs").children.isEmpty)
        }
    }

    @Test func orphans_ofAnOrchestratorThatSharedTheRoot_areEndedByTheOther() async throws {
        try await withRoot { root in
            let job = root.continuous("web", ContinuousTests.patient)
            let first = try await root.start()
            try await job.waitFor("start")
            let second = try await root.start()
            try await job.waitFor("start", count: 2)
            #expect(Set(job.processes.compactMap(Self.run)).count == 2, "each instance runs its own")
            try await first.kill9()
            try await job.waitFor("term", within: .seconds(30))
            try await wait(for: "one tree") { Set(job.processes.compactMap(Self.run)).count == 1 }
            try await root.stop(second)
            #expect(job.processes.isEmpty)
        }
    }

    @Test func randomKills_leaveOneTreeEach_andNoOrphans() async throws {
        try await withRoot(alone: true) { root in
            let seed = UInt64.random(in: 0...UInt64.max)
            var dice = Dice(seed: seed)
            let guarded = #"exec 9>> "$N/lock-$WEBJOBS_NAME"; flock -n 9 || note overlap; note start; "#
            let scripts = [
                "trap 'exit 0' TERM; while :; do sleep 0.05; done", "trap '' TERM; while :; do sleep 0.1; done", "exit 1",
                "setsid sleep 1000 & sleep 1000", "while :; do echo flood; done",
            ]
            let jobs = scripts.enumerated().map { index, script in
                root.continuous("j\(index)", guarded + script, settings: #"{"stopping_wait_time": 0.5, "restart_delay": 0.2}"#)
            }
            for _ in 0..<6 {
                let bobbin = try root.launch()
                try await Task.sleep(for: .milliseconds(Int.random(in: 50...1500, using: &dice)))
                try await bobbin.kill9()
            }
            let before = jobs.map(\.notes.count)
            let last = try await root.start()
            for (job, count) in zip(jobs, before) {
                try await wait(for: "\(job.name) to start again", within: .seconds(30), details: { root.said }) { job.notes.count > count }
                #expect(Set(job.processes.compactMap(Self.run)).count <= 1)
                #expect(!job.notes.contains("overlap"), "seed \(seed)")
            }
            try await root.stop(last)
            for job in jobs { #expect(job.processes.isEmpty, "\(job.name), seed \(seed)") }
            #expect((root.data / "runs").children.isEmpty)
        }
    }
}
