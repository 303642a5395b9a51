import Documents
import Glibc
import Testing

/// A spool on a file system that is not local (contract §3, reference/distributed.md §4), here on FUSE: polled, claimed
/// without RENAME_NOREPLACE, recovered after a kill.
@Suite(.enabled(if: Fuse.obstacle == nil, Comment(rawValue: Fuse.obstacle ?? "")))
struct NetworkTests {
    private static let script = #"""
        case $BOBBIN_NAME in
        hang*) if [ ! -e "$N/again" ]; then note hanging; while :; do sleep 0.05; done; fi ;;
        stay*) [ -e "$N/again" ] || { note staying; await "$N/again"; } ;;
        shaky*) [ "$BOBBIN_ATTEMPT" = 2 ] || { echo 1 > "$BOBBIN_CHECKPOINT"; finish 1; } ;;
        esac
        see
        echo "made of $BOBBIN_NAME" > "$BOBBIN_RESULTS/result"
        mkdir -p "$BOBBIN_NEXT/next"; cp "$BOBBIN_FILE" "$BOBBIN_NEXT/next/$BOBBIN_NAME"
        finish 0
        """#

    @Test(arguments: Fuse.allCases)
    func spool_onFuse_keepsItsPromisesThroughStopAndKill(_ kind: Fuse) async throws {
        try await withRoot { root in
            try await root.mountSpool(kind)
            let queue = root.job(
                "q", Self.script, settings: #"{"retry_delay": [0.1], "stopping_wait_time": 0, "max_concurrency": 4}"#)
            let next = root.job("next")
            (next.path / "taken").write("was here first", mode: 0o600)
            (next.path / "taken").touch(in: 3600)
            let names = ["plain", "shaky", "taken", "hang", String(repeating: "n", count: 250)]
            for name in names { try queue.drop(name, "content of \(name)\n") }
            try queue.drop("stay", "content of stay\n")
            (queue.path / "with").write(#"{"correlation_id": "order 7"}"#)
            (queue.path / "with").move(to: queue.path / "with.envelope")
            try queue.drop("with", "content of with\n")

            // Stopped in order: what ran goes back, to be run again.
            let first = try await root.start()
            for event in ["staying", "hanging"] { _ = try await queue.wait(run: event) }
            #expect(first.error.string.contains("is on FUSE"), "\(first.said)")
            try await root.stop(first)
            #expect(root.processesOfRuns.isEmpty)

            // Killed: what ran is ended by the next.
            let second = try await root.start()
            try await wait(for: "both to hang again", details: { root.said }) {
                root.runs.count("staying") == 2 && root.runs.count("hanging") == 2
            }
            try await second.kill9()
            (root.notes / "again").write("")
            let third = try await root.start()
            for name in names + ["stay", "with"] {
                let status = try await queue.wait(name, .succeeded)
                // The kill may have met others as well.
                #expect(name == "hang" || name == "stay" ? status.interruptions == 1 : status.interruptions <= 1, "\(name)")
                #expect(status.results.count == 1, "\(name)")
                #expect(queue.seen(status.id).last == Array("content of \(name)\n".utf8), "\(name)")
            }
            #expect(queue.status("with")?.json["correlation_id"]?.string == "order 7")
            for name in names where name != "taken" { try await next.wait(name, .succeeded) }
            #expect((next.path / "taken").string == "was here first")
            try await wait(for: "all forwards", details: { root.said }) { next.items(.done).count == names.count + 2 }
            try await root.stop(third)
            (next.path / "taken").remove()
            try await root.expectPromises(isDrained: true)
        }
    }

    /// A listing of folders that were listed before, through descriptors that were kept, told nothing of what is in them:
    /// runs after the first failure succeeded without their results, on sshfs.
    @Test(arguments: Fuse.allCases)
    func results_ofTheRunsAfterAFailure_onFuse_arePublished(_ kind: Fuse) async throws {
        try await withRoot { root in
            try await root.mountSpool(kind)
            let script = #"case $BOBBIN_NAME in bad*) finish 100 ;; esac; see; echo made > "$BOBBIN_RESULTS/result"; finish 0"#
            let queue = root.job("q", script, settings: #"{"max_concurrency": 1}"#)
            let bobbin = try await root.start()
            try queue.drop("bad")
            try await queue.wait("bad", .failed)
            for name in ["first", "second"] {
                try queue.drop(name)
                let status = try await queue.wait(name, .succeeded)
                #expect(status.results == ["results/\(status.id)/result"])
                #expect((queue.path / "results" / status.id / "result").string == "made\n")
            }
            try await root.stop(bobbin)
            try await root.expectPromises(isDrained: true)
        }
    }

    /// An exclusive lock needs a file that is open for writing on some of these file systems; what may only be read is
    /// locked through a file beside it, which the run's processes hold as well.
    @Test func payload_thatMayOnlyBeRead_isLockedThroughAFileBesideIt() async throws {
        try await withRoot { root in
            try await root.mountSpool(.bindfs)
            let queue = root.job("q", Self.script, settings: #"{"stopping_wait_time": "1s"}"#)
            try await root.run("chown -R nobody \(root.spool.quoted) \(root.notes.quoted) \(root.path.quoted)")
            try await root.run("echo content > draft; chmod 444 draft; chown root draft; mv draft $Q/hang", queue: queue)
            let line =
                "exec setpriv --reuid=nobody --regid=nogroup --clear-groups \(Program.bobbin.quoted) run --root \(root.path.quoted)"
            let first = try root.launch(line: line)
            _ = try await queue.wait(run: "hanging")
            let lock = try #require(queue.items(.claimed).first).folder / "lock"
            #expect(lock.exists)
            try await first.kill9()
            // The orphan holds it.
            try await root.run("! flock --nonblock \(lock.quoted) true")
            (root.notes / "again").write("")
            let second = try root.launch(line: line)
            let status = try await queue.wait("hang", .succeeded)
            #expect(status.interruptions == 1)
            try await root.stop(second)
            #expect(root.processesOfRuns.isEmpty && queue.items(.claimed).isEmpty)
        }
    }
}
