import Documents
import Glibc
import Testing

/// Orderly stops (contract §7).
struct StopTests {
    @Test func stop_whenIdle_isQuickAndClean() async throws {
        try await withRoot { root in
            root.job("q")
            let bobbin = try await root.start()
            let watchers = ProcessTable.children(of: bobbin.id)
            try await root.stop(bobbin, within: .seconds(10))
            #expect(
                !watchers.contains {
                    ProcessTable.isAlive($0) && ProcessTable.program(of: $0).hasSuffix("bobbin-watch")
                })
            try await root.expectPromises(isDrained: true)
        }
    }

    @Test func stop_whenBusy_letsShortRunsFinish() async throws {
        try await withRoot { root in
            let queue = root.job("q", #"see; await "$N/go"; finish 0"#, settings: #"{"max_concurrency": 2}"#)
            let bobbin = try await root.start()
            for index in 0..<4 { try queue.drop("f\(index)") }
            try await wait(for: "two runs") { root.runs.count("start") == 2 }
            bobbin.signal(SIGTERM)
            try await wait(for: "the word about stopping") { bobbin.error.string.contains("stopping") }
            (root.notes / "go").write("")
            #expect(try await bobbin.end() == 0)
            #expect(root.runs.count("end:0") == 2)
            #expect(root.runs.count("start") == 2, "nothing starts after the signal")
            #expect(queue.items(.done).count == 2)
            #expect(queue.waiting.count == 2)
            try await root.drain()
            try await root.expectPromises(isDrained: true)
        }
    }

    /// Shutdown file, grace, SIGTERM; back to waiting without a used attempt.
    @Test func stop_whenARunGoesOn_putsItsItemBackUncounted() async throws {
        try await withRoot { root in
            let queue = root.job(
                "q",
                """
                if [ -e "$N/second" ]; then echo "$BOBBIN_ATTEMPT $BOBBIN_INTERRUPTIONS" > "$N/counts"; finish 0; fi
                trap 'note term; exit 1' TERM
                note waiting
                while [ ! -e "$WEBJOBS_SHUTDOWN_FILE" ]; do sleep 0.02; done
                note shutdown
                sleep 300 & wait
                """, settings: #"{"stopping_wait_time": "1s"}"#)
            let bobbin = try await root.start()
            try queue.drop("f")
            _ = try await queue.wait(run: "waiting")
            try await root.stop(bobbin)
            let shutdown = try #require(root.runs.events.first { $0.event == "shutdown" })
            let term = try #require(root.runs.events.first { $0.event == "term" })
            #expect(term.at - shutdown.at > 0.7, "its grace was \(term.at - shutdown.at) s")
            #expect(queue.waiting.map(\.name) == [Array("f".utf8)])
            #expect(queue.status("f") == nil)
            #expect(queue.items.isEmpty)
            #expect(root.processesOfRuns.isEmpty)
            (root.notes / "second").write("")
            try await root.drain()
            #expect((root.notes / "counts").string == "1 0\n")
            try await root.expectPromises(isDrained: true)
        }
    }

    @Test func stop_ofAScriptThatIgnoresTerm_killsItAfterFiveSeconds() async throws {
        try await withRoot { root in
            let queue = root.job(
                "q",
                "[ -e \"$N/second\" ] && finish 0; trap '' TERM; note deaf; echo keep > \"$BOBBIN_CHECKPOINT\"; while :; do sleep 0.1; done",
                settings: #"{"stopping_wait_time": 0}"#)
            let bobbin = try await root.start()
            try queue.drop("f")
            _ = try await queue.wait(run: "deaf")
            try await root.stop(bobbin)
            #expect(root.processesOfRuns.isEmpty)
            // It has something to remember, so it rests in retry/, due at once.
            #expect(queue.items(.retry).count == 1)
            (root.notes / "second").write("")
            try await root.drain()
            let status = try #require(queue.status("f"))
            #expect(status.state == .succeeded && status.attempt == 1 && status.interruptions == 0)
            try await root.expectPromises(isDrained: true)
        }
    }

    @Test func stop_thatTheScriptAnswersWithSuccess_isASuccess() async throws {
        try await withRoot { root in
            let queue = root.job(
                "q", #"note waiting; while [ ! -e "$WEBJOBS_SHUTDOWN_FILE" ]; do sleep 0.02; done; finish 0"#)
            let bobbin = try await root.start()
            try queue.drop("f")
            _ = try await queue.wait(run: "waiting")
            try await root.stop(bobbin)
            #expect(queue.status("f")?.state == .succeeded)
        }
    }

    @Test(arguments: [SIGTERM, SIGINT]) func secondSignal_killsAtOnce(_ signal: Int32) async throws {
        try await withRoot { root in
            let queue = root.job(
                "q", "trap '' TERM INT; note deaf; while :; do sleep 0.1; done",
                settings: #"{"stopping_wait_time": "1h"}"#)
            let bobbin = try await root.start()
            try queue.drop("f")
            _ = try await queue.wait(run: "deaf")
            bobbin.signal(signal)
            try await wait(for: "the first signal's effect", details: { bobbin.said }) {
                bobbin.error.string.contains("stopping")
            }
            bobbin.signal(signal)
            let code = try await bobbin.end(within: .seconds(10), "the end after a second signal")
            #expect(code == 0)
            #expect(root.processesOfRuns.isEmpty)
            #expect(queue.waiting.map(\.name) == [Array("f".utf8)])
            try await root.expectPromises(isDrained: false)
        }
    }

    @Test func drain_worksOffTheQueues_andEnds() async throws {
        try await withRoot { root in
            let queue = root.job(
                "q", "see; [ $BOBBIN_ATTEMPT = 2 ] || finish 1; finish 0", settings: #"{"retry_delay": [0.2]}"#)
            let late = root.job("late", "finish 1", settings: #"{"retry_delay": "1h"}"#)
            for index in 0..<30 { try queue.drop("f\(index)") }
            try late.drop("f")
            try await root.drain()
            #expect(queue.items(.done).count == 30)
            #expect(late.items(.retry).count == 1)
        }
    }
}

/// What is refused at the start, with the path and the mend (contract §12).
struct StartTests {
    private func expectRefusal(_ root: Root, _ words: [String], _ arguments: [String] = []) async throws {
        let bobbin = try root.launch(arguments)
        let code = try await bobbin.end(within: .seconds(10))
        #expect(code == 69, "\(bobbin.said)")
        for word in words { #expect(bobbin.error.string.contains(word), "\(bobbin.said)") }
        #expect(!bobbin.output.string.contains("ready"))
    }

    @Test func spool_thatIsAFile_isRefused() async throws {
        try await withRoot { root in
            root.spool.removeTree()
            root.spool.write("")
            try await expectRefusal(root, [root.spool.text, "--spool"])
        }
    }

    @Test func root_thatDoesNotExist_isRefused_andNotMade() async throws {
        try await withRoot { root in
            let bobbin = try root.launch(line: "exec \(Program.bobbin.quoted) run --root \(root.top.quoted)/mistyped/place")
            #expect(try await bobbin.end(within: .seconds(10)) == 69, "\(bobbin.said)")
            #expect(bobbin.error.string.contains("does not exist"), "\(bobbin.said)")
            #expect(!(root.top / "mistyped").exists)
        }
    }

    @Test func spool_thatCannotBeWritten_isRefused() async throws {
        guard geteuid() == 0, Tool.isPresent("setpriv") else { return }
        try await withRoot { root in
            try await root.run("chown -R nobody \(root.path.quoted); chown root \(root.spool.quoted)")
            let bobbin = try root.launch(
                line:
                    "exec setpriv --reuid=nobody --regid=nogroup --clear-groups \(Program.bobbin.quoted) run --root \(root.path.quoted)"
            )
            #expect(try await bobbin.end() == 69)
            for word in [root.spool.text, "not writable", "chown"] {
                #expect(bobbin.error.string.contains(word), "\(bobbin.said)")
            }
        }
    }

    @Test func jobs_thatOthersCanChange_areRefusedForRoot() async throws {
        guard geteuid() == 0 else { return }
        try await withRoot { root in
            root.job("q")
            _ = root.jobs.withC { chmod($0, 0o777) }
            try await expectRefusal(root, [root.jobs.text, "chmod go-w"])
        }
    }

    @Test func places_canBeElsewhere() async throws {
        try await withRoot { root in
            root.job("q")
            for name in ["spool2", "data2"] { (root.top / name).makeFolder() }
            let bobbin = try await root.start(["--spool", "\(root.top)/spool2", "--data", "\(root.top)/data2"])
            try await wait(for: "the queue") { (root.top / "spool2" / "q" / "done").exists }
            (root.top / "spool2" / "q" / "f").write("x")
            try await wait(for: "the status file") {
                (root.top / "spool2" / "q" / "status" / "f.json").string.contains("succeeded")
            }
            try await root.stop(bobbin)
            #expect(!root.data.exists)
        }
    }

    @Test func filesThatWereThereBefore_areTakenInOrder() async throws {
        try await withRoot { root in
            let queue = root.job("q", "see; finish 0", settings: #"{"max_concurrency": 1}"#)
            for index in 0..<40 {
                try queue.drop("f\(39 - index)")
                // The order is that of the change times, which need a tick of the kernel's clock between them.
                let (file, later) = (queue.path / "f\(39 - index)", root.top / "later")
                try await wait(for: "the clock of the files to tick") {
                    later.write("\(index)")
                    return file.changed < later.changed
                }
            }
            try await root.drain()
            let starts = root.runs.events.filter { $0.event == "seen" }.map(\.item)
            let names = Dictionary(
                uniqueKeysWithValues: queue.items(.done).map {
                    ($0.id, $0.payload.first.map { String(decoding: $0.name, as: UTF8.self) } ?? "")
                })
            #expect(starts.compactMap { names[$0] } == (0..<40).map { "f\(39 - $0)" })
        }
    }
}
