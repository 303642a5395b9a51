import Glibc
import TestSupport
import Testing

/// Several orchestrators on one root, killed at random: whatever dies, one process tree per item at a time, and one run of a
/// singleton at a time.
@Suite(.serialized) struct FleetTests {
    private static let kills = getenv("BOBBIN_FLEET_KILLS").flatMap { Int(String(cString: $0)) } ?? 15

    /// The file is locked by every process of a run, and the process named in it is looked at as well: a run that has closed
    /// what it inherited would not be seen by the lock alone.
    private static let once = #"""
        exec 8>> "$N/only"; flock -n 8 || note overlap
        if [ -s "$N/pid" ] && [ -n "$(tr -d '\0' < "/proc/$(cat "$N/pid")/cmdline" 2> /dev/null)" ]; then note overlap; fi
        echo $$ > "$N/pid"
        """#

    @Test("nothing overlaps and nothing is lost", .timeLimit(.minutes(10)), arguments: [2, 3])
    func fleet_killedAtRandom(_ size: Int) async throws {
        let seed = getenv("BOBBIN_SEED").flatMap { UInt64(String(cString: $0)) } ?? UInt64.random(in: 1 ... .max)
        print("fleet of \(size): \(Self.kills) kills, seed \(seed) (BOBBIN_FLEET_KILLS, BOBBIN_SEED)")
        try await withRoot(alone: true) { root in
            var dice = Dice(seed: seed)
            let many = root.job("many", "see; sleep 0.05; finish 0", settings: #"{"max_concurrency": 2, "stopping_wait_time": 1}"#)
            let only = root.job(
                "only", "\(Self.once)\nsee; sleep 0.05; finish 0",
                settings: #"{"is_singleton": true, "stopping_wait_time": 1, "max_attempts": 9}"#)
            var fleet: [Program] = []
            for _ in 0..<size { fleet.append(try root.launch()) }
            var number = 0
            var pauses: [Double] = []
            for _ in 0..<Self.kills {
                for _ in 0..<Int.random(in: 1...4, using: &dice) {
                    for queue in [many, only] where queue.waiting.count < 40 { try queue.drop("f\(number)", "\(number)\n") }
                    number += 1
                }
                try await Task.sleep(for: .milliseconds(Int.random(in: 50...900, using: &dice)))
                let victim = Int.random(in: 0..<size, using: &dice)
                let killedAt = uptime
                try await fleet[victim].kill9()
                let starts = root.runs.events
                // At times nobody is started in its place until the others have gone on.
                if size > 1, !only.waiting.isEmpty, let next = try? await nextStart(root, after: starts.count) {
                    pauses.append(max(0, next - killedAt))
                }
                fleet[victim] = try root.launch()
            }
            for queue in [many, only] {
                try await wait(for: "the end of \(queue.name)", within: .seconds(90), details: { root.said }) {
                    queue.items(.done).count + queue.items(.failed).count == number
                }
            }
            for program in fleet {
                // Who is asked to stop while it starts has not begun to listen.
                try await wait(for: "\"bobbin: ready\"", details: { root.said }) { program.output.lines.contains("bobbin: ready") }
                try await root.stop(program)
            }
            pauses.sort()
            print("fleet of \(size): \(number * 2) dropped, a run begins \(pauses.map { ($0 * 1000).rounded() / 1000 }) s after a death")
            #expect(root.runs.count("overlap") == 0, "seed \(seed): \(root.said)")
            let violations = try await InvariantChecker(root: root).violations(isDrained: true)
            for violation in violations { Issue.record("\(violation) (seed \(seed))") }
        }
    }

    /// When the next run noted its start, in seconds since boot.
    private func nextStart(_ root: Root, after count: Int) async throws -> Double {
        try await wait(for: "the next run", within: .seconds(5)) {
            root.runs.events.dropFirst(count).first { $0.event == "start" }?.at
        }
    }

    private var uptime: Double {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
