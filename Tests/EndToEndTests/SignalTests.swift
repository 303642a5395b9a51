import Glibc
import Testing

/// Signals to the orchestrator, and its death at bad moments: whatever comes, nothing is lost, nothing runs twice, and no
/// process is left without an owner (contract §2, I3 and I10; §7).
struct SignalTests {
    private static let hour = #"{"stopping_wait_time": "1h"}"#

    private func expectDrained(_ root: Root, _ count: Int) async throws {
        try await root.drain()
        #expect(root.runs.count("end:0") == count)
        #expect(root.runs.count("overlap") == 0)
        #expect(root.processesOfRuns.isEmpty)
        try await root.expectPromises(isDrained: true)
    }

    /// Ctrl-C reaches everything in the foreground of a terminal, but runs are not there: they get their grace.
    @Test func interruptFromATerminal_stopsInOrder_andDoesNotReachTheRuns() async throws {
        try await withRoot { root in
            let queue = root.job("q", #"trap 'note int' INT; note under-way; await "$N/go"; finish 0"#, settings: Self.hour)
            try queue.drop("f")
            let terminal = try root.launch(
                python: """
                    import pty
                    child, screen = pty.fork()
                    if child == 0: os.execv('\(Program.bobbin)', ['bobbin', 'run', '--root', '\(root.path)'])
                    while not os.path.exists(NOTES + '/press'): time.sleep(0.02)
                    os.write(screen, b'\\x03')
                    shown = b''
                    while True:
                        try: piece = os.read(screen, 4096)
                        except OSError: break
                        if not piece: break
                        shown += piece
                        if b'stopping' in shown: open(NOTES + '/go', 'w').close()
                    print(shown.decode())
                    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
                    """, queue: queue)
            _ = try await queue.wait(run: "under-way")
            (root.notes / "press").write("")
            #expect(try await terminal.end() == 0, "\(terminal.said)")
            #expect(root.runs.count("int") == 0 && root.runs.count("end:0") == 1, "\(terminal.said)")
            try await root.expectPromises(isDrained: true)
        }
    }

    @Test func hangUps_readTheJobsAnew_andNothingElse() async throws {
        try await withRoot { root in
            let queue = root.job("q", #"note under-way; await "$N/go"; finish 0"#, settings: Self.hour)
            let bobbin = try await root.start()
            try queue.drop("f")
            _ = try await queue.wait(run: "under-way")
            for _ in 0..<5 { bobbin.signal(SIGHUP) }
            try await wait(for: "the word about it", details: { bobbin.said }) { bobbin.error.string.contains("reading the jobs anew") }
            (root.notes / "go").write("")
            try await queue.settle()
            try await root.stop(bobbin)
            #expect(root.runs.count("start") == 2)
            try await root.expectPromises(isDrained: true)
        }
    }

    @Test(arguments: [">&- 2>&-", "> >(read -r line) 2>&1", "> /dev/full 2> /dev/full"])
    func outputThatNobodyTakes_isNoTrouble(_ redirection: String) async throws {
        try await withRoot { root in
            let queue = root.job("q")
            let bobbin = try root.launch(line: "exec \(Program.bobbin.quoted) run --root \(root.path.quoted) \(redirection)")
            for round in 0..<3 {
                try queue.drop("f\(round)")
                try await queue.wait("f\(round)", .succeeded)
                bobbin.signal(SIGHUP)
            }
            try await root.stop(bobbin)
            try await root.expectPromises(isDrained: true)
        }
    }

    @Test func orchestrator_stoppedAndContinued_goesOn() async throws {
        try await withRoot { root in
            let queue = root.job("q", #"case $BOBBIN_NAME in long) note under-way; await "$N/go";; esac; finish 0"#)
            let bobbin = try await root.start()
            try queue.drop("long")
            _ = try await queue.wait(run: "under-way")
            kill(bobbin.id, SIGSTOP)
            (root.notes / "go").write("")
            for index in 0..<20 { try queue.drop("f\(index)") }
            try await wait(for: "the run's own end") { root.runs.count("end:0") == 1 }
            kill(bobbin.id, SIGCONT)
            try await wait(for: "the rest", details: { root.said }) { root.runs.count("end:0") == 21 }
            try await root.stop(bobbin)
            #expect(root.runs.count("start") == 21)
            try await root.expectPromises(isDrained: true)
        }
    }

    /// Time goes on while it stands still: what is due by then happens once, and at once.
    @Test func orchestrator_stoppedForSeconds_keepsItsTimes() async throws {
        try await withRoot { root in
            let queue = root.job(
                "q",
                #"""
                case $BOBBIN_NAME in
                endless) note under-way; while :; do sleep 0.05; done ;;
                shaky) [ "$BOBBIN_ATTEMPT" = 2 ] || finish 1 ;;
                esac
                finish 0
                """#, settings: #"{"timeout": "2s", "max_attempts": 2, "retry_delay": [1.5]}"#)
            let bobbin = try await root.start()
            try queue.drop("shaky")
            try await queue.wait("shaky", .retrying)
            try queue.drop("endless")
            _ = try await queue.wait(run: "under-way")
            kill(bobbin.id, SIGSTOP)
            try queue.drop("meanwhile")
            // As long as the time-out of the one, longer than the rest of the other.
            try await Task.sleep(for: .seconds(3))
            #expect(root.runs.count("end:0") == 0)
            kill(bobbin.id, SIGCONT)
            try await queue.wait("meanwhile", .succeeded)
            #expect(try await queue.wait("shaky", .succeeded).attempt == 2)
            let endless = try await queue.wait("endless", .failed)
            #expect(endless.reason == "timeout" && root.runs.count("under-way") == 2)
            try await root.stop(bobbin)
            try await root.expectPromises(isDrained: true)
        }
    }

    /// What scripts do meanwhile counts: one speaks, one ends in time.
    @Test func orchestrator_stoppedForSeconds_judgesRunsByWhatTheyDid() async throws {
        try await withRoot { root in
            let speaking = root.job(
                "speaking", "note under-way; for i in $(seq 40); do echo $i; sleep 0.1; done; finish 0",
                settings: #"{"idle_timeout": "1.5s", "max_attempts": 1}"#)
            let ending = root.job(
                "ending", #"note under-way; await "$N/go"; finish 0"#, settings: #"{"timeout": "2s", "max_attempts": 1}"#)
            let bobbin = try await root.start()
            for queue in [speaking, ending] { try queue.drop("f") }
            try await wait(for: "both to run") { root.runs.count("under-way") == 2 }
            kill(bobbin.id, SIGSTOP)
            (root.notes / "go").write("")
            try await wait(for: "the one's own end") { root.runs.count("end:0") > 0 }
            // Longer than both limits.
            try await Task.sleep(for: .seconds(3))
            kill(bobbin.id, SIGCONT)
            for queue in [speaking, ending] { try await queue.wait("f", .succeeded) }
            try await root.stop(bobbin)
            try await root.expectPromises(isDrained: true)
        }
    }

    /// The signals that end a program which does not expect them; those that mean a stop are its operator's.
    @Test func script_thatSignalsItsParent_doesNotEndIt() async throws {
        try await withRoot { root in
            let queue = root.job(
                "q",
                #"""
                note "ignored:$(grep SigIgn /proc/self/status | cut -f 2)"
                for signal in PIPE USR1 USR2 ALRM VTALRM PROF PWR STKFLT XFSZ IO URG WINCH CHLD CONT HUP; do
                    env kill -s "$signal" "$PPID" || note "unsent:$signal"
                done
                finish 0
                """#)
            let bobbin = try await root.start()
            for name in ["first", "second"] {
                try queue.drop(name)
                try await queue.wait(name, .succeeded)
            }
            #expect(root.runs.events.allSatisfy { !$0.event.hasPrefix("unsent") })
            let ignored = root.runs.events.compactMap { $0.event.split(separator: "ignored:").last.flatMap { UInt64($0, radix: 16) } }
            // Those of glibc's own (32 and 33) come from whoever started the tests.
            #expect(ignored.map { $0 & ~(3 << 31) } == [0, 0], "a script inherits nothing that is ignored")
            try await root.stop(bobbin)
            try await root.expectPromises(isDrained: true)
        }
    }

    // MARK: Death at bad moments

    private static let deaf = """
        [ -e "$N/second" ] && finish 0
        trap '' TERM HUP; note deaf
        setsid sh -c 'trap "" TERM HUP; exec 0<&-; while :; do sleep 0.1; done' > /dev/null 2>&1 &
        while :; do sleep 0.05; done
        """

    @Test func kill_duringTheStopProtocol_leavesNoOrphan() async throws {
        try await withRoot { root in
            let queue = root.job("q", Self.deaf, settings: #"{"stopping_wait_time": 0}"#)
            let bobbin = try await root.start()
            try queue.drop("f")
            _ = try await queue.wait(run: "deaf")
            bobbin.signal(SIGTERM)
            // Told to end, and not yet killed.
            try await wait(for: "SIGTERM to the run", details: { root.said }) {
                queue.items(.claimed).first?.log.contains { $0.contains("SIGTERM") } ?? false
            }
            try await bobbin.kill9()
            (root.notes / "second").write("")
            try await expectDrained(root, 1)
        }
    }

    @Test func kill_duringTheHuntForOrphans_leavesNoOrphan() async throws {
        try await withRoot { root in
            let queue = root.job("q", Self.deaf, settings: #"{"stopping_wait_time": "2s"}"#)
            let first = try await root.start()
            try queue.drop("f")
            _ = try await queue.wait(run: "deaf")
            try await first.kill9()
            (root.notes / "second").write("")
            // The second finds what is left, and has to wait before it may kill: that is when it dies, too.
            let second = try await root.start()
            #expect(!root.processesOfRuns.isEmpty)
            try await second.kill9()
            #expect(!root.processesOfRuns.isEmpty, "the hunt was over too soon to be cut off")
            try await expectDrained(root, 1)
        }
    }

    /// The worst of daemons: it tells nobody whose it is, and does not listen. A stop waits until it is gone.
    @Test func stop_endsDaemonsThatHideAndIgnoreTerm() async throws {
        try await withRoot { root in
            let hide = #"setsid env -i /bin/sh -c 'trap "" TERM HUP; exec 0<&- 1>&- 2>&-; while :; do /bin/sleep 0.1; done' & "#
            let queue = root.job("q", hide + #"echo $! > "$N/daemon"; sleep 0.1; finish 0"#)
            let bobbin = try await root.start()
            try queue.drop("f")
            try await queue.wait("f", .succeeded)
            let daemon = try #require(pid_t((root.notes / "daemon").string.dropLast()))
            defer { kill(daemon, SIGKILL) }
            #expect(ProcessTable.isAlive(daemon))
            try await root.stop(bobbin)
            #expect(!ProcessTable.isAlive(daemon), "it has outlived its orchestrator")
            try await root.expectPromises(isDrained: true)
        }
    }
}
