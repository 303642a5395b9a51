import Documents
import Glibc
import Testing

/// Scripts that behave badly, by mistake or on purpose (reference/anchors.md §5.5 F).
struct ProcessTests {
    /// Runs one item to a state; then another, to see that the orchestrator is unharmed; returns the first one's status.
    private func run(
        _ script: String, settings: String? = nil, to state: Status.State = .succeeded,
        within limit: Duration = usualLimit,
        check: @escaping @Sendable (Root, Queue, Status) async throws -> Void = { _, _, _ in }
    ) async throws {
        try await withRoot { root in
            let queue = root.job("q", "case $BOBBIN_NAME in settled*) finish 0;; esac\n" + script, settings: settings)
            let bobbin = try await root.start()
            try queue.drop("f")
            let status = try await queue.wait("f", state, within: limit)
            try await queue.settle()
            try await wait(
                for: "the end of all processes of the run", within: .seconds(15),
                details: { "left: \(root.processesOfRuns.map(ProcessTable.program))" }
            ) {
                root.processesOfRuns.isEmpty
            }
            try await check(root, queue, status)
            try await root.stop(bobbin)
            let violations = try await InvariantChecker(root: root).violations(isDrained: true)
            #expect(violations.filter { !($0.contains("retry") || $0.contains("I9")) || state != .retrying } == [])
        }
    }

    @Test func grandchild_thatKeepsThePipe_doesNotHangTheRun() async throws {
        try await run("sleep 300 & finish 0", within: .seconds(10)) { root, _, _ in
            #expect(root.runs.count("overlap") == 0)
        }
    }

    @Test func grandchild_thatIgnoresTermAndKeepsThePipe_isKilled() async throws {
        try await run("sh -c 'trap \"\" TERM HUP; sleep 300; sleep 300' & finish 0") { _, _, status in
            #expect(status.exitCode == 0)
        }
    }

    @Test func daemon_inASessionOfItsOwn_isEnded() async throws {
        try await run("setsid sleep 300 > /dev/null 2>&1 < /dev/null & sleep 0.1; finish 0")
    }

    @Test func daemon_withTwoForks_isEnded_alsoAfterAFailure() async throws {
        try await run(
            "(setsid sh -c 'sleep 300 & exit' > /dev/null 2>&1 < /dev/null &); sleep 0.1; finish 65", to: .failed)
    }

    @Test func daemon_thatEmptiesItsEnvironment_isEnded() async throws {
        try await run(
            #"setsid env -i /bin/sleep 300.125 > /dev/null 2>&1 < /dev/null & echo $! > "$N/daemon"; sleep 0.1; finish 0"#
        ) { root, _, _ in
            let daemon = try #require(pid_t((root.notes / "daemon").string.dropLast()))
            defer { kill(daemon, SIGKILL) }
            try await wait(for: "the end of a daemon without environment", within: .seconds(7)) {
                !ProcessTable.isAlive(daemon)
            }
        }
    }

    @Test func timeout_endsTheWholeTree() async throws {
        try await run(
            "setsid sleep 300 & sleep 300 & sleep 300", settings: #"{"timeout": "0.5s", "max_attempts": 1}"#,
            to: .failed
        ) { _, _, status in
            #expect(status.reason == "timeout")
            #expect(status.signal == "SIGTERM")
        }
    }

    @Test func timeout_ofAScriptThatIgnoresTerm_killsIt() async throws {
        try await run(
            "trap '' TERM; while :; do sleep 0.1; done", settings: #"{"timeout": "0.3s", "max_attempts": 1}"#,
            to: .failed
        ) { _, _, status in
            #expect(status.signal == "SIGKILL")
            #expect(status.reason == "timeout")
        }
    }

    @Test func timeout_ofAStoppedScript_endsIt() async throws {
        try await run("kill -STOP $$", settings: #"{"timeout": "0.3s", "max_attempts": 1}"#, to: .failed) {
            _, _, status in
            #expect(status.reason == "timeout")
        }
    }

    @Test func timeout_thatTheScriptAnswersWithSuccess_isStillATimeout() async throws {
        try await run(
            "trap 'exit 0' TERM; sleep 300 & wait", settings: #"{"timeout": "0.3s", "max_attempts": 1}"#, to: .failed
        ) { _, _, status in
            #expect(status.reason == "timeout")
            #expect(status.exitCode == 0)
        }
    }

    @Test func timeout_isTriedAgain() async throws {
        try await run(
            "[ $BOBBIN_ATTEMPT = 2 ] || sleep 300; finish 0", settings: #"{"timeout": "0.5s", "retry_delay": [0.05]}"#
        ) { _, queue, status in
            let item = try queue.item(status)
            #expect(item.record?["attempts"]?.array?.first?["reason"]?.string == "timeout")
        }
    }

    @Test func idleTimeout_endsASilentScript() async throws {
        try await run("echo hello; sleep 300", settings: #"{"idle_timeout": "0.5s", "max_attempts": 1}"#, to: .failed) {
            _, _, status in
            #expect(status.reason == "idle_timeout")
        }
    }

    @Test(arguments: ["echo dot", "echo dot >&2", #"echo 50 half > "$BOBBIN_PROGRESS""#])
    func idleTimeout_sparesAScriptThatShowsLife(_ sign: String) async throws {
        try await run(
            "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do \(sign); sleep 0.2; done; finish 0",
            settings: #"{"idle_timeout": "2s", "max_attempts": 1}"#)
    }

    @Test(arguments: [
        #"rm -rf "$BOBBIN_WORK" "$BOBBIN_RESULTS" "$BOBBIN_NEXT""#,
        #"rm -rf "$BOBBIN_WORK"; echo file > "$BOBBIN_WORK""#,
        #"rm -rf "$(dirname "$BOBBIN_WORK")""#,
        #"rm -rf "$(dirname "$(dirname "$BOBBIN_WORK")")""#,
        #"rm -rf "$BOBBIN_RESULTS"; ln -s "$N" "$BOBBIN_RESULTS""#,
        #"rm -rf "$BOBBIN_WORK"; ln -s "$N" "$BOBBIN_WORK""#,
        #"rm -rf "$BOBBIN_NEXT"; ln -s "$N" "$BOBBIN_NEXT""#,
        #"ln -s "$N" "$BOBBIN_RESULTS/link"; ln -s "$N" "$BOBBIN_WORK/link""#,
        #"ln -s "$N/lib.sh" "$BOBBIN_CHECKPOINT"; ln -s "$N/lib.sh" "$BOBBIN_OUTPUT"; ln -s "$N/lib.sh" "$BOBBIN_PROGRESS""#,
        #"mkfifo "$BOBBIN_OUTPUT" "$BOBBIN_CHECKPOINT" "$BOBBIN_PROGRESS""#,
        #"mkdir "$BOBBIN_OUTPUT" "$BOBBIN_CHECKPOINT" "$BOBBIN_PROGRESS""#,
        #"mkfifo "$BOBBIN_RESULTS/fifo" "$BOBBIN_WORK/fifo""#,
        #"chmod 000 "$BOBBIN_WORK" "$BOBBIN_RESULTS" "$BOBBIN_NEXT""#,
        #"head -c 3000000 /dev/zero > "$BOBBIN_OUTPUT"; head -c 3000000 /dev/zero > "$BOBBIN_PROGRESS""#,
        #"d=$BOBBIN_WORK; for i in $(seq 60); do d=$d/dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd; mkdir "$d"; cd "$d" 2> /dev/null || break; d=.; done"#,
    ])
    func script_thatSpoilsItsPlaces_harmsNothingElse(_ line: String) async throws {
        try await run("\(line); finish 0", settings: #"{"max_attempts": 1}"#) { root, queue, _ in
            #expect((root.notes / "lib.sh").exists && (root.notes / "runs").exists, "a link was followed")
            #expect(root.notes.names.count < 20)
            // The places of later runs are as they should be.
            try await wait(for: "another item") {
                try queue.drop("again")
                try await queue.wait("again", .succeeded)
                return true
            }
        }
    }

    @Test func script_thatDeletesItsItem_harmsNothingElse() async throws {
        try await withRoot { root in
            let queue = root.job(
                "q",
                #"case $BOBBIN_NAME in settled*) finish 0;; esac; until [ -e "$N/../root/spool/q/status/f.json" ]; do sleep 0.02; done; rm -rf "$(dirname "$(dirname "$BOBBIN_FILE")")"; finish 0"#
            )
            let bobbin = try await root.start()
            (queue.path / "f").write("gone")
            _ = try await queue.wait(run: "end:0")
            try await queue.settle()
            try await wait(for: "a message about the item", details: { bobbin.said }) {
                bobbin.error.string.contains("taken away")
            }
            try await root.stop(bobbin)
            try await root.expectPromises(isDrained: true)
        }
    }

    @Test(arguments: [
        #"rm "$1""#, #"mv "$1" "$N/moved""#, #"printf more >> "$1""#, #"chmod 000 "$1""#,
        #"mv "$1" "$(dirname "$1")/renamed""#,
    ])
    func script_thatChangesItsPayload_isDoneAllTheSame(_ line: String) async throws {
        try await withRoot { root in
            let queue = root.job("q", "\(line); finish 0")
            let bobbin = try await root.start()
            (queue.path / "f").write("changed")
            let status = try await queue.wait("f", .succeeded)
            try await root.stop(bobbin)
            #expect(try queue.item(status).place == .done)
            #expect(root.runs.count("start") == 1)
        }
    }

    @Test func script_thatClosesItsInput_isStillOneRun() async throws {
        try await run("exec 0<&-; sleep 0.3; finish 0") { root, _, status in
            #expect(root.runs.starts(of: status.id) == 1)
        }
    }

    @Test func script_thatReadsMoreThanItsPayload_comesToItsEnd() async throws {
        try await run(#"[ "$(cat)" = content ] && [ -z "$(cat)" ] && finish 0; finish 65"#)
    }

    @Test func script_killedFromOutside_isAFailureThatIsTriedAgain() async throws {
        try await run(
            #"[ $BOBBIN_ATTEMPT = 2 ] && finish 0; (kill -KILL $$) & wait; sleep 300"#, settings: #"{"retry_delay": [0.05]}"#
        ) { _, queue, status in
            #expect(status.attempt == 2 && status.interruptions == 0)
            let item = try queue.item(status)
            #expect(item.record?["attempts"]?.array?.first?["reason"]?.string == "signal")
        }
    }

    @Test func script_thatBecomesAnotherProgramUnderAnotherName_isStillItsRun() async throws {
        try await run(
            #"setsid bash -c 'exec -a [kworker/0:1] sleep 300' & exec bash -c 'exec -a not-me sleep 0.3'"#,
            settings: #"{"max_attempts": 1}"#)
    }

    /// ETXTBSY: somebody still writes the program. The item waits for that and costs no attempt.
    @Test func program_thatIsStillBeingWritten_isWaitedFor() async throws {
        try await withRoot { root in
            let queue = root.queue("q")
            queue.jobFolder.makeFolder()
            let tool = queue.jobFolder / "tool"
            try await root.run("cp /bin/true \(tool.quoted)")
            (queue.jobFolder / "settings.job").write(#"{"command": ["./tool"], "max_attempts": 1, "is_in_place": true}"#)
            let bobbin = try await root.start()
            let writer = try root.launch(
                line: #"exec 3>> \#(tool.quoted); touch "$NOTES/open"; until [ -e "$NOTES/go" ]; do sleep 0.02; done"#)
            try await wait(for: "the writer") { (root.notes / "open").exists }
            try queue.drop("f")
            try await wait(for: "the word about it", details: { bobbin.said }) { bobbin.error.string.contains("the item waits") }
            (root.notes / "go").write("")
            #expect(try await writer.end() == 0)
            let status = try await queue.wait("f", .succeeded)
            #expect(status.attempt == 1)
            try await root.stop(bobbin)
            try await root.expectPromises(isDrained: true)
        }
    }

    @Test func script_withHundredsOfChildren_isEndedWithThem() async throws {
        try await run("for i in $(seq 300); do sleep 300 & done; finish 0")
    }

    /// Half of them in sessions of their own, where only a look at each finds them.
    @Test func script_withTenThousandChildren_isEndedWithThem() async throws {
        try await withRoot(alone: true) { root in
            let fork = "use POSIX; for (1..10000) { my $pid = fork; unless ($pid // exit 1) { POSIX::setsid() if $_ % 2; sleep } } exit 1"
            let queue = root.job(
                "q", "case $BOBBIN_NAME in settled*) finish 0;; esac; perl -e '\(fork)'; note forked; finish 1",
                settings: #"{"max_attempts": 1}"#)
            let bobbin = try await root.start()
            try queue.drop("f")
            try await queue.wait("f", .failed, within: .seconds(60))
            #expect(root.runs.count("forked") == 1 && root.processesOfRuns.isEmpty)
            try await queue.settle()
            try await root.stop(bobbin)
            try await root.expectPromises(isDrained: true)
        }
    }

    @Test func script_thatEndsItsGroup_isAFailureOfItsOwn() async throws {
        try await run("kill -KILL 0", settings: #"{"max_attempts": 1}"#, to: .failed) { _, _, status in
            #expect(status.signal == "SIGKILL")
        }
    }

    @Test func script_thatChangesItsSettings_finishesUnderTheOldOnes() async throws {
        try await run(#"echo '{"max_attempts": 9}' > settings.job; sleep 1.5; finish 0"#) { _, _, status in
            #expect(status.attempt == 1)
        }
    }

    @Test func environment_ofAMegabyte_isPassedOn() async throws {
        let pairs = (0..<9).map { "\"V\($0)\": \"\(String(repeating: "v", count: 100_000))\"" }.joined(separator: ", ")
        try await run(
            "[ ${#V0} = 100000 ] && [ ${#V8} = 100000 ] && finish 0; finish 65",
            settings: "{\"environment\": {\(pairs)}}")
    }

    @Test func script_inADeepFolder_runs() async throws {
        try await withRoot { root in
            let queue = root.job("q")
            let deep = (0..<14).map { _ in String(repeating: "d", count: 200) }.joined(separator: "/")
            try await root.run(
                "mkdir -p \(queue.jobFolder.quoted)/\(deep); mv \(queue.jobFolder.quoted)/run.sh \(queue.jobFolder.quoted)/\(deep)/"
            )
            try await root.run(#"echo '{"command": ["./\#(deep)/run.sh"]}' > \#(queue.jobFolder.quoted)/settings.job"#)
            let bobbin = try await root.start()
            try queue.drop("f")
            try await queue.wait("f", .succeeded)
            try await root.stop(bobbin)
        }
    }
}
