import Documents
import Glibc
import Testing
import Verifying

/// `bobbin doctor --verify` as its users meet it: a healthy root passes, a damaged one does not, and files that move
/// while it looks are no damage.
struct VerifyTests {
    private static let script = """
        printf '%s %s %s seen %s sum=%s\\n' "$BOBBIN_ID" "$BOBBIN_RUN_ID" "$BOBBIN_ATTEMPT" 1 \
        "$(cksum < "$BOBBIN_FILE" | tr ' ' :)" >> "$N/runs"
        case $BOBBIN_NAME in
        good*) echo made > "$BOBBIN_RESULTS/result"; mkdir "$BOBBIN_NEXT/sink"; cp "$1" "$BOBBIN_NEXT/sink/"; finish 0 ;;
        bad*) finish 65 ;;
        shaky*) finish 1 ;;
        long*) note begun; await "$N/go"; finish 0 ;;
        esac
        """

    /// One item in each state that lasts, and what is known of them.
    private func healthyRoot(_ root: Root) async throws -> Queue {
        let queue = root.job("q", Self.script, settings: #"{"retry_delay": "1h", "max_attempts": 3}"#)
        for name in ["good", "good-2", "bad", "shaky"] { try queue.drop(name, "content of \(name)\n") }
        try await root.drain()
        // A name that is never an item waits for ever.
        try queue.drop("waiting", "content\n")
        root.writeLedger()
        return queue
    }

    private struct Verdict {
        let code: Int32
        let json: JSON
        let said: String

        func problems(_ level: String = "violation") -> Set<String> {
            let findings = json["findings"]?.array ?? []
            return Set(
                findings.filter { $0["level"]?.string == level }.map {
                    "\($0["invariant"]?.string ?? "?") \($0["problem"]?.string ?? "?")"
                })
        }
    }

    private func verify(_ root: Root, _ arguments: String = "") async throws -> Verdict {
        let line = "exec \(Program.bobbin.quoted) doctor --verify --json --root \(root.path.quoted) \(arguments)"
        let program = try root.launch(line: line)
        let code = try await program.end(within: .seconds(40), "the end of bobbin doctor --verify")
        let json = try #require(try? JSONParser.parse(program.output.content ?? []), "no JSON: \(program.said)")
        return Verdict(code: code, json: json, said: program.said)
    }

    private static let everything =
        "--ledger $NOTES/ledger --runs $NOTES/runs --finals $NOTES/finals --settled --untouched"

    @Test func healthyRoot_holdsWhatIsPromised() async throws {
        try await withRoot { root in
            _ = try await healthyRoot(root)
            for arguments in [Self.everything, Self.everything, ""] {
                let verdict = try await verify(root, arguments)
                #expect(verdict.code == 0 && verdict.problems() == [], "\(verdict.said)")
                #expect(verdict.json["items"]?.integer == 9 && verdict.json["orchestrators"]?.integer == 0, "\(verdict.said)")
            }
        }
    }

    @Test(arguments: Damage.all) func damage_isTold(_ damage: Damage) async throws {
        try await withRoot { root in
            let queue = try await healthyRoot(root)
            let before = try await verify(root, Self.everything)
            #expect(before.code == 0, "\(before.said)")
            let folder = { (name: String) in
                try #require(queue.items.first { $0.payload.first?.text.hasSuffix("/\(name)") == true }).folder.text
            }
            let places = "good=\(try folder("good")) bad=\(try folder("bad")) shaky=\(try folder("shaky"))"
            try await root.run(
                "cd \(queue.path.quoted); \(places) LEDGER=$NOTES/ledger RUNS=$NOTES/runs DATA=\(root.data.quoted); \(damage.line)")
            let verdict = try await verify(root, Self.everything)
            #expect(verdict.code == 1)
            #expect(verdict.problems().contains("\(damage.invariant) \(damage.problem)"), "\(verdict.said)")
        }
    }

    /// Orders of an operator change final states, and are no damage.
    @Test func operatorsRetry_isNoDamage() async throws {
        try await withRoot { root in
            let queue = try await healthyRoot(root)
            #expect(try await verify(root, Self.everything).code == 0)
            let bad = try #require(queue.status("bad")).id
            try await root.run("\(Program.bobbin.quoted) retry --root \(root.path.quoted) q \(bad)")
            try await root.run("rm $Q/waiting; grep -v waiting $NOTES/ledger > l; mv l $NOTES/ledger", queue: queue)
            try await root.drain()
            let verdict = try await verify(root, "--ledger $NOTES/ledger --runs $NOTES/runs --finals $NOTES/finals --settled")
            #expect(verdict.code == 0, "\(verdict.said)")
        }
    }

    /// What a crash leaves is due, and no longer when an orchestrator has started.
    @Test func crash_leavesWhatIsDue_notAViolation() async throws {
        try await withRoot { root in
            let queue = root.job("q", Self.script, settings: #"{"stopping_wait_time": 0}"#)
            let bobbin = try await root.start()
            try queue.drop("long")
            _ = try await queue.wait(run: "begun")
            let live = try await verify(root, "--runs $NOTES/runs")
            #expect(live.code == 0 && live.problems("due") == [] && live.json["orchestrators"]?.integer == 1, "\(live.said)")
            try await bobbin.kill9()
            let dead = try await verify(root)
            #expect(dead.code == 0, "\(dead.said)")
            #expect(dead.problems("due").isSuperset(of: ["I10 abandoned_claim", "I10 dead_instance", "I10 ownerless_process"]))
            (root.notes / "go").write("")
            try await root.drain()
            let healed = try await verify(root, "--settled")
            #expect(healed.code == 0 && healed.problems("due") == [], "\(healed.said)")
        }
    }

    /// A process that says it is a run that nobody knows, beside one that is.
    @Test func processes_withoutOwner_andTwoOfOneItem_areTold() async throws {
        try await withRoot { root in
            let queue = root.job("q", Self.script, settings: #"{"stopping_wait_time": 0}"#)
            let bobbin = try await root.start()
            try queue.drop("long")
            let event = try await queue.wait(run: "begun")
            // Not a child of bobbin, which would end it.
            let other = try root.launch(
                line:
                    "export BOBBIN_FILE=$Q/claimed/\(event.item)/payload/long BOBBIN_ID=\(event.item) BOBBIN_RUN_ID=01900000-0000-7000-8000-000000000008; exec sleep 60",
                queue: queue)
            try await wait(for: "the other run") { ProcessTable.program(of: other.id) == "sleep" }
            let verdict = try await verify(root)
            #expect(verdict.problems() == ["I3 two_runs", "I10 ownerless_process"], "\(verdict.said)")
            other.destroy()
            let healed = try await verify(root)
            #expect(healed.code == 0, "\(healed.said)")
            (root.notes / "go").write("")
            try await queue.wait("long", .succeeded)
            try await root.stop(bobbin)
        }
    }

    @Test func filesThatMove_areNoDamage() async throws {
        try await withRoot(alone: true) { root in
            let queue = root.job(
                "q",
                #"mkdir "$BOBBIN_NEXT/sink"; cp "$1" "$BOBBIN_NEXT/sink/"; case $BOBBIN_NAME in *3) [ $BOBBIN_ATTEMPT = 2 ] || finish 1;; esac; finish 0"#,
                settings: #"{"retry_delay": 0.05}"#)
            let bobbin = try await root.start()
            try queue.drop("first")
            try await wait(for: "the first run to write its log") { (root.notes / "runs").exists }
            for round in 0..<4 {
                for index in 0..<100 { try queue.drop("f\(round)-\(index)") }
                root.writeLedger()
                let verdict = try await verify(root, "--ledger $NOTES/ledger --runs $NOTES/runs --untouched")
                #expect(verdict.code == 0, "\(verdict.said)")
            }
            try await root.stop(bobbin)
            let verdict = try await verify(root, "--settled")
            #expect(verdict.code == 0, "\(verdict.said)")
        }
    }

    @Test func badEvidence_isRefused_withLineAndForm() async throws {
        try await withRoot { root in
            _ = root.job("q")
            for (file, text, code) in [("ledger", "q 1 f\n", 64), ("ledger", "# fine\n\nq x y f\n", 64), ("finals", "q 1\n", 64)]
                as [(String, String, Int32)]
            {
                (root.notes / file).write(text)
                let program = try root.launch(
                    line: "exec \(Program.bobbin.quoted) doctor --verify --root \(root.path.quoted) --\(file) $NOTES/\(file)")
                #expect(try await program.end() == code && program.said.contains("line "), "\(program.said)")
                (root.notes / file).remove()
            }
            let missing = try root.launch(
                line: "exec \(Program.bobbin.quoted) doctor --verify --root \(root.path.quoted) --runs $NOTES/none")
            #expect(try await missing.end() == 66)
            let nowhere = try root.launch(line: "exec \(Program.bobbin.quoted) doctor --verify --root /nonexistent")
            #expect(try await nowhere.end() == 66)
        }
    }
}

extension Root {
    /// The ledger as a file.
    fileprivate func writeLedger() {
        let lines = ledger.map { "\($0.queue) \(Checksum(of: $0.content)) \(String(decoding: $0.name, as: UTF8.self))\n" }
        (notes / "ledger").write(lines.joined())
    }
}
