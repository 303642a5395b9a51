import Glibc
import Testing

/// The orchestrator under a service manager: sd_notify(3), as systemd hears it.
struct ServiceTests {
    private static let hour = #"{"stopping_wait_time": "1h"}"#

    @Test(arguments: ["path", "abstract"])
    func manager_isToldOfReadyReloadAndStop(_ kind: String) async throws {
        try await withRoot { root in
            let path = (root.notes / "notify").text
            let socket = try ServiceSocket(kind == "path" ? path : "@" + path)
            let queue = root.job("q")
            let bobbin = try root.launch(environment: ["NOTIFY_SOCKET": socket.name])
            try await socket.wait(for: "READY=1")
            #expect(socket.lines.prefix(2) == ["READY=1", "STATUS=1 job, 0 runs under way"])
            try queue.drop("f")
            try await queue.wait("f", .succeeded)

            var before = timespec()
            clock_gettime(CLOCK_MONOTONIC, &before)
            bobbin.signal(SIGHUP)
            try await socket.wait(for: "READY=1", times: 2)
            let reload = try #require(socket.messages.first { $0.lines.contains("RELOADING=1") })
            let stamp = try #require(reload.lines.first { $0.hasPrefix("MONOTONIC_USEC=") }.flatMap { Int($0.dropFirst(15)) })
            #expect(stamp >= before.tv_sec * 1_000_000 && Double(stamp) / 1e6 <= reload.at)

            try await root.stop(bobbin)
            let words = socket.lines.filter { !$0.hasPrefix("STATUS") && !$0.hasPrefix("MONOTONIC") }
            #expect(words == ["READY=1", "RELOADING=1", "READY=1", "STOPPING=1", "EXTEND_TIMEOUT_USEC=30000000"])
            try await root.expectPromises(isDrained: true)
        }
    }

    @Test func reload_takesNewSettings_beforeItIsSaidToBeOver() async throws {
        try await withRoot { root in
            let socket = try ServiceSocket((root.notes / "notify").text)
            let queue = root.job("q", "echo max=$BOBBIN_MAX_ATTEMPTS > \"$BOBBIN_OUTPUT\"; finish 0", settings: #"{"max_attempts": 7}"#)
            // So many that reading them takes a while; one of them has something to say.
            for index in 0..<100 { root.job("other-\(index)", settings: #"{"disabled": true}"#) }
            let bobbin = try root.launch(environment: ["NOTIFY_SOCKET": socket.name])
            try await socket.wait(for: "READY=1")
            (queue.jobFolder / "settings.job").write(#"{"max_attempts": 3}"#)
            (root.jobs / "other-0" / "settings.job").write(#"{"disabled": "perhaps"}"#)
            bobbin.signal(SIGHUP)
            try await socket.wait(for: "READY=1", times: 2)
            #expect(bobbin.error.string.contains("other-0/settings.job"), "said to be over before it was: \(bobbin.said)")
            try queue.drop("f")
            #expect(try await queue.wait("f", .succeeded).output("max") == "3")
            try await root.stop(bobbin)
        }
    }

    @Test func statusLine_isKeptTrue() async throws {
        try await withRoot { root in
            let socket = try ServiceSocket((root.notes / "notify").text)
            let queue = root.job(
                "q", #"note under-way; await "$N/go"; finish 0"#, settings: #"{"stopping_wait_time": "1h", "max_concurrency": 3}"#)
            let bobbin = try root.launch(environment: ["NOTIFY_SOCKET": socket.name])
            for name in ["a", "b"] { try queue.drop(name) }
            try await socket.wait(for: "STATUS=1 job, 2 runs under way")
            root.job("broken", settings: #"{"max_concurrency": "many"}"#)
            try await socket.wait(for: "STATUS=2 jobs (1 with problems), 2 runs under way")
            (root.jobs / "broken").removeTree()
            try await socket.wait(for: "STATUS=1 job, 2 runs under way", times: 2)
            bobbin.signal(SIGTERM)
            try await socket.wait(for: "STATUS=stopping, 2 runs under way")
            (root.notes / "go").write("")
            #expect(try await bobbin.end() == 0)
            // Told when something has changed, at most once a second (and at once when it stops).
            let lines = socket.values("STATUS")
            #expect(zip(lines, lines.dropFirst()).allSatisfy(!=), "\(lines)")
            try await root.expectPromises(isDrained: true)
        }
    }

    @Test func statusLine_countsContinuousJobsToo() async throws {
        try await withRoot { root in
            let socket = try ServiceSocket((root.notes / "notify").text)
            root.job("q")
            let web = root.continuous("web", ContinuousTests.patient)
            let bobbin = try root.launch(environment: ["NOTIFY_SOCKET": socket.name])
            try await socket.wait(for: "STATUS=2 jobs, 1 run under way")
            web.folder.removeTree()
            try await socket.wait(for: "STATUS=1 job, 0 runs under way")
            try await root.stop(bobbin)
        }
    }

    /// A burst of short runs costs the manager nothing.
    @Test func statusLine_isToldAtMostOnceASecond_andNotAtAllWhenIdle() async throws {
        try await withRoot { root in
            let socket = try ServiceSocket((root.notes / "notify").text)
            let queue = root.job("q", "finish 0")
            let bobbin = try root.launch(environment: ["NOTIFY_SOCKET": socket.name])
            try await socket.wait(for: "READY=1")
            let clock = ContinuousClock()
            let began = clock.now
            for index in 0..<60 { try queue.drop("f\(index)") }
            try await wait(for: "all runs", details: { root.said }) { root.runs.count("end:0") == 60 }
            try await queue.settle()
            let seconds = (clock.now - began) / .seconds(1)
            let told = socket.values("STATUS")
            // The first with READY.
            #expect(told.count <= 2 + Int(seconds), "in \(seconds) s: \(told)")
            try await root.stop(bobbin)
        }
    }

    /// A stop may last longer than TimeoutStopSec, and no longer than the longest grace.
    @Test func stop_thatLasts_asksForMoreTime() async throws {
        try await withRoot { root in
            let socket = try ServiceSocket((root.notes / "notify").text)
            let queue = root.job("q", #"note under-way; await "$N/go"; finish 0"#, settings: Self.hour)
            let bobbin = try root.launch(environment: ["NOTIFY_SOCKET": socket.name])
            try queue.drop("f")
            _ = try await queue.wait(run: "under-way")
            bobbin.signal(SIGTERM)
            try await socket.wait(for: "EXTEND_TIMEOUT_USEC=30000000", within: .seconds(30), times: 2)
            let asked = socket.messages.filter { $0.lines == ["EXTEND_TIMEOUT_USEC=30000000"] }.map(\.at)
            #expect(asked[1] - asked[0] < 30, "asked too late: \(asked)")
            (root.notes / "go").write("")
            #expect(try await bobbin.end() == 0)
            try await root.expectPromises(isDrained: true)
        }
    }

    @Test func watchdog_isFedAtHalfItsTime_whenItIsMeant() async throws {
        try await withRoot { root in
            let socket = try ServiceSocket((root.notes / "notify").text)
            root.job("q")
            let bobbin = try root.launch(environment: ["NOTIFY_SOCKET": socket.name, "WATCHDOG_USEC": "1000000"])
            try await socket.wait(for: "WATCHDOG=1", times: 4)
            let fed = socket.messages.filter { $0.lines == ["WATCHDOG=1"] }.map(\.at)
            #expect(fed[3] - fed[0] > 1.4, "too often: \(fed)")
            try await root.stop(bobbin)

            let other = try root.launch(
                environment: ["NOTIFY_SOCKET": socket.name, "WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"])
            let count = socket.values("WATCHDOG").count
            try await socket.wait(for: "READY=1", times: 2)
            try await root.queue("q").settle()
            try await root.stop(other)
            #expect(socket.values("WATCHDOG").count == count, "the watchdog is another process's")
        }
    }

    @Test func scripts_doNotSpeakForTheService() async throws {
        try await withRoot { root in
            let socket = try ServiceSocket((root.notes / "notify").text)
            let queue = root.job("q", #"env > "$N/environment"; finish 0"#)
            root.job("asks", settings: #"{"environment": {"MINE": "${NOTIFY_SOCKET}"}}"#)
            let bobbin = try root.launch(
                environment: ["NOTIFY_SOCKET": socket.name, "WATCHDOG_USEC": "60000000"])
            try await socket.wait(for: "READY=1")
            #expect(bobbin.error.string.contains("job asks") && bobbin.error.string.contains("NOTIFY_SOCKET"), "\(bobbin.said)")
            try queue.drop("f")
            try await queue.wait("f", .succeeded)
            let environment = (root.notes / "environment").string
            for name in ["NOTIFY_SOCKET", "WATCHDOG"] { #expect(!environment.contains(name), "\(environment)") }
            for child in ProcessTable.children(of: bobbin.id) {
                #expect(!(Path("/proc/\(child)/environ").string.contains("NOTIFY_SOCKET")))
            }
            try await root.stop(bobbin)
        }
    }

    @Test(arguments: ["vsock:2:1234", "relative", "/nonexistent/notify", "@nobody-listens-here"])
    func manager_thatCannotBeTold_isNoTrouble(_ socket: String) async throws {
        try await withRoot { root in
            let queue = root.job("q")
            let bobbin = try await root.start(environment: ["NOTIFY_SOCKET": socket])
            try await queue.settle()
            try await root.stop(bobbin)
            let isUsable = socket.hasPrefix("/") || socket.hasPrefix("@")
            #expect(bobbin.error.string.contains("NOTIFY_SOCKET") == !isUsable, "\(bobbin.said)")
        }
    }
}
