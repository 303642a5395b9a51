import Glibc
import TestSupport
import Testing

/// The orchestrator is killed at random moments under load, again and again; what it promises holds all the same.
@Suite(.serialized) struct KillTests {
    private static let kills = getenv("BOBBIN_KILLS").flatMap { Int(String(cString: $0)) } ?? 100

    private static let settings =
        #"{"max_concurrency": 2, "max_attempts": 4, "retry_delay": [0.05, 0.1, 0.2], "stopping_wait_time": 1}"#

    private func makeJobs(_ root: Root) -> [Queue] {
        [
            root.job(
                "fine",
                #"see; echo "made $BOBBIN_NAME" > "$BOBBIN_RESULTS/result"; echo n=1 >> "$BOBBIN_OUTPUT"; finish 0"#,
                settings: Self.settings),
            // Every third fails now and then, some for good.
            root.job(
                "shaky",
                """
                see
                case $(( $(printf %d "0x$(printf %s "$BOBBIN_RUN_ID" | tail -c 2)") % 4 )) in
                0) finish 1 ;;
                1) echo oops >&2; finish 75 ;;
                2) case $BOBBIN_NAME in *7) finish 65 ;; esac ;;
                esac
                mkdir -p "$BOBBIN_NEXT/sink"; cp "$BOBBIN_FILE" "$BOBBIN_NEXT/sink/$BOBBIN_NAME"
                finish 0
                """, settings: Self.settings),
            // Three steps, each a checkpoint.
            root.job(
                "long",
                """
                see
                step=$(cat "$BOBBIN_CHECKPOINT" 2> /dev/null || echo 0)
                while [ "$step" -lt 3 ]; do
                    sleep 0.1
                    step=$((step + 1)); echo $step > "$BOBBIN_CHECKPOINT"; echo $((step * 33)) step >> "$BOBBIN_PROGRESS"
                    echo $step >> "$BOBBIN_WORK/steps"
                done
                finish 0
                """, settings: Self.settings),
        ]
    }

    /// One drop, in one of the ways of the event table.
    private func drop(_ number: Int, into queue: Queue, _ root: Root, _ dice: inout Dice) {
        let name = Array("\(queue.name)-\(number)".utf8)
        let content = Array(
            String(repeating: "\(queue.name) \(number) \(dice.next())\n", count: Int.random(in: 1...200, using: &dice))
                .utf8)
        root.record(Root.Drop(queue: queue.name, name: name, content: content))
        let draft = root.stage / name
        let target = queue.path / name
        switch Int.random(in: 0..<5, using: &dice) {
        case 0: target.write(content)
        case 1:
            draft.write(content)
            draft.link(to: target)
            draft.remove()
        case 2:
            let hidden = queue.path / ([46] + name)
            hidden.write(content)
            hidden.move(to: target)
        default:
            draft.write(content)
            draft.move(to: target)
        }
    }

    @Test(.timeLimit(.minutes(10))) func orchestrator_killedAtRandomUnderLoad_keepsItsPromises() async throws {
        let seed = getenv("BOBBIN_SEED").flatMap { UInt64(String(cString: $0)) } ?? UInt64.random(in: 1 ... .max)
        print("kill test: \(Self.kills) kills, seed \(seed) (BOBBIN_KILLS, BOBBIN_SEED)")
        try await withRoot(alone: true) { root in
            var dice = Dice(seed: seed)
            let queues = makeJobs(root)
            var number = 0
            var finals: [String: [UInt8]] = [:]
            for kill in 0..<Self.kills {
                let bobbin = try root.launch()
                // Sometimes before it is ready, mostly in the middle of its work.
                let life =
                    Int.random(in: 0..<10, using: &dice) == 0
                    ? Int.random(in: 1...150, using: &dice) : Int.random(in: 150...700, using: &dice)
                let end = ContinuousClock.now + .milliseconds(life)
                while ContinuousClock.now < end {
                    if queues.allSatisfy({ $0.waiting.count < 60 }) {
                        for queue in queues where Int.random(in: 0..<3, using: &dice) > 0 {
                            if queue.name == "long", number % 4 != 0 { continue }
                            drop(number, into: queue, root, &dice)
                            number += 1
                        }
                        number += 1
                    }
                    try await Task.sleep(for: .milliseconds(Int.random(in: 5...40, using: &dice)))
                }
                try #require(bobbin.isRunning, "bobbin ended by itself at kill \(kill), seed \(seed): \(bobbin.said)")
                // The orchestrator alone: what it runs, and its watcher, stay behind.
                try await bobbin.kill9()
                if kill % 10 == 9 { try rememberFinals(queues, &finals, seed) }
            }
            try await root.drain(within: .seconds(120))
            // Retries that rest for longer than a drain waits do not occur here; what a killed drop left is an item.
            try await root.drain(within: .seconds(60))
            try rememberFinals(queues, &finals, seed)
            let violations = try await InvariantChecker(root: root).violations(isDrained: true)
            for violation in violations { Issue.record("\(violation) (seed \(seed))") }
            let count = { (place: Queue.Place) in queues.flatMap { $0.items(place) }.count }
            print(
                "kill test: \(root.ledger.count) dropped, \(count(.done)) done, \(count(.failed)) failed, \(root.runs.count("start")) runs"
            )
            #expect(count(.done) + count(.failed) == root.ledger.count)
            expectForwards(root, queues[1])
            expectReasons(queues)
        }
    }

    /// I2: a final state never changes.
    private func rememberFinals(_ queues: [Queue], _ finals: inout [String: [UInt8]], _ seed: UInt64) throws {
        for item in queues.flatMap({ $0.items(.done) + $0.items(.failed) }) {
            let outcome = (item.folder / "outcome.json").content ?? []
            if let before = finals[item.id] {
                #expect(before == outcome, "I2: the outcome of \(item.id) changed (seed \(seed))")
            }
            finals[item.id] = outcome
        }
    }

    /// Every success forwarded its file once, and nothing else did.
    private func expectForwards(_ root: Root, _ queue: Queue) {
        let succeeded = queue.items(.done).compactMap { $0.payload.first?.name }
        let forwarded = (root.spool / "sink").children.filter {
            $0.kind == S_IFREG && $0.bytes.suffix(9) != Array(".envelope".utf8)[...]
        }
        #expect(
            forwarded.map(\.name).sorted { $0.lexicographicallyPrecedes($1) }
                == succeeded.sorted { $0.lexicographicallyPrecedes($1) }, "forwards are those of the successes")
        for file in forwarded {
            #expect(
                root.ledger.contains { $0.name == file.name && $0.content == file.content ?? [] },
                "\(file) has other bytes")
        }
    }

    /// Nothing failed without having been tried as often as it may be.
    private func expectReasons(_ queues: [Queue]) {
        for queue in queues {
            for item in queue.items(.failed) {
                guard let outcome = item.outcome else { continue }
                let isFair =
                    switch outcome.reason {
                    case "interrupted_too_often": outcome.interruptions == 3
                    case "bad_input": queue.name == "shaky" && outcome.exitCode == 65
                    default: queue.name == "shaky" && outcome.attempt == 4
                    }
                #expect(
                    isFair,
                    "\(queue.name) \(item.id) failed for \(outcome.reason ?? "no reason"), attempt \(outcome.attempt)")
            }
        }
    }
}
