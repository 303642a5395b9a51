import Documents
import Glibc
import Testing

/// What a script gets (contract §5).
struct ScriptTests {
    /// A job that writes down its environment, arguments, descriptors and folder, as the kernel tells them.
    private func makeWitness(_ root: Root, _ more: String = "") -> Queue {
        let queue = root.job(
            "q",
            settings: """
                {"command": ["/usr/bin/python3", "-I", "witness.py", "own argument"], \(more)}
                """)
        (queue.jobFolder / "witness.py").write(
            """
            import os, sys, fcntl
            place = "\(root.notes)/"
            open(place + "environment", "wb").write(open("/proc/self/environ", "rb").read())
            open(place + "arguments", "wb").write(b"\\0".join(os.fsencode(a) for a in sys.argv))
            open(place + "folder", "w").write(os.getcwd())
            mine = [fd for fd in os.listdir("/proc/self/fd") if os.path.exists("/proc/self/fd/" + fd)]
            open(place + "descriptors", "w").write(" ".join(sorted(mine)))
            open(place + "stdin", "wb").write(os.fsencode(os.readlink("/proc/self/fd/0")) + b"\\n" + sys.stdin.buffer.read())
            open(place + "mask", "w").write("%o %d %d %d" % (os.umask(0), os.nice(0), os.getpid() == os.getpgid(0), os.getpid() == os.getsid(0)))
            open(place + "signals", "w").write("".join(l for l in open("/proc/self/status") if l.startswith(("SigBlk", "SigIgn"))))
            """)
        return queue
    }

    private func environment(_ root: Root) -> [String: String] {
        let pairs =
            (root.notes / "environment").content?.split(separator: 0).map { String(decoding: $0, as: UTF8.self) } ?? []
        return Dictionary(
            pairs.map { pair in
                let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return (String(parts[0]), String(parts.last ?? ""))
            }
        ) { _, second in second + " (given twice)" }
    }

    @Test func run_getsExactlyTheVariablesOfTheContract() async throws {
        try await withRoot { root in
            let queue = makeWitness(root)
            let bobbin = try await root.start(environment: [
                "SECRET": "x", "TZ": "Europe/Berlin", "LC_ALL": "C", "BOBBIN_META": "forged",
            ])
            try queue.drop("some name")
            let status = try await queue.wait("some name", .succeeded)
            try await root.stop(bobbin)
            var found = environment(root)
            let claimed = "\(queue.path)/claimed/\(status.id)"
            let run = found["BOBBIN_RUN_ID"] ?? ""
            #expect(ItemID(run) != nil)
            var expected = [
                "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": "/nonexistent", "LANG": "C.UTF-8",
                "TZ": "Europe/Berlin",
                "BOBBIN_FILE": "\(claimed)/payload/some name", "BOBBIN_NAME": "some name", "BOBBIN_QUEUE": "q",
                "BOBBIN_ID": status.id,
                "BOBBIN_RUN_ID": run, "BOBBIN_ATTEMPT": "1", "BOBBIN_MAX_ATTEMPTS": "5", "BOBBIN_INTERRUPTIONS": "0",
                "BOBBIN_TRIGGER": "drop", "BOBBIN_CHECKPOINT": "\(claimed)/checkpoint",
                "BOBBIN_INSTANCE_ID": status.json["instance"]?.string ?? "",
                "WEBJOBS_NAME": "q", "WEBJOBS_TYPE": "triggered",
                "WEBJOBS_PATH": "\(root.data)/deployments/triggered/q/\(status.json["deployment"]?.string ?? "")",
                "WEBJOBS_DATA_PATH": "\(root.data)/jobs/triggered/q", "WEBJOBS_RUN_ID": run,
            ]
            for name in [
                "BOBBIN_WORK", "BOBBIN_PROGRESS", "BOBBIN_OUTPUT", "BOBBIN_RESULTS", "BOBBIN_NEXT",
                "WEBJOBS_SHUTDOWN_FILE",
            ] {
                #expect(found[name]?.hasPrefix("\(queue.path)/claimed/") == true, "\(name)=\(found[name] ?? "")")
                expected[name] = found[name]
            }
            // What the program itself, and its interpreter, add.
            found["LC_CTYPE"] = nil
            for (name, value) in expected { #expect(found.removeValue(forKey: name) == value, "\(name)") }
            #expect(found.isEmpty)
        }
    }

    @Test func run_withAnEnvelope_getsWhatItSays() async throws {
        try await withRoot { root in
            let queue = makeWitness(root)
            let bobbin = try await root.start()
            (queue.path / "f.envelope").write(
                #"{"correlation_id": "c 1", "arguments": ["--first", "it's", ""], "properties": {"colour": "blue"}}"#)
            try queue.drop("f")
            let status = try await queue.wait("f", .succeeded)
            try await root.stop(bobbin)
            let found = environment(root)
            #expect(found["BOBBIN_CORRELATION_ID"] == "c 1")
            #expect(found["BOBBIN_META"]?.hasSuffix("/envelope") == true)
            #expect(found["WEBJOBS_COMMAND_ARGUMENTS"] == "--first it's ")
            #expect((root.notes / "arguments").content == Array("witness.py\0own argument\0--first\0it's\0".utf8))
            #expect(status.json["correlation_id"]?.string == "c 1")
            #expect(queue.waiting == [])
            #expect((root.notes / "stdin").string.hasSuffix("\ncontent\n"))
        }
    }

    @Test func run_getsPathPayloadFolderAndNoOtherDescriptor() async throws {
        try await withRoot { root in
            let queue = makeWitness(
                root, #""umask": "027", "nice": 5, "environment": {"OWN": "a ${LANG} b", "PATH": "/usr/bin"}"#)
            let bobbin = try await root.start()
            try queue.drop("f", "the payload")
            let status = try await queue.wait("f", .succeeded)
            try await root.stop(bobbin)
            let payload = "\(queue.path)/claimed/\(status.id)/payload/f"
            #expect((root.notes / "arguments").string == "witness.py\0own argument\0\(payload)")
            #expect((root.notes / "stdin").string == "\(payload)\nthe payload")
            #expect((root.notes / "folder").string == "\(root.data)/deployments/triggered/q/\(status.json["deployment"]?.string ?? "")")
            #expect((root.notes / "descriptors").string == "0 1 2")
            #expect((root.notes / "mask").string == "27 5 1 1")
            let found = environment(root)
            #expect(found["OWN"] == "a C.UTF-8 b")
            #expect(found["PATH"] == "/usr/bin")
            #expect((root.notes / "signals").string.contains("SigBlk:\t0000000000000000"))
        }
    }

    @Test func checkpointAndWork_areKeptAcrossAttempts_andWorkGoesAtTheEnd() async throws {
        try await withRoot { root in
            let queue = root.job(
                "q",
                """
                cat "$BOBBIN_CHECKPOINT" "$BOBBIN_WORK/kept" >> "$N/resumed" 2> /dev/null
                echo "checkpoint $BOBBIN_ATTEMPT" > "$BOBBIN_CHECKPOINT"; echo "work $BOBBIN_ATTEMPT" >> "$BOBBIN_WORK/kept"
                echo "partial" > "$BOBBIN_RESULTS/r"
                [ "$BOBBIN_ATTEMPT" = 3 ] || finish 1
                finish 0
                """, settings: #"{"retry_delay": [0.05]}"#)
            let bobbin = try await root.start()
            try queue.drop("f")
            let status = try await queue.wait("f", .succeeded)
            try await root.stop(bobbin)
            #expect(status.attempt == 3)
            #expect((root.notes / "resumed").string == "checkpoint 1\nwork 1\ncheckpoint 2\nwork 1\nwork 2\n")
            let item = try queue.item(status)
            #expect((item.folder / "checkpoint").string == "checkpoint 3\n")
            #expect(!(item.folder / "work").exists)
            try await root.expectPromises(isDrained: true)
        }
    }

    @Test func progress_isShownWhileItRuns() async throws {
        try await withRoot { root in
            let queue = root.job(
                "q",
                #"echo "12 first" > "$BOBBIN_PROGRESS"; echo "42 encoding frame 1200" >> "$BOBBIN_PROGRESS"; await "$N/go"; finish 0"#
            )
            let bobbin = try await root.start()
            try queue.drop("f")
            let status = try await queue.wait("f", .running) { $0.percent == 42 }
            #expect(status.progressMessage == "encoding frame 1200")
            #expect(status.attempt == 1)
            (root.notes / "go").write("")
            try await queue.wait("f", .succeeded)
            try await root.stop(bobbin)
        }
    }

    @Test func output_becomesValuesOfTheStatus() async throws {
        try await withRoot { root in
            let queue = root.job(
                "q",
                #"printf 'width=640\nempty=\nwidth=641\ntext<<END\nline 1\nline=2\nEND\nurl=http://x/?a=b\nlast=no newline' > "$BOBBIN_OUTPUT"; finish 0"#
            )
            let bobbin = try await root.start()
            try queue.drop("f")
            let status = try await queue.wait("f", .succeeded)
            try await root.stop(bobbin)
            #expect(status.output("width") == "641")
            #expect(status.output("empty") == "")
            #expect(status.output("text") == "line 1\nline=2")
            #expect(status.output("url") == "http://x/?a=b")
            #expect(status.output("last") == "no newline")
        }
    }

    @Test func results_arePublishedOnSuccessAlone() async throws {
        try await withRoot { root in
            let script =
                #"mkdir "$BOBBIN_RESULTS/sub"; echo 1 > "$BOBBIN_RESULTS/a"; echo 2 > "$BOBBIN_RESULTS/sub/b"; mkdir "$BOBBIN_NEXT/after"; cp "$1" "$BOBBIN_NEXT/after/"; finish"#
            let good = root.job("good", script + " 0")
            let bad = root.job("bad", script + " 65")
            let bobbin = try await root.start()
            try good.drop("f")
            try bad.drop("g")
            let status = try await good.wait("f", .succeeded)
            let failure = try await bad.wait("g", .failed)
            try await root.stop(bobbin)
            #expect(status.results == ["results/\(status.id)/a", "results/\(status.id)/sub/b"])
            #expect((good.path / "results" / status.id / "sub" / "b").string == "2\n")
            #expect(failure.results == [])
            #expect((bad.path / "results").children == [])
            let after = root.queue("after")
            #expect((after.path / "f").string == "content\n")
            #expect(!(after.path / "g").exists)
            #expect(try await InvariantChecker(root: root).violations(isDrained: true).filter { !$0.contains("envelope") } == [])
        }
    }

    @Test func next_dropsIntoTheFollowingJob_asAForward() async throws {
        try await withRoot { root in
            let first = root.job(
                "first",
                #"mkdir "$BOBBIN_NEXT/second"; tr a-z A-Z < "$1" > "$BOBBIN_NEXT/second/$BOBBIN_NAME"; finish 0"#)
            let second = root.job("second", #"echo "trigger=$BOBBIN_TRIGGER" > "$BOBBIN_OUTPUT"; see; finish 0"#)
            let bobbin = try await root.start()
            try first.drop("f", "text")
            let one = try await first.wait("f", .succeeded)
            let two = try await second.wait("f", .succeeded)
            try await root.stop(bobbin)
            #expect(second.seen(two.id) == [Array("TEXT".utf8)])
            #expect(two.output("trigger") == "forward")
            #expect(two.json["correlation_id"]?.string == one.id)
            try await root.expectPromises(isDrained: true)
        }
    }

    @Test(arguments: [
        #"echo x > "$BOBBIN_NEXT/file""#, #"mkdir "$BOBBIN_NEXT/q"; echo x > "$BOBBIN_NEXT/q/f""#,
        #"mkdir -p "$BOBBIN_NEXT/n"; ln -s /etc/passwd "$BOBBIN_NEXT/n/f""#,
        #"ln -s /etc "$BOBBIN_NEXT/n""#, #"mkdir -p "$BOBBIN_NEXT/.hidden"; echo x > "$BOBBIN_NEXT/.hidden/f""#,
    ])
    func next_thatCannotBeForwarded_failsTheItemWithTheReason(_ line: String) async throws {
        try await withRoot { root in
            let queue = root.job("q", line + "; finish 0", settings: #"{"max_attempts": 1}"#)
            let bobbin = try await root.start()
            try queue.drop("f")
            let status = try await queue.wait("f", .failed)
            #expect(status.error.contains("BOBBIN_NEXT"), "\(status.json)")
            try await root.stop(bobbin)
            #expect(Set(root.spool.names) == [Array("q".utf8)])
            #expect(root.runs.count("start") == 1)
        }
    }
}
