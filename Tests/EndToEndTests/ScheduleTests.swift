import Glibc
import Testing

/// Jobs by the clock, with the real program and the real clock: a few seconds each. Everything else about schedules is in
/// `SchedulingTests` and `ScheduleLookTests`, in virtual time.
struct ScheduleTests {
    /// The due times that became items, as their names tell them: seconds of the day.
    private func due(_ queue: Queue) -> [Int] {
        let names = queue.items.flatMap(\.payload).map { $0.name } + queue.path.names
        return names.map { String(decoding: $0, as: UTF8.self) }.filter { $0.hasPrefix("bobbin-due-") && !$0.hasSuffix(".envelope") }
            .map { name in
                let parts = name.dropFirst("bobbin-due-2026-11-25T".count).prefix(8).split(separator: "-").compactMap { Int($0) }
                return parts.reduce(0) { $0 * 60 + $1 }
            }.sorted()
    }

    /// WebJobs' ScheduledTriggeredJobIsInvokedOnSchedule: a schedule is given to a job that is there.
    @Test func schedule_givenToAJobThatRuns_isActedOn_andThePatternsDoNotHoldItBack() async throws {
        try await withRoot { root in
            let queue = root.job("q", #"note "due:$#:$BOBBIN_TRIGGER"; finish 0"#)
            let bobbin = try await root.start()
            (queue.jobFolder / "settings.job").write(#"{"schedule": "* * * * * *", "patterns": ["*.csv"]}"#)
            try await wait(for: "three due times", details: { root.said }) { root.runs.count("due:0:schedule") >= 3 }
            try await root.stop(bobbin)
            let times = due(queue)
            #expect(Set(times).count == times.count && zip(times, times.dropFirst()).allSatisfy { $1 - $0 <= 2 }, "\(times)")
        }
    }

    /// WebJobs' ScheduledTriggeredJobWithExactTimeIsInvokedOnSchedule.
    @Test func instant_isDueOnce() async throws {
        try await withRoot { root in
            var now = time(nil) + 3
            var parts = tm()
            gmtime_r(&now, &parts)
            var text = [CChar](repeating: 0, count: 32)
            strftime(&text, text.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
            let at = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            let queue = root.job("q", "note due; finish 0", settings: #"{"schedule": "\#(at)"}"#)
            let bobbin = try await root.start()
            try await wait(for: "the due time", details: { root.said }) { root.runs.count("due") == 1 && queue.items(.done).count == 1 }
            try await root.stop(bobbin)
            let again = try await root.start()
            try await Task.sleep(for: .seconds(2))
            try await root.stop(again)
            #expect(root.runs.count("due") == 1)
        }
    }

    @Test func overlapSkip_makesNothingWhileTheEarlierItemRuns_andCountsIt() async throws {
        try await withRoot { root in
            let queue = root.job(
                "q", #"note begun; await "$N/go"; finish 0"#, settings: #"{"schedule": "* * * * * *", "max_concurrency": 4}"#)
            let bobbin = try await root.start()
            try await wait(for: "two skips", details: { root.said }) { root.said.ranges(of: "is skipped").count >= 2 }
            #expect(root.runs.count("begun") == 1 && due(queue).count == 1)
            (root.notes / "go").write("")
            try await wait(for: "the next", details: { root.said }) { root.runs.count("begun") >= 2 }
            try await root.stop(bobbin)
            #expect((root.data / "schedules" / "q.json").string.contains("\"skipped\""))
        }
    }

    @Test func overlapReplace_cancelsTheEarlierItem() async throws {
        try await withRoot { root in
            let queue = root.job(
                "q", "note begun; sleep 60; finish 0",
                settings: #"{"schedule": "*/2 * * * * *", "overlap": "replace", "stopping_wait_time": 0}"#)
            let bobbin = try await root.start()
            try await wait(for: "two runs", details: { root.said }) { root.runs.count("begun") >= 2 }
            try await wait(for: "the end of the first", details: { root.said }) {
                queue.items(.failed).contains { $0.outcome?.state == .cancelled }
            }
            try await root.stop(bobbin)
        }
    }

    /// Two orchestrators, one of which is killed again and again: each second is due once, none is left out.
    @Test func dueTimes_acrossDeathsOfTheirKeeper_areEachMadeOnce() async throws {
        try await withRoot { root in
            let queue = root.job("q", "finish 0", settings: #"{"schedule": "* * * * * *", "catch_up": "all", "overlap": "queue"}"#)
            var first = try await root.start()
            var second = try await root.start()
            for _ in 1...5 {
                try await Task.sleep(for: .milliseconds(.random(in: 300...1300)))
                try await first.kill9()
                (first, second) = (second, try await root.start())
            }
            try await root.stop(first)
            try await root.stop(second)
            try await root.drain()
            let times = due(queue)
            #expect(times.count >= 4 && zip(times, times.dropFirst()).allSatisfy { $1 - $0 == 1 }, "\(times)")
            try await root.expectPromises(isDrained: true)
        }
    }
}
