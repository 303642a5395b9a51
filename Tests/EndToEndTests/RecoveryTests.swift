import Documents
import Glibc
import Testing

/// Deaths of every part, and what goes on afterwards (contract §2).
struct RecoveryTests {
    /// The orphan that a killed orchestrator leaves behind is ended before its item runs again.
    @Test(arguments: [
        "", "exec 0<&-", "exec 0< /dev/null", "trap '' TERM HUP", "exec > /dev/null 2>&1",
        "setsid sh -c 'exec 0<&-; sleep 300' > /dev/null 2>&1 &",
    ])
    func kill_ofTheOrchestrator_endsTheOrphanBeforeTheItemRunsAgain(_ trick: String) async throws {
        try await withRoot { root in
            let queue = root.job(
                "q",
                "if [ -e \"$N/again\" ]; then see; echo n=$BOBBIN_INTERRUPTIONS > \"$BOBBIN_OUTPUT\"; finish 0; fi\n\(trick)\necho half > \"$BOBBIN_WORK/kept\"; note settled-in; while :; do sleep 0.05; done",
                settings: #"{"stopping_wait_time": "1s"}"#)
            let first = try await root.start()
            try queue.drop("f")
            _ = try await queue.wait(run: "settled-in")
            try await first.kill9()
            #expect(!root.processesOfRuns.isEmpty, "the script outlives its orchestrator")
            (root.notes / "again").write("")
            let second = try await root.start()
            let status = try await queue.wait("f", .succeeded)
            #expect(status.attempt == 1)
            #expect(status.interruptions == 1)
            #expect(status.output("n") == "1")
            try await wait(for: "the end of the orphan") { root.processesOfRuns.isEmpty }
            try await root.stop(second)
            try await root.expectPromises(isDrained: true)
        }
    }

    /// The orphan takes a second to end; until then nothing is in any folder that a drain would look at.
    @Test func drain_waitsForTheRecoveryOfWhatACrashLeft() async throws {
        try await withRoot { root in
            let queue = root.job(
                "q", #"if [ -e "$N/again" ]; then see; finish 0; fi; trap '' TERM; note deaf; while :; do sleep 0.05; done"#,
                settings: #"{"stopping_wait_time": "1s"}"#)
            let first = try await root.start()
            try queue.drop("f")
            _ = try await queue.wait(run: "deaf")
            try await first.kill9()
            (root.notes / "again").write("")
            try await root.drain()
            #expect(queue.status("f")?.state == .succeeded)
            try await root.expectPromises(isDrained: true)
        }
    }

    /// A run that succeeds leaves its daemons to be ended a moment later; the orchestrator dies in that moment.
    @Test(arguments: [
        "sleep 300; sleep 300", #"exec env -i PATH=$PATH sh -c "trap \"\" TERM; sleep 300; sleep 300""#,
        #"exec env -i PATH=$PATH sh -c "trap \"\" TERM; exec 0<&- 1>&- 2>&- 3<&-; sleep 300; sleep 300""#,
    ])
    func kill_afterASuccess_leavesNoDaemonWithoutAnOwner(_ daemon: String) async throws {
        try await withRoot { root in
            let queue = root.job(
                "q",
                """
                exec 3<&0
                setsid sh -c 'trap "" TERM; echo $$ > "$0/daemon"; \(daemon)' "$N" > /dev/null 2>&1 <&3 &
                await "$N/daemon"; finish 0
                """)
            let first = try await root.start()
            try queue.drop("f")
            try await queue.wait("f", .succeeded)
            try await first.kill9()
            let daemon = try #require(pid_t((root.notes / "daemon").lines.first ?? ""))
            #expect(ProcessTable.isAlive(daemon), "the daemon outlives its orchestrator")
            let second = try await root.start()
            try await wait(for: "the end of the daemon") { !ProcessTable.isAlive(daemon) }
            try await root.stop(second)
            try await root.expectPromises(isDrained: true)
        }
    }

    /// Its script is gone, its environment is empty, it holds nothing of the item but the lock by which runs find overlaps.
    @Test func kill_whileADaemonHides_itIsEndedBeforeTheItemRunsAgain() async throws {
        try await withRoot { root in
            let queue = root.job(
                "q",
                #"""
                if [ "$BOBBIN_INTERRUPTIONS" = 0 ]; then
                    env -i PATH="$PATH" setsid sh -c 'echo $$ > "$0/daemon"; trap "" TERM; while :; do sleep 0.05; done' "$N" \
                        0<&- 1>&- 2>&- &
                    echo $$ > "$N/script"; note hiding; while :; do sleep 0.05; done
                fi
                finish 0
                """#, settings: #"{"stopping_wait_time": "1s"}"#)
            let first = try await root.start()
            try queue.drop("f")
            _ = try await queue.wait(run: "hiding")
            let daemon = try await wait(for: "the daemon") { pid_t((root.notes / "daemon").lines.first ?? "") }
            defer { kill(daemon, SIGKILL) }
            try await first.kill9()
            kill(try #require(pid_t((root.notes / "script").lines.first ?? "")), SIGKILL)
            #expect(ProcessTable.isAlive(daemon), "the daemon outlives its orchestrator")
            try await root.drain()
            #expect(queue.status("f")?.state == .succeeded)
            #expect(!ProcessTable.isAlive(daemon))
            try await root.expectPromises(isDrained: true)
        }
    }

    @Test func interruptions_haveALimitOfTheirOwn() async throws {
        try await withRoot { root in
            let queue = root.job(
                "q", "while :; do sleep 0.05; done", settings: #"{"stopping_wait_time": 0, "max_attempts": 1}"#)
            try queue.drop("f")
            for round in 1...3 {
                let bobbin = try await root.start()
                try await wait(for: "run \(round)", details: { bobbin.said }) { root.runs.count("start") == round }
                try await bobbin.kill9()
            }
            try await root.drain()
            let status = try #require(queue.status("f"))
            #expect(status.state == .failed && status.reason == "interrupted_too_often" && status.interruptions == 3)
            try await root.expectPromises(isDrained: true)
        }
    }

    @Test func kill_ofTheWatcher_costsNothing() async throws {
        try await withRoot { root in
            let queue = root.job("q")
            let bobbin = try await root.start()
            for round in 0..<3 {
                let watcher = try await wait(for: "a watcher") {
                    ProcessTable.children(of: bobbin.id).first {
                        ProcessTable.program(of: $0).hasSuffix("bobbin-watch") && ProcessTable.isAlive($0)
                    }
                }
                kill(watcher, SIGKILL)
                try queue.drop("f\(round)")
                try await queue.wait("f\(round)", .succeeded)
            }
            try await root.stop(bobbin)
            try await root.expectPromises(isDrained: true)
        }
    }

    @Test func withoutTheWatcher_polls_andSaysItOnce() async throws {
        try await withRoot { root in
            let queue = root.job("q")
            try await root.run("cp \(Program.bobbin.quoted) bobbin")
            let bobbin = try root.launch(line: "exec ./bobbin run --root \(root.path.quoted)")
            try await wait(for: "ready", details: { bobbin.said }) { bobbin.output.string.contains("ready") }
            for round in 0..<3 {
                try queue.drop("f\(round)")
                try await queue.wait("f\(round)", .succeeded)
            }
            #expect(bobbin.error.lines.count { $0.contains("bobbin-watch") } == 1, "\(bobbin.said)")
            try await root.stop(bobbin)
        }
    }

    @Test func polling_onRequest_works() async throws {
        try await withRoot { root in
            let queue = root.job("q")
            let bobbin = try await root.start(["--poll"])
            try queue.drop("f")
            try await queue.wait("f", .succeeded)
            #expect(
                !ProcessTable.children(of: bobbin.id).contains {
                    ProcessTable.program(of: $0).hasSuffix("bobbin-watch")
                })
            try await root.stop(bobbin)
        }
    }

    @Test func twoOrchestrators_shareTheWorkWithoutDoubles() async throws {
        try await withRoot { root in
            let queue = root.job("q", "see; echo by=$BOBBIN_INSTANCE_ID > \"$BOBBIN_OUTPUT\"; finish 0")
            for index in 0..<100 { try queue.drop("f\(index)") }
            let first = try await root.start()
            let second = try await root.start()
            for index in 100..<300 { try queue.drop("f\(index)") }
            try await wait(for: "300 files", within: .seconds(60), details: { root.said }) {
                queue.items(.done).count == 300
            }
            try await root.stop(first)
            try await root.stop(second)
            #expect(root.runs.count("start") == 300)
            let instances = Set(queue.items(.done).compactMap { $0.outcome?.output("by") })
            #expect(instances.count == 2, "both worked")
            try await root.expectPromises(isDrained: true)
        }
    }

    @Test func queueFolder_deletedAndMadeAnew_isServedAgain() async throws {
        try await expectService { queue, _ in
            queue.path.removeTree()
            queue.path.makeFolder()
        }
    }

    @Test func queueFolder_renamedAway_isMadeAnew() async throws {
        try await expectService { queue, bobbin in
            queue.path.move(to: queue.root.top / "away")
            try await wait(for: "a new queue folder", details: { bobbin.said }) { (queue.path / "claimed").exists }
        }
    }

    @Test func partsOfTheQueue_deletedWhileItRuns_comeBack() async throws {
        try await expectService { queue, _ in
            for part in ["done", "status", "results", "retry", "failed"] { (queue.path / part).removeTree() }
        }
    }

    /// A file is served before and after something is done to the queue's folder that takes the first one away.
    private func expectService(after harm: @escaping @Sendable (Queue, Program) async throws -> Void) async throws {
        try await withRoot { root in
            let queue = root.job("q")
            let bobbin = try await root.start()
            try queue.drop("before")
            _ = try await queue.item(queue.wait("before", .succeeded))
            root.forget("before")
            try await harm(queue, bobbin)
            try queue.drop("after")
            try await queue.wait("after", .succeeded)
            try await root.stop(bobbin)
            try await root.expectPromises(isDrained: true)
        }
    }
}
