import Glibc
import Testing

/// A fresh root with everything a test needs around it, used as a user would use it. Made by `withRoot`, which ends all
/// processes and removes everything, however the test ends.
///
///     /tmp/bobbin-e2e-XXXXXX/root/{jobs,spool,data}   what Bobbin sees
///                            stage/                   where files are made before they are moved in
///                            notes/                   what the test's scripts write down: `runs`, `seen/RUN`, `lib.sh`
final class Root: @unchecked Sendable {
    let top: Path
    let path: Path
    private(set) var stage: Path
    let notes: Path
    var spool: Path { path / "spool" }
    var jobs: Path { path / "jobs" / "triggered" }
    var data: Path { path / "data" }
    /// All orchestrators and tools started here, the last at the end.
    private(set) var programs: [Program] = []
    /// What the test has dropped and the checker looks for.
    private(set) var ledger: [Drop] = []
    private var made = 0
    private var mounts: [Path] = []

    struct Drop: Hashable, Sendable {
        let queue: String
        let name: [UInt8]
        let content: [UInt8]
    }

    fileprivate init(in parent: String) throws {
        var template = Array("\(parent)/bobbin-e2e-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer {
            mkdtemp($0.baseAddress!).map { Path(String(cString: $0)) }
        }
        top = try #require(made)
        _ = top.withC { chmod($0, 0o755) }
        path = top / "root"
        stage = top / "stage"
        notes = top / "notes"
        for folder in [path, stage, notes, notes / "seen", notes / "locks", path / "jobs", jobs, spool] {
            folder.makeFolder()
        }
        (notes / "lib.sh").write(
            """
            N=\(notes.quoted)
            note() {
                read -r up rest < /proc/uptime
                printf '%s %s %s %s %s\\n' "$BOBBIN_ID" "$BOBBIN_RUN_ID" "$BOBBIN_ATTEMPT" "$1" "$up" >> "$N/runs"
            }
            # The lock lives as long as any process of the run: whoever finds it taken overlaps with another run.
            begin() { exec 9>> "$N/locks/$BOBBIN_ID"; flock -n 9 || note overlap; note start; }
            see() { cat < "$BOBBIN_FILE" > "$N/seen/$BOBBIN_RUN_ID"; note seen; }
            finish() { note "end:$1"; exit "$1"; }
            # Waits until the test makes a file.
            await() { until [ -e "$1" ]; do sleep 0.02; done; }

            """)
    }

    // MARK: Jobs

    /// Makes a job whose script begins with `begin`; without a script it keeps what it saw and succeeds.
    @discardableResult
    func job(_ name: String, _ script: String = "see; finish 0", settings: String? = nil) -> Queue {
        let folder = jobs / name
        folder.makeFolder()
        if let settings { (folder / "settings.job").write(settings) }
        // Complete at once, as a deployment should be.
        let draft = notes / "run-\(name)"
        draft.write("#!/bin/sh\n. \((notes / "lib.sh").quoted)\nbegin\n\(script)\n", mode: 0o755)
        draft.move(to: folder / "run.sh")
        return queue(name)
    }

    /// A queue whose job, if any, is not of the usual kind.
    func queue(_ name: String) -> Queue {
        let queue = Queue(name: name, root: self)
        queue.path.makeFolder()
        return queue
    }

    func record(_ drop: Drop) { ledger.append(drop) }

    /// Forgets what was dropped under a name: the test has changed it since.
    func forget(_ name: String) { ledger.removeAll { $0.name == Array(name.utf8) } }

    // MARK: Orchestrators

    /// Starts an orchestrator; returns when it says that it is ready.
    @discardableResult
    func start(_ arguments: [String] = [], environment: [String: String] = [:]) async throws -> Program {
        let bobbin = try launch(arguments, environment: environment)
        try await wait(for: "\"bobbin: ready\"", details: { bobbin.said }) {
            try #require(bobbin.isRunning, "bobbin ended instead of getting ready: \(bobbin.said)")
            return bobbin.output.lines.contains("bobbin: ready")
        }
        return bobbin
    }

    /// Starts `bobbin run` without waiting for anything.
    func launch(_ arguments: [String] = [], environment: [String: String] = [:]) throws -> Program {
        try keep([Program.bobbin.text, "run", "--root", path.text] + arguments, environment)
    }

    private func keep(_ command: [String], _ environment: [String: String]) throws -> Program {
        made += 1
        let program = try Program(
            command, environment: environment, output: notes / "\(made).out", error: notes / "\(made).err")
        programs.append(program)
        return program
    }

    /// Tells an orchestrator to stop and waits until it has, in good order.
    func stop(_ bobbin: Program, within limit: Duration = .seconds(30)) async throws {
        bobbin.signal(SIGTERM)
        let code = try await bobbin.end(within: limit, "bobbin's end after SIGTERM")
        #expect(code == 0, "bobbin stopped with \(code): \(bobbin.said)")
    }

    /// Works off what is there: `bobbin run --drain`.
    func drain(within limit: Duration = .seconds(60)) async throws {
        let bobbin = try launch(["--drain"])
        let code = try await bobbin.end(within: limit, "the end of bobbin run --drain")
        #expect(code == 0, "bobbin run --drain ended with \(code): \(bobbin.said)")
    }

    // MARK: Tools

    /// Starts a line of bash in the staging folder. `$Q` names a queue's folder.
    func launch(line: String, queue: Queue? = nil) throws -> Program {
        try keep(
            ["/bin/bash", "-c", line.hasPrefix("set ") ? line : "set -e; cd \(stage.quoted); \(line)"],
            ["Q": queue?.path.text ?? spool.text, "STAGE": stage.text, "NOTES": notes.text])
    }

    /// Runs a line of bash, which must succeed as its user would expect.
    func run(_ line: String, queue: Queue? = nil, within limit: Duration = usualLimit) async throws {
        let program = try launch(line: line, queue: queue)
        let code = try await program.end(within: limit, "the end of: \(line)")
        #expect(code == 0, "\(line): exit code \(code): \(program.said)")
    }

    /// Starts a Python program in the staging folder.
    func launch(python text: String, queue: Queue) throws -> Program {
        made += 1
        let file = notes / "\(made).py"
        file.write(
            "import os, sys, time\nQ, STAGE, NOTES = (os.environ[n] for n in ('Q', 'STAGE', 'NOTES'))\nos.chdir(STAGE)\n\(text)\n"
        )
        return try launch(line: "exec python3 \(file.quoted)", queue: queue)
    }

    func run(python text: String, queue: Queue) async throws {
        let program = try launch(python: text, queue: queue)
        let code = try await program.end(within: .seconds(30), "the end of a Python program")
        #expect(code == 0, "\(text): exit code \(code): \(program.said)")
    }

    // MARK: File systems

    /// Puts the spool on a file system that is not local; files are staged there from now on, to be moved in by rename.
    func mountSpool(_ kind: Fuse) async throws {
        let back = top / "back"
        back.makeFolder()
        try await run(kind.line(from: back, to: spool))
        mounts.append(spool)
        stage = spool / ".stage"
        stage.makeFolder()
    }

    // MARK: Looking

    /// What the scripts wrote down.
    var runs: RunLog { RunLog(notes / "runs") }

    /// Living processes of runs of this root.
    var processesOfRuns: [pid_t] { ProcessTable.carrying("BOBBIN_FILE=\(spool.text)/") }

    /// What all programs said, for the message of a failed test.
    var said: String {
        programs.enumerated().map { "[\($0 + 1)] \($1.said.suffix(1500))" }.joined(separator: "\n")
    }

    fileprivate func end() {
        for program in programs { program.destroy() }
        // What an orchestrator started lives in sessions of its own; a killed one leaves it behind.
        for _ in 0..<50 {
            let left = ProcessTable.carrying(top.text)
            if left.isEmpty { break }
            for pid in left { kill(pid, SIGKILL) }
            usleep(2000)
        }
        for mount in mounts { Fuse.unmount(mount) }
        for path in [path] + path.tree where path.name == Array("immutable".utf8) {
            if let clear = try? Program(
                ["/usr/bin/chattr", "-i", path.text], output: notes / "chattr", error: notes / "chattr")
            {
                while clear.isRunning { usleep(2000) }
            }
        }
        top.removeTree()
    }
}

/// Runs a test in a fresh root.
///
/// - Parameter alone: no other root is at work meanwhile, for tests that load the machine.
func withRoot(
    alone: Bool = false, in parent: String = "/tmp", _ body: @escaping @Sendable (Root) async throws -> Void
) async throws {
    try await Permits.roots.with(alone: alone) { try await inRoot(in: parent, body) }
}

/// The same without asking whether others are at work, for a test that has the machine for itself and wants many roots.
func inRoot(in parent: String = "/tmp", _ body: @Sendable (Root) async throws -> Void) async throws {
    let root = try Root(in: parent)
    defer { root.end() }
    do {
        try await body(root)
    } catch {
        Issue.record(
            "\(error)\n\(root.said)\n\(root.path.tree.map { "\($0)".dropFirst(root.path.text.count + 1) }.joined(separator: "\n").prefix(3000))"
        )
    }
}
