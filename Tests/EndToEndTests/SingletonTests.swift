import Documents
import Glibc
import Testing

/// Jobs that run once at a time, however many orchestrators share the root (`is_singleton`).
struct SingletonTests {
    /// Notes an overlap when another run of the job holds the file, or a process that an earlier one named lives.
    private static let once = #"""
        exec 8>> "$N/only"; flock -n 8 || note overlap
        alive() { [ -n "$(tr -d '\0' < "/proc/$1/cmdline" 2> /dev/null)" ]; }
        if [ -s "$N/pid" ] && alive "$(cat "$N/pid")"; then note overlap; fi
        echo $$ > "$N/pid"
        """#

    private static let settings = #"{"is_singleton": true, "max_concurrency": 4, "stopping_wait_time": 1}"#

    private static func job(_ root: Root, _ script: String = "see; finish 0") -> Queue {
        root.job("only", "\(once)\n\(script)", settings: settings)
    }

    private func expectNoOverlap(_ root: Root) { #expect(root.runs.count("overlap") == 0, "\(root.said)") }

    @Test func singleton_onOneInstance_runsOneAtATime_whateverMaxConcurrencySays() async throws {
        try await withRoot { root in
            let queue = Self.job(root)
            for number in 0..<30 { try queue.drop("f\(number)") }
            let bobbin = try await root.start()
            for number in 0..<30 { _ = try await queue.wait("f\(number)", .succeeded) }
            expectNoOverlap(root)
            try await root.stop(bobbin)
            try await root.expectPromises(isDrained: true)
        }
    }

    @Test func singleton_onThreeInstances_runsOneAtATime_andAllTakePart() async throws {
        try await withRoot(alone: true) { root in
            let count = 120
            let queue = Self.job(root, "see; sleep 0.02; finish 0")
            for number in 0..<count { try queue.drop("f\(number)") }
            var all: [Program] = []
            for _ in 0..<3 { all.append(try await root.start()) }
            let began = ContinuousClock.now
            for number in 0..<count { _ = try await queue.wait("f\(number)", .succeeded, within: .seconds(60)) }
            let taken = ContinuousClock.now - began
            let shares = Dictionary(grouping: (0..<count).compactMap { queue.status("f\($0)")?.instance }) { $0 }.mapValues(\.count)
            print("singleton on three instances: \(count) runs in \(taken), shares \(shares.values.sorted())")
            #expect(shares.count == 3, "all take part: \(shares)")
            expectNoOverlap(root)
            for bobbin in all { try await root.stop(bobbin) }
            try await root.expectPromises(isDrained: true)
        }
    }

    /// - Parameter hides: how the run lets go of what it inherited, before it hangs.
    @Test("the death of the holder hands the job over, and only when its run has ended", arguments: ["", "exec 3>&- 4>&- 5>&- 6>&- 7>&-;"])
    func singleton_whoseHolderDies_goesOnElsewhere(_ hides: String) async throws {
        try await withRoot { root in
            let hang = #"exec python3 -c "import os, time; \#(hides.isEmpty ? "" : "os.closerange(3, 4096); ")time.sleep(1000)""#
            let queue = Self.job(root, #"if [ -e "$N/again" ]; then see; finish 0; fi; note hanging; \#(hang)"#)
            let first = try await root.start()
            try queue.drop("f")
            _ = try await queue.wait(run: "hanging")
            try queue.drop("g")
            let second = try await root.start()
            try await wait(for: "the other to see that it is inactive") { try await isShown(root, second.id) }
            (root.notes / "again").write("")
            let began = ContinuousClock.now
            try await first.kill9()
            _ = try await queue.wait("g", .succeeded, within: .seconds(25))
            _ = try await queue.wait("f", .succeeded, within: .seconds(25))
            print("singleton: taken over and done \(ContinuousClock.now - began) after the holder's death")
            #expect(began.duration(to: .now) < .seconds(50), "the minute's round may have done it")
            expectNoOverlap(root)
            try await root.stop(second)
            try await root.expectPromises(isDrained: true)
        }
    }

    /// `bobbin jobs` names the holder and who is inactive.
    private func isShown(_ root: Root, _ inactive: pid_t) async throws -> Bool {
        try await root.run("\(Program.bobbin.quoted) jobs --root \(root.path.quoted) --json > \((root.notes / "jobs").quoted)")
        let answer = try? JSONParser.parse((root.notes / "jobs").content ?? [])
        guard let job = answer?["jobs"]?.array?.first else { return false }
        #expect(job["singleton"]?.bool == true && job["holder"]?["alive"]?.bool == true && job["holder"]?["host"]?.string != nil)
        return job["inactive_instances"]?.array?.compactMap { $0["pid"]?.integer } == [Int64(inactive)]
    }

    @Test func daemonOfARun_isEndedBeforeTheNextRunBegins() async throws {
        try await withRoot { root in
            let queue = Self.job(
                root,
                #"""
                if [ -s "$N/daemon" ] && alive "$(cat "$N/daemon")"; then note overlap; fi
                setsid sh -c 'echo $$ > "$1/daemon"; trap "" TERM; while :; do sleep 0.1; done' daemon "$N" > /dev/null 2>&1 < /dev/null &
                until [ -s "$N/daemon" ] && alive "$(cat "$N/daemon")"; do sleep 0.01; done
                see; finish 0
                """#)
            for name in ["f", "g"] { try queue.drop(name) }
            let bobbin = try await root.start()
            for name in ["f", "g"] { _ = try await queue.wait(name, .succeeded, within: .seconds(40)) }
            expectNoOverlap(root)
            try await root.stop(bobbin)
        }
    }

    @Test func change_ofTheSetting_holdsAtOnce() async throws {
        try await withRoot { root in
            let queue = root.job("only", "\(Self.once)\nsee; sleep 0.05; finish 0", settings: #"{"max_concurrency": 3}"#)
            let bobbin = try await root.start()
            for number in 0..<6 { try queue.drop("a\(number)") }
            for number in 0..<6 { _ = try await queue.wait("a\(number)", .succeeded) }
            let before = root.runs.count("overlap")
            #expect(before > 0, "three at a time overlap")
            (queue.jobFolder / "settings.job").write(Self.settings)
            bobbin.signal(SIGHUP)
            // In force when the first run under it takes the lock.
            let lock = root.data / "locks" / "triggered" / "only"
            var probes = 0
            try await wait(for: "the new setting", every: .milliseconds(100), details: { root.said }) {
                probes += 1
                try queue.drop("probe\(probes)")
                _ = try await queue.wait("probe\(probes)", .succeeded)
                return lock.exists
            }
            // What began under the old setting ends first.
            try await queue.settle()
            let between = root.runs.count("overlap")
            for number in 0..<10 { try queue.drop("b\(number)") }
            for number in 0..<10 { _ = try await queue.wait("b\(number)", .succeeded) }
            #expect(root.runs.count("overlap") == between)
            try await root.stop(bobbin)
        }
    }
}
