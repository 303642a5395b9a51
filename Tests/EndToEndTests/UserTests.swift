import Documents
import Glibc
import Testing

/// Scripts that run as somebody else, within limits (`user`, `group`, `limits`); as root only.
@Suite(.enabled(if: geteuid() == 0)) struct UserTests {
    /// The scripts of these jobs note what they do as another user.
    private func open(_ root: Root) async throws { try await root.run("chmod -R a+rwX \(root.notes.quoted)") }

    @Test func script_asAnotherUser_reachesItsPlaces_andNothingElse() async throws {
        try await withRoot { root in
            let queue = root.job(
                "q",
                #"""
                see
                { id -u; id -g; id -G; echo "$HOME $USER $LOGNAME"; umask; cat; } > "$BOBBIN_RESULTS/facts"
                if [ "$BOBBIN_ATTEMPT" = 1 ]; then
                    echo kept > "$BOBBIN_WORK/kept"
                    echo one > "$BOBBIN_CHECKPOINT.new"; mv "$BOBBIN_CHECKPOINT.new" "$BOBBIN_CHECKPOINT"
                    finish 75
                fi
                cat "$BOBBIN_WORK/kept" "$BOBBIN_CHECKPOINT" >> "$BOBBIN_RESULTS/facts"
                echo "50 half" >> "$BOBBIN_PROGRESS"; echo v=1 >> "$BOBBIN_OUTPUT"
                mkdir "$BOBBIN_NEXT/sink"; cp "$BOBBIN_FILE" "$BOBBIN_NEXT/sink/copy"
                echo data > "$WEBJOBS_DATA_PATH/mine" || note dataless
                item=${BOBBIN_FILE%/payload/*}
                for theirs in item.json log payload; do mv "$item/$theirs" "$item/x" 2> /dev/null && note "stolen-$theirs"; done
                for folder in "$item/.." "$item/../../done" "$item/../../../../data" "$item/../../../../data/locks"; do
                    ls "$folder" > /dev/null 2>&1 && note "listed-${folder##*/}"
                done
                finish 0
                """#,
                settings: #"{"user": "daemon", "group": "adm", "umask": "027", "retry_delay": 0.05}"#)
            try await open(root)
            let bobbin = try await root.start()
            root.record(Root.Drop(queue: "q", name: Array("f".utf8), content: Array("secret\n".utf8)))
            try await root.run("(umask 077; echo secret > f); mv f \(queue.path.quoted)/f", queue: queue)
            let status = try await queue.wait("f", .succeeded)
            #expect(status.output("v") == "1" && status.attempt == 2)
            let facts = try #require(status.results.first { $0.hasSuffix("facts") })
            let shown = (Path(facts.hasPrefix("/") ? facts : "\(queue.path.text)/\(facts)")).lines
            #expect(shown.first == "1" && shown.suffix(3) == ["secret", "kept", "one"], "\(shown)")
            #expect(shown.dropFirst(3).first == "/usr/sbin daemon daemon" && shown.contains("0027"), "\(shown)")
            let noted = root.runs.events.map(\.event).filter { $0.hasPrefix("stolen") || $0.hasPrefix("listed") || $0 == "dataless" }
            #expect(noted == [], "\(root.said)")
            #expect((root.spool / "sink" / "copy").string == "secret\n")
            try await root.stop(bobbin)
            try await root.expectPromises(isDrained: true)
        }
    }

    @Test func unknownUser_isRefused_andTheFilesWait() async throws {
        try await withRoot { root in
            let queue = root.job("q", settings: #"{"user": "no-such-user"}"#)
            let bobbin = try await root.start()
            try queue.drop("f")
            try await wait(for: "a word about it") { bobbin.error.string.contains("there is no user \"no-such-user\"; create it") }
            (queue.jobFolder / "settings.job").write("{}")
            try await queue.wait("f", .succeeded)
            try await root.stop(bobbin)
        }
    }

    @Test func limits_areThoseOfEveryProcess() async throws {
        try await withRoot { root in
            let queue = root.job(
                "q", #"see; exec bash -c 'echo "l=$(ulimit -d) $(ulimit -t) $(ulimit -n) $(ulimit -f) $(ulimit -u)" >> "$BOBBIN_OUTPUT"'"#,
                settings: #"""
                    {"user": "daemon", "limits": {"memory": "512M", "cpu": "90s", "open_files": 77, "file_size": "1G", "processes": 333}}
                    """#)
            let greedy = root.job(
                "greedy", #"see; python3 -c 'x = bytearray(200 << 20)' 2> "$N/greedy"; note "python:$?"; finish 0"#,
                settings: #"{"limits": {"memory": "100M"}}"#)
            try await open(root)
            let bobbin = try await root.start()
            try queue.drop("f")
            let status = try await queue.wait("f", .succeeded)
            #expect(status.output("l") == "524288 90 77 1048576 333")
            try greedy.drop("g")
            try await greedy.wait("g", .succeeded)
            #expect(root.runs.count("python:1") == 1 && (root.notes / "greedy").string.contains("MemoryError"))
            try await root.stop(bobbin)
        }
    }

    /// The memory group in which such a test can run; nil where none can be made.
    private static let group: Path? = {
        let top = Path("/sys/fs/cgroup/memory")
        guard (top / "memory.limit_in_bytes").exists else { return nil }
        let group = top / "bobbin-e2e-\(getpid())"
        return group.withC { mkdir($0, 0o755) } == 0 ? group : nil
    }()

    @Test(.enabled(if: group != nil)) func script_killedForWantOfMemory_isReportedAsSuch() async throws {
        let group = try #require(Self.group)
        try await withRoot { root in
            let settings = #"{"max_attempts": 1}"#
            let eat = "exec python3 -c 'x = bytearray(b\"x\") * (1 << 30)'"
            let eater = root.job("eater", "see; \(eat)", settings: settings)
            let parent = root.job("parent", "see; (\(eat)); exit $?", settings: settings)
            let byHand = root.job("byhand", "see; kill -9 $$", settings: settings)
            let bobbin = try root.launch(
                line:
                    "echo 300M > \(group.quoted)/memory.limit_in_bytes; echo $$ > \(group.quoted)/cgroup.procs; exec \(Program.bobbin.quoted) run --root \(root.path.quoted)"
            )
            for (queue, reason) in [(eater, "memory"), (parent, "memory"), (byHand, "signal")] {
                try queue.drop("f")
                let status = try await queue.wait("f", .failed, within: .seconds(60))
                #expect(status.reason == reason, "\(queue.name): \(status.reason ?? "") \(status.error)")
            }
            bobbin.signal(SIGTERM)
            try await bobbin.end()
            _ = group.withC { rmdir($0) }
        }
    }
}
