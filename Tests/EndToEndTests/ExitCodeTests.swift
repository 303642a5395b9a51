import Documents
import Glibc
import Testing

/// How a script answers (contract §5).
struct ExitCodeTests {
    @Test(arguments: [65, 66, 100]) func badInput_fails(_ code: Int) async throws {
        try await withRoot { root in
            let queue = root.job("q", "echo first >&2; echo 'the reason' >&2; finish \(code)")
            let bobbin = try await root.start()
            try queue.drop("f")
            let status = try await queue.wait("f", .failed)
            try await root.stop(bobbin)
            #expect(status.exitCode == code)
            #expect(status.attempt == 1)
            #expect(status.reason == "bad_input")
            #expect(status.error == "first\nthe reason")
            try await root.expectPromises(isDrained: true)
        }
    }

    static let failures: [(answer: String, reason: String, code: Int?, signal: String?)] =
        [75, 111].map { (code: Int) in ("finish \(code)", "tempfail", code, nil) }
        + [1, 2, 63, 67, 70, 74, 84, 86, 99, 110, 112, 123, 124, 125, 128, 129, 130, 137, 143, 254, 255].map {
            (code: Int) in ("finish \(code)", "exit", code, nil)
        }
        + ["HUP", "INT", "QUIT", "ABRT", "KILL", "SEGV", "PIPE", "TERM", "USR1"].map {
            ("kill -\($0) $$; sleep 9", "signal", nil, "SIG\($0)")
        }
        + [("kill -TERM 0; sleep 9", "signal", nil, "SIGTERM")]

    /// All failures in one root: an item each, whose script answers as its payload says.
    @Test func failure_isTriedAgain_andThenSucceeds() async throws {
        try await withRoot { root in
            let queue = root.job(
                "q", #"ulimit -c 0; [ "$BOBBIN_ATTEMPT" = 1 ] || finish 0; . "$1""#,
                settings: #"{"retry_delay": [0.4], "max_concurrency": 3}"#)
            let bobbin = try await root.start()
            for (index, failure) in Self.failures.enumerated() { try queue.drop("f\(index)", failure.answer) }
            for (index, failure) in Self.failures.enumerated() {
                let done = try await queue.wait("f\(index)", .succeeded, within: .seconds(40))
                #expect(done.attempt == 2, "\(failure.answer)")
                let record = try queue.item(done).record
                let first = record?["attempts"]?.array?.first
                #expect(first?["reason"]?.string == failure.reason, "\(failure.answer)")
                #expect(first?["exit_code"]?.integer.map(Int.init) == failure.code, "\(failure.answer)")
                #expect(first?["signal"]?.string == failure.signal, "\(failure.answer)")
                #expect(record?["failures"]?.integer == 1)
                // I6: not before its back-off.
                let starts = root.runs.events.filter { $0.item == done.id && $0.event == "start" }.map(\.at)
                #expect(starts.count == 2 && starts[1] - starts[0] >= 0.38, "\(failure.answer): started at \(starts)")
            }
            try await root.stop(bobbin)
            try await root.expectPromises(isDrained: true)
        }
    }

    @Test func failures_upToTheLimit_endInFailed_withBackOffBetween() async throws {
        try await withRoot { root in
            let queue = root.job(
                "q", "echo \"attempt $BOBBIN_ATTEMPT of $BOBBIN_MAX_ATTEMPTS\" >&2; finish 1",
                settings: #"{"max_attempts": 3, "retry_delay": [0.3, 0.6]}"#)
            let bobbin = try await root.start()
            try queue.drop("f")
            let resting = try await queue.wait("f", .retrying)
            #expect(try #require(resting.seconds(from: "finished_at", to: "next_attempt_at")) > 0.25)
            let status = try await queue.wait("f", .failed)
            try await root.stop(bobbin)
            #expect(status.attempt == 3)
            #expect(status.error == "attempt 3 of 3")
            let starts = root.runs.events.filter { $0.event == "start" }.map(\.at)
            try #require(starts.count == 3)
            #expect(starts[1] - starts[0] >= 0.28 && starts[2] - starts[1] >= 0.58, "\(starts)")
            let item = try queue.item(status)
            #expect(item.log.count { $0.contains("SYS INFO] attempt ") } == 3)
            try await root.expectPromises(isDrained: true)
        }
    }

    @Test(arguments: [64, 78, 126, 127])
    func brokenJob_burnsNoItem_andGoesOnWhenItIsMended(_ code: Int) async throws {
        try await withRoot { root in
            let queue = root.job(
                "q", "[ -e \"$N/mended\" ] || finish \(code); see; finish 0",
                settings: #"{"retry_delay": [0.5], "max_concurrency": 1, "max_attempts": 2}"#)
            let bobbin = try await root.start()
            for index in 0..<4 { try queue.drop("f\(index)") }
            try await wait(for: "three probes", details: { bobbin.said }) { root.runs.count("end:\(code)") >= 3 }
            #expect(bobbin.error.lines.count { $0.contains("is broken") } == 1, "said once: \(bobbin.said)")
            #expect(queue.items(.failed).isEmpty && queue.items(.done).isEmpty)
            #expect(root.runs.count("start") <= 5, "only one item probes at a time")
            (root.notes / "mended").write("")
            for index in 0..<4 {
                let status = try await queue.wait("f\(index)", .succeeded)
                #expect(status.attempt == 1)
                #expect(status.interruptions == 0)
            }
            #expect(bobbin.error.string.contains("works again"))
            try await root.stop(bobbin)
            try await root.expectPromises(isDrained: true)
        }
    }

    static let breakages: [(String, String)] = [
        (
            "the interpreter is missing",
            "printf '#!/no/such/interpreter\\n' > run.new; chmod 755 run.new; mv run.new run.sh"
        ),
        ("the script is gone", "mv run.sh kept"),
        (
            "the script is open for writing",
            "cp run.sh x.new; mv x.new run.sh; chmod 755 run.sh; exec 7>> run.sh; until [ -e $NOTES/mend ]; do sleep 0.02; done"
        ),
        ("the script is empty of sense", "printf '\\177ELFnonsense' > run.new; chmod 755 run.new; mv run.new run.sh"),
    ]

    @Test(arguments: breakages.map(\.0))
    func script_thatCannotStart_burnsNoItem(_ name: String) async throws {
        let line = Self.breakages.first { $0.0 == name }!.1
        try await withRoot { root in
            let queue = root.job("q", settings: #"{"retry_delay": [0.3], "max_attempts": 2, "is_in_place": true}"#)
            try await root.run("cp \(queue.jobFolder.quoted)/run.sh good")
            let bobbin = try await root.start()
            try queue.drop("before")
            try await queue.wait("before", .succeeded)
            let breaker = try root.launch(line: "cd \(queue.jobFolder.quoted); \(line)", queue: queue)
            if !name.contains("open") { #expect(try await breaker.end() == 0, "\(breaker.said)") }
            try queue.drop("f")
            if !name.contains("open") {
                try await wait(for: "a message that names the job", details: { bobbin.said }) {
                    bobbin.error.string.contains("job q")
                }
            }
            try await Task.sleep(for: .milliseconds(300))
            #expect(queue.items(.failed).isEmpty)
            (root.notes / "mend").write("")
            try await breaker.end()
            try await root.run("cp good x; chmod 755 x; mv x \(queue.jobFolder.quoted)/run.sh")
            let status = try await queue.wait("f", .succeeded)
            #expect(status.attempt == 1)
            try await root.stop(bobbin)
            try await root.expectPromises(isDrained: true)
        }
    }

    @Test func checkpointed_runsAgainAtOnce_withoutAnAttempt() async throws {
        try await withRoot { root in
            let queue = root.job(
                "q",
                "n=$(cat \"$BOBBIN_CHECKPOINT\" 2> /dev/null || echo 0); [ \"$n\" = 7 ] && finish 0; echo $((n + 1)) > \"$BOBBIN_CHECKPOINT\"; finish 85",
                settings: #"{"max_attempts": 2, "retry_delay": "1h"}"#)
            let bobbin = try await root.start()
            try queue.drop("f")
            let status = try await queue.wait("f", .succeeded)
            try await root.stop(bobbin)
            #expect(status.attempt == 1)
            #expect(root.runs.count("start") == 8)
            #expect(try queue.item(status).record?["failures"]?.integer == 0)
        }
    }

    @Test func checkpointed_withoutAChange_countsAsAFailure() async throws {
        try await withRoot { root in
            let queue = root.job(
                "q", "[ -e \"$BOBBIN_CHECKPOINT\" ] || echo same > \"$BOBBIN_CHECKPOINT\"; finish 85",
                settings: #"{"max_attempts": 2, "retry_delay": [0.1]}"#)
            let bobbin = try await root.start()
            try queue.drop("f")
            let status = try await queue.wait("f", .failed)
            try await root.stop(bobbin)
            #expect(status.exitCode == 85)
            #expect(root.runs.count("start") == 3, "one that saved, two that did not")
        }
    }

    @Test func ownExitCodes_goBeforeTheTable() async throws {
        try await withRoot { root in
            let queue = root.job(
                "q", ". \"$1\"",
                settings:
                    #"{"success_exit_codes": [3, "10-12"], "fail_exit_codes": [1], "retry_exit_codes": [65], "retry_delay": "1h"}"#
            )
            let bobbin = try await root.start()
            for code in [3, 11, 1, 65] { try queue.drop("f\(code)", "finish \(code)") }
            try await queue.wait("f3", .succeeded)
            try await queue.wait("f11", .succeeded)
            try await queue.wait("f1", .failed)
            try await queue.wait("f65", .retrying)
            try await root.stop(bobbin)
        }
    }

    @Test func onSuccessDelete_removesThePayload() async throws {
        try await withRoot { root in
            let queue = root.job("q", settings: #"{"on_success": "delete"}"#)
            let bobbin = try await root.start()
            try queue.drop("f")
            root.forget("f")
            let status = try await queue.wait("f", .succeeded)
            try await root.stop(bobbin)
            #expect(try queue.item(status).payload == [])
        }
    }
}
