import Documents
import Glibc
import Testing

/// Jobs that are deployed while Bobbin runs (contract §7).
struct DeploymentTests {
    /// The snapshots that a job has.
    private func snapshots(_ root: Root, _ job: String) -> [String] {
        (root.data / "deployments/triggered" / job).names.map { String(decoding: $0, as: UTF8.self) }.filter { $0.count == 32 }
    }

    private func isTidy(_ root: Root) -> Bool {
        (root.data / "deployments").tree.allSatisfy { $0.name.first != UInt8(ascii: ".") }
    }

    @Test func script_changedDuringARun_doesNotDisturbIt_andIsUsedByTheNext() async throws {
        try await withRoot { root in
            let queue = root.job("q", #"echo hello; note waiting; await "$N/go"; cat lib/word > "$N/word-$BOBBIN_NAME"; finish 0"#)
            (queue.jobFolder / "lib").makeFolder()
            (queue.jobFolder / "lib/word").write("old")
            let bobbin = try await root.start()
            try queue.drop("first")
            _ = try await queue.wait(run: "waiting")
            (queue.jobFolder / "lib/word").write("new")
            try await wait(for: "a second snapshot", details: { bobbin.said }) { snapshots(root, "q").count == 2 }
            (root.notes / "go").write("")
            let first = try await queue.wait("first", .succeeded)
            try await wait(for: "the new deployment") {
                let name = "second-\(UInt64.random(in: 0 ... .max))"
                try queue.drop(name)
                let deployment = try await queue.wait(name, .succeeded).json["deployment"]?.string
                return deployment != first.json["deployment"]?.string
            }
            #expect((root.notes / "word-first").string == "old")
            let deployment = try #require(first.json["deployment"]?.string)
            #expect(snapshots(root, "q").contains(deployment))
            #expect(try queue.item(first).log.first?.contains("deployment \(deployment.prefix(12))") == true)
            try queue.drop("third")
            try await queue.wait("third", .succeeded)
            #expect((root.notes / "word-third").string == "new")
            try await root.stop(bobbin)
            try await root.expectPromises(isDrained: true)
        }
    }

    /// A copy that takes its time, with pauses shorter than the quiet second.
    @Test func halfCopiedFolder_neverRuns() async throws {
        try await withRoot { root in
            let other = root.job("other")
            let bobbin = try await root.start()
            let queue = root.queue("q")
            try queue.drop("f")
            let copier = try root.launch(
                python: """
                    job = Q + '/../../jobs/triggered/q'
                    os.mkdir(job)
                    with open(job + '/run.sh', 'w') as f: f.write('ls parts | wc -l > ' + NOTES + '/count\\n')
                    os.mkdir(job + '/parts')
                    for i in range(8):
                        with open(job + '/parts/%d' % i, 'w') as f:
                            f.write('half'); f.flush(); time.sleep(0.25); f.write('whole')
                        time.sleep(0.25)
                    """, queue: queue)
            // Whoever is ready meanwhile is served meanwhile.
            try await other.settle()
            #expect(copier.isRunning && queue.status("f") == nil)
            #expect(try await copier.end() == 0, "\(copier.said)")
            try await queue.wait("f", .succeeded)
            #expect((root.notes / "count").string == "8\n")
            #expect(snapshots(root, "q").count == 1 && isTidy(root))
            try await root.stop(bobbin)
            try await root.expectPromises(isDrained: true)
        }
    }

    @Test func steadyWriter_holdsUpNoOtherJob_andItsOwnForTenSeconds() async throws {
        try await withRoot { root in
            let busy = root.job("busy")
            let writer = try root.launch(
                line: #"while [ ! -e "$NOTES/stop" ]; do date > \#(busy.jobFolder.quoted)/log.txt; sleep 0.1; done"#)
            let bobbin = try await root.start()
            try busy.drop("f")
            let calm = root.job("calm")
            try await calm.settle()
            #expect(busy.status("f") == nil, "the ceiling is ten seconds")
            try await busy.wait("f", .succeeded, within: .seconds(40))
            #expect(writer.isRunning)
            (root.notes / "stop").write("")
            #expect(try await writer.end() == 0)
            try await root.stop(bobbin)
            try await root.expectPromises(isDrained: true)
        }
    }

    @Test func settings_changedAlone_makeNoNewSnapshot() async throws {
        try await withRoot { root in
            let queue = root.job("q", "echo max=$BOBBIN_MAX_ATTEMPTS > \"$BOBBIN_OUTPUT\"; finish 0", settings: #"{"max_attempts": 7}"#)
            let bobbin = try await root.start()
            try queue.drop("f")
            let before = try await queue.wait("f", .succeeded)
            #expect(before.output("max") == "7")
            (queue.jobFolder / "settings.job").write(#"{"max_attempts": 3}"#)
            try await wait(for: "the new settings") {
                let name = "g-\(UInt64.random(in: 0 ... .max))"
                try queue.drop(name)
                let after = try await queue.wait(name, .succeeded)
                #expect(after.json["deployment"] == before.json["deployment"])
                return after.output("max") == "3"
            }
            #expect(snapshots(root, "q").count == 1)
            try await root.stop(bobbin)
        }
    }

    /// Those that nobody runs, and that are neither current nor the one before.
    @Test func oldSnapshots_areCollected_butNotUnderARun() async throws {
        try await withRoot { root in
            let queue = root.job("q", #"note "$BOBBIN_NAME"; [ "$BOBBIN_NAME" != slow ] || await "$N/go"; finish 0"#)
            let bobbin = try await root.start()
            try queue.drop("slow")
            _ = try await queue.wait(run: "slow")
            let first = try #require(snapshots(root, "q").first)
            for number in 1...3 {
                (queue.jobFolder / "version").write("\(number)")
                let known = Set(snapshots(root, "q"))
                try await wait(for: "snapshot \(number)", details: { bobbin.said }) { !Set(snapshots(root, "q")).isSubset(of: known) }
            }
            try await wait(for: "the second to go", details: { "\(snapshots(root, "q"))" }) { snapshots(root, "q").count == 3 }
            #expect(snapshots(root, "q").contains(first), "a run is in it")
            (root.notes / "go").write("")
            try await queue.wait("slow", .succeeded)
            (queue.jobFolder / "version").write("4")
            try await wait(for: "the first to go", details: { "\(snapshots(root, "q"))" }) {
                !snapshots(root, "q").contains(first) && snapshots(root, "q").count == 2
            }
            try await root.stop(bobbin)
            #expect(isTidy(root))
        }
    }

    @Test func kill_whileASnapshotIsMade_leavesNothingHalf() async throws {
        try await withRoot { root in
            let queue = root.job("q")
            try await root.run(
                "mkdir \(queue.jobFolder.quoted)/many; cd \(queue.jobFolder.quoted)/many; for i in $(seq 3000); do echo $i > $i; done")
            let draft = root.data / "deployments/triggered/q/.draft"
            let bobbin = try root.launch()
            try await wait(for: "a snapshot on its way", every: .milliseconds(1), details: { bobbin.said }) { draft.exists }
            bobbin.signal(SIGKILL)
            try await bobbin.end()
            #expect(snapshots(root, "q").isEmpty)
            try queue.drop("f")
            let next = try await root.start()
            let status = try await queue.wait("f", .succeeded)
            #expect(isTidy(root))
            let snapshot = root.data / "deployments/triggered/q" / (status.json["deployment"]?.string ?? "") / "many"
            #expect(snapshot.childCount == 3000)
            try await root.stop(next)
            try await root.expectPromises(isDrained: true)
        }
    }

    @Test func deletedDeployments_areMadeAnew() async throws {
        try await withRoot { root in
            let queue = root.job("q", settings: #"{"retry_delay": [0.3]}"#)
            let bobbin = try await root.start()
            try await queue.settle()
            (root.data / "deployments").removeTree()
            try await wait(for: "a new snapshot", details: { bobbin.said }) { snapshots(root, "q").count == 1 && isTidy(root) }
            try queue.drop("f")
            try await queue.wait("f", .succeeded)
            try await root.stop(bobbin)
        }
    }

    @Test func twoOrchestrators_shareTheirSnapshots() async throws {
        try await withRoot { root in
            let queue = root.job("q")
            let bobbins = [try root.launch(), try root.launch()]
            for bobbin in bobbins {
                try await wait(for: "ready", details: { bobbin.said }) { bobbin.output.lines.contains("bobbin: ready") }
            }
            for number in 1...3 {
                (queue.jobFolder / "version").write("\(number)")
                let known = Set(snapshots(root, "q"))
                try await wait(for: "snapshot \(number)", details: { root.said }) { !Set(snapshots(root, "q")).isSubset(of: known) }
                try await queue.settle()
            }
            try await wait(for: "the old ones to go", details: { "\(snapshots(root, "q"))" }) { snapshots(root, "q").count == 2 }
            for bobbin in bobbins { try await root.stop(bobbin) }
            #expect(isTidy(root))
            #expect(
                !(root.data / "deployments/triggered/q").names.contains {
                    $0.contains(UInt8(ascii: ".")) && $0.suffix(2).elementsEqual(".2".utf8)
                })
            try await root.expectPromises(isDrained: true)
        }
    }

    /// Whoever swaps a folder needs its name for a moment.
    @Test func folder_swappedForAnother_isTakenUp_andTheJobNeverStops() async throws {
        try await withRoot { root in
            let queue = root.job("q", "echo v=1 > \"$BOBBIN_OUTPUT\"; finish 0")
            let bobbin = try await root.start()
            try await queue.settle()
            try await root.run(
                """
                J=\(queue.jobFolder.quoted); cp -r "$J" new; sed -i s/v=1/v=2/ new/run.sh; mv "$J" old; sleep 0.3; mv new "$J"
                """)
            try await wait(for: "the new version", details: { bobbin.said }) {
                let name = "g-\(UInt64.random(in: 0 ... .max))"
                try queue.drop(name)
                return try await queue.wait(name, .succeeded).output("v") == "2"
            }
            #expect(!bobbin.error.string.contains("job q stops"))
            try await root.stop(bobbin)
        }
    }

    @Test func folder_rewrittenByRsync_whileItemsArrive_losesNone() async throws {
        try await withRoot { root in
            let queue = root.job("q", ". \"$(dirname \"$0\")/lib.sh\"; see; finish 0")
            (queue.jobFolder / "lib.sh").write("echo 0\n")
            let bobbin = try await root.start()
            try await queue.settle()
            let writer = try root.launch(
                line:
                    #"cp -r \#(queue.jobFolder.quoted) new; for i in 1 2 3 4 5 6; do echo "echo $i" > new/lib.sh; rsync -a --delete new/ \#(queue.jobFolder.quoted)/; sleep 0.7; done"#
            )
            var names: [String] = []
            while writer.isRunning {
                names.append("f\(names.count)")
                try queue.drop(names[names.count - 1])
                try await Task.sleep(for: .milliseconds(50))
            }
            #expect(try await writer.end() == 0, "\(writer.said)")
            for name in names { try await queue.wait(name, .succeeded) }
            try await root.stop(bobbin)
            #expect(isTidy(root))
            try await root.expectPromises(isDrained: true)
        }
    }

    /// Answers WebJobs, where any event under the folder restarts a continuous job (reference/webjobs.md §0.4).
    @Test func continuousJob_isStartedAnewByNewContent_andByNothingElse() async throws {
        try await withRoot { root in
            let job = root.continuous(
                "web", "date > own.txt; note \"start\"; trap 'exit 0' TERM; while :; do sleep 0.05; done")
            (job.folder / "lib.txt").write("1")
            let other = root.job("other")
            let bobbin = try await root.start()
            try await job.waitFor("start")
            (job.folder / "run.sh").touch(in: -5)
            (job.folder / "lib.txt").write("1")
            (job.folder / ".git").makeFolder()
            (job.folder / ".git/index").write("x")
            (job.folder / "lib.txt~").write("x")
            try await Task.sleep(for: .seconds(3))
            try await other.settle()
            #expect(!bobbin.error.string.contains("job web"), "\(bobbin.said)")
            let before = job.states.first?["starts"]?.integer
            (job.folder / "lib.txt").write("2")
            try await job.waitFor("start", count: 2)
            #expect(before == 1)
            try await root.stop(bobbin)
        }
    }

    /// Where others can write beside the snapshots, they can put another in the place of one.
    @Test(.enabled(if: geteuid() == 0, "only root refuses it"), arguments: ["data", "data/deployments", "jobs/continuous"])
    func placeOfSnapshots_thatOthersCanChange_isRefusedForRoot(_ place: String) async throws {
        try await withRoot { root in
            root.job("q")
            for folder in [root.data, root.data / "deployments", root.path / "jobs/continuous"] { folder.makeFolder() }
            _ = (root.path / place).withC { chmod($0, 0o777) }
            let bobbin = try root.launch()
            #expect(try await bobbin.end() == 69)
            #expect(bobbin.said.contains("chmod go-w \(root.path)/\(place)"), "\(bobbin.said)")
        }
    }

    // MARK: Scenarios of WebJobs' own tests (reference/webjobs.md §8)

    @Test func scenario2_deletingTheOnlyScript_stopsTheJob_andSaysWhy() async throws {
        try await withRoot { root in
            let queue = root.job("q")
            let bobbin = try await root.start()
            try await queue.settle()
            (queue.jobFolder / "run.sh").remove()
            try await wait(for: "the reason", details: { bobbin.said }) { bobbin.error.string.contains("no script") }
            try queue.drop("f")
            let jobs = try root.launch(line: "exec \(Program.bobbin.quoted) jobs --root \(root.path.quoted)")
            #expect(try await jobs.end() == 0)
            #expect(jobs.said.contains("broken") && jobs.said.contains("no script"), "\(jobs.said)")
            #expect(queue.waiting.count == 1)
            root.job("q")
            try await queue.wait("f", .succeeded)
            try await root.stop(bobbin)
        }
    }

    @Test func scenario5_scriptNameWithSpacesAndAccents_runs() async throws {
        try await withRoot { root in
            let queue = root.job("q")
            (queue.jobFolder / "run.sh").move(to: queue.jobFolder / "déjà vu – très long.sh")
            let bobbin = try await root.start()
            try queue.drop("f")
            try await queue.wait("f", .succeeded)
            try await root.stop(bobbin)
        }
    }

    @Test func scenario11_inPlace_runsInPlace_andBackAgain() async throws {
        try await withRoot { root in
            let queue = root.job("q", #"echo "folder=$PWD" > "$BOBBIN_OUTPUT"; finish 0"#)
            let bobbin = try await root.start()
            let settings = queue.jobFolder / "settings.job"
            func expect(_ deployment: String, _ folder: @Sendable (String) -> String) async throws {
                try await wait(for: "a run in \(deployment)", details: { bobbin.said }) {
                    let name = "f-\(UInt64.random(in: 0 ... .max))"
                    try queue.drop(name)
                    let status = try await queue.wait(name, .succeeded)
                    let found = status.json["deployment"]?.string ?? ""
                    #expect(status.output("folder") == folder(found))
                    return found == "in_place" ? deployment == found : deployment == "snapshot"
                }
            }
            let place: @Sendable (String) -> String = {
                $0 == "in_place" ? queue.jobFolder.text : "\(root.data)/deployments/triggered/q/\($0)"
            }
            try await expect("snapshot", place)
            settings.write(#"{"is_in_place": true}"#)
            try await expect("in_place", place)
            settings.write(#"{"is_in_place": false}"#)
            try await expect("snapshot", place)
            try await root.stop(bobbin)
        }
    }

    @Test func scenario12_deployedTwice_oldFilesAreGone_andTheWayBackIsOpen() async throws {
        try await withRoot { root in
            let queue = root.queue("q")
            let bobbin = try await root.start()
            let deploy = "\(Program.bobbin.quoted) deploy --root \(root.path.quoted) q"
            try await root.run(
                #"mkdir -p a/inner/sub; printf '. sub/lib\n' > a/inner/run.sh; echo 'echo v=1 > "$BOBBIN_OUTPUT"' > a/inner/sub/lib; (cd a && zip -qr ../a.zip inner); \#(deploy) a.zip"#
            )
            try queue.drop("f")
            #expect(try await queue.wait("f", .succeeded).output("v") == "1")
            try await root.run(#"echo 'echo v=2 > "$BOBBIN_OUTPUT"' > run.sh; \#(deploy) run.sh"#)
            #expect(queue.jobFolder.tree.map(\.name) == [Array("run.sh".utf8)])
            func version(_ wanted: String) async throws {
                try await wait(for: "version \(wanted)", details: { bobbin.said }) {
                    let name = "f-\(UInt64.random(in: 0 ... .max))"
                    try queue.drop(name)
                    return try await queue.wait(name, .succeeded).output("v") == wanted
                }
            }
            try await version("2")
            let bad = try root.launch(line: "mkdir b; echo > b/run.cmd; \(deploy) b")
            #expect(try await bad.end() == 1)
            #expect(bad.said.contains("Windows program") && bad.said.contains("\(queue.jobFolder)/run.cmd"), "\(bad.said)")
            #expect(queue.jobFolder.tree.map(\.name) == [Array("run.sh".utf8)])
            try await root.run("\(deploy) --rollback")
            try await version("1")
            try await root.stop(bobbin)
            #expect(!bobbin.error.string.contains("job q stops"))
            try await root.expectPromises(isDrained: true)
        }
    }

    /// The chosen one is deleted, the next in order is chosen.
    @Test func scenario15_scriptsAreChosenInOrder() async throws {
        try await withRoot { root in
            let queue = root.queue("q")
            queue.jobFolder.makeFolder()
            let names = ["run.sh", "run.py", "run.pl", "invoke.sh", "execute.py", "carry-out.pl"]
            for name in names {
                let text =
                    switch name.suffix(3) {
                    case ".sh": "echo script=\(name) > \"$BOBBIN_OUTPUT\"\n"
                    case ".py": "import os\nopen(os.environ['BOBBIN_OUTPUT'], 'w').write('script=\(name)\\n')\n"
                    default: "open(my $f, '>', $ENV{BOBBIN_OUTPUT}); print $f \"script=\(name)\\n\";\n"
                    }
                (queue.jobFolder / name).write(text)
            }
            let bobbin = try await root.start()
            for name in names {
                try await wait(for: "\(name) to be chosen", details: { bobbin.said }) {
                    let item = "f-\(UInt64.random(in: 0 ... .max))"
                    try queue.drop(item)
                    return try await queue.wait(item, .succeeded).output("script") == name
                }
                (queue.jobFolder / name).remove()
            }
            try await root.stop(bobbin)
        }
    }
}
