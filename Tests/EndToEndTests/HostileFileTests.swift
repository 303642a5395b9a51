import Glibc
import Testing
import Verifying

/// What people, and people who mean harm, put into a folder besides plain files (reference/anchors.md §5.5 D).
struct HostileFileTests {
    static let notFiles: [(String, String)] = [
        ("symbolic link to a file", "echo secret > target; ln -s $PWD/target $Q/it"),
        ("symbolic link out of the spool", "ln -s /etc/passwd $Q/it"),
        ("symbolic link that dangles", "ln -s nowhere $Q/it"),
        ("symbolic link to itself", "ln -s it $Q/it"),
        ("symbolic link to a folder", "ln -s /etc $Q/it"),
        ("symbolic link that was moved in", "ln -s /etc/passwd it; mv it $Q/it"),
        ("FIFO", "mkfifo $Q/it"),
        ("FIFO that was moved in", "mkfifo it; mv it $Q/it"),
        (
            "socket",
            "python3 -c 'import socket, os; os.chdir(os.environ[\"Q\"]); socket.socket(socket.AF_UNIX).bind(\"it\")'"
        ),
        ("character device", "mknod $Q/it c 1 5"),
        ("block device", "mknod $Q/it b 7 200"),
    ]

    @Test(arguments: notFiles.map(\.0))
    func thing_thatIsNoFile_goesToFailedUnopened(_ name: String) async throws {
        let line = Self.notFiles.first { $0.0 == name }!.1
        if name.contains("device"), geteuid() != 0 { return }
        try await withRoot { root in
            let queue = root.job("q")
            let bobbin = try await root.start()
            try await root.run(line, queue: queue)
            let status = try await queue.wait("it", .failed)
            #expect(status.reason == "not_a_file")
            #expect(status.attempt == 0)
            #expect(
                status.error.contains(
                    name.split(separator: " ")[0] == "FIFO"
                        ? "pipe" : name.contains("device") ? "device" : name.contains("socket") ? "socket" : "link"),
                "\(status.error)")
            let item = try queue.item(status)
            #expect(item.payload.map(\.text) == [(item.folder / "payload" / "it").text])
            #expect(item.payload.first?.kind != S_IFREG)
            try await queue.settle()
            try await root.stop(bobbin)
            #expect(root.runs.count("start") == 1)
            try await root.expectPromises(isDrained: true)
        }
    }

    static let goodFiles: [(String, String)] = [
        ("hard link", "echo content > x; ln x $Q/it; ln x y"),
        ("sparse", "truncate -s 3M x; printf end >> x; mv x $Q/it"),
        ("ten gigabytes with a hole", "truncate -s 10G x; mv x $Q/it"),
        ("old", "echo content > x; touch -d 1970-01-01T00:00:01Z x; mv x $Q/it"),
        ("without permissions", "echo content > x; chmod 000 x; mv x $Q/it"),
        ("executable and set-uid", "cp /bin/true x; chmod 4755 x; mv x $Q/it"),
        ("with extended attributes", "echo content > x; setfattr -n user.note -v here x || true; mv x $Q/it"),
        (
            "read by somebody",
            "echo content > $Q/.it; exec 3< $Q/.it; mv $Q/.it $Q/it; until [ -e $Q/status/it.json ]; do sleep 0.02; done"
        ),
    ]

    @Test(arguments: goodFiles.map(\.0))
    func file_ofAnUnusualKind_isRunOnce(_ name: String) async throws {
        let line = Self.goodFiles.first { $0.0 == name }!.1
        if name == "without permissions", geteuid() != 0 { return }
        try await withRoot { root in
            let queue = root.job("q", "stat -c %s \"$1\" > \"$N/size\"; finish 0")
            let bobbin = try await root.start()
            try await root.run(line, queue: queue)
            let status = try await queue.wait("it", .succeeded)
            #expect(status.size == Int((root.notes / "size").string.dropLast()))
            let item = try queue.item(status)
            if name == "sparse" || name.hasPrefix("ten") {
                #expect((item.payload.first?.stat?.st_blocks ?? .max) < 2000, "the holes were filled")
            }
            try await root.stop(bobbin)
            #expect(root.runs.starts(of: status.id) == 1)
        }
    }

    @Test func payload_truncatedAfterTheClaim_stillEndsOnce() async throws {
        try await withRoot { root in
            let queue = root.job("q", #"await "$N/go"; stat -c %s "$1" > "$N/size"; finish 0"#)
            let bobbin = try await root.start()
            try queue.drop("file", "twelve bytes")
            root.forget("file")
            _ = try await queue.wait(run: "start")
            let item = try #require(queue.items(.claimed).first)
            _ = item.payload.first?.withC { truncate($0, 3) }
            (root.notes / "go").write("")
            let status = try await queue.wait("file", .succeeded)
            #expect(status.size == 12, "the size is that of the claim")
            #expect((root.notes / "size").string == "3\n")
            try await root.stop(bobbin)
            // Whoever did that is told: these are not the bytes that were accepted.
            let report = try await InvariantChecker(root: root).report(isDrained: true)
            #expect(report.findings.map(\.problem) == ["other_size"])
        }
    }

    /// The name is given to a new file again and again while Bobbin claims it: every run sees one complete version, none
    /// is seen twice, and the last one is never lost.
    @Test func file_replacedWhileItIsClaimed_isNeverMixedUp() async throws {
        try await withRoot { root in
            let queue = root.job("q", settings: #"{"max_concurrency": 4}"#)
            let bobbin = try await root.start()
            try await root.run(
                python: """
                    for i in range(400):
                        with open('x', 'wb') as f: f.write((b'%06d ' % i) * 500)
                        os.rename('x', Q + '/file')
                        time.sleep(0.002 * (i % 3))
                    """, queue: queue)
            try await wait(for: "the last version", details: { root.said }) {
                queue.waiting.isEmpty && queue.items(.claimed).isEmpty
            }
            try await root.stop(bobbin)
            let seen = root.runs.events.filter { $0.event == "seen" }.compactMap {
                (root.notes / "seen" / $0.run).content
            }
            let versions = seen.map { String(decoding: $0.prefix(6), as: UTF8.self) }
            #expect(
                zip(seen, versions).allSatisfy { $0 == Array(String(repeating: "\($1) ", count: 500).utf8) },
                "a run saw a mixture")
            #expect(Set(versions).count == versions.count, "a version was run twice")
            #expect(versions.contains("000399"), "the last version was not run; \(versions.count) were")
            #expect(root.runs.count("start") == queue.items(.done).count)
            #expect(queue.status("file")?.state == .succeeded)
            try await root.expectPromises(isDrained: true)
        }
    }

    /// A file and a link to a secret take turns under one name: the secret is never read, and a FIFO never waited for.
    @Test(arguments: ["os.symlink(STAGE + '/secret', 'y')", "os.mkfifo('y')"])
    func file_swappedWithSomethingElse_isNeverFollowed(_ make: String) async throws {
        try await withRoot { root in
            let queue = root.job("q", settings: #"{"max_concurrency": 4}"#)
            (root.stage / "secret").write("secret")
            let bobbin = try await root.start()
            try await root.run(
                python: """
                    for i in range(300):
                        with open('x', 'wb') as f: f.write(b'public')
                        os.rename('x', Q + '/file')
                        \(make)
                        os.rename('y', Q + '/file')
                        if i % 2: time.sleep(0.001)
                    """, queue: queue)
            try await wait(for: "the end of all claims", details: { root.said }) {
                queue.waiting.isEmpty && queue.items(.claimed).isEmpty
            }
            try await queue.settle()
            try await root.stop(bobbin)
            for event in root.runs.events where event.event == "seen" {
                let content = (root.notes / "seen" / event.run).content
                #expect(
                    content == Array("public".utf8) || content == Array("content\n".utf8),
                    "a run saw \(content.map(shown) ?? "nothing")")
            }
            for item in queue.items(.failed) { #expect(item.outcome?.reason == "not_a_file") }
            try await root.expectPromises(isDrained: true)
        }
    }

    @Test func immutableFile_waitsWithAMessage_andRunsWhenItCan() async throws {
        guard geteuid() == 0, Tool.isPresent("chattr") else { return }
        try await withRoot { root in
            let queue = root.job("q")
            let draft = queue.path / "immutable"
            draft.write("fixed")
            root.record(Root.Drop(queue: "q", name: draft.name, content: Array("fixed".utf8)))
            try await root.run("chattr +i $Q/immutable", queue: queue)
            let bobbin = try await root.start()
            try await wait(for: "a message about the file", details: { bobbin.said }) {
                bobbin.error.string.contains("immutable")
            }
            try await queue.settle()
            #expect(queue.status("immutable") == nil)
            // A trial makes a folder for an instant.
            try await wait(for: "a trial leaves nothing behind: no claim left", details: { "" }) { queue.items(.claimed).isEmpty }
            try await root.run("chattr -i $Q/immutable; touch $Q/immutable", queue: queue)
            try await queue.wait("immutable", .succeeded, within: .seconds(45))
            try await root.stop(bobbin)
            try await root.expectPromises(isDrained: true)
        }
    }

    /// Bobbin as an ordinary user, where leases on other people's files are not permitted.
    @Test func filesOfOthers_forAnOrdinaryUser_runOrWait() async throws {
        guard geteuid() == 0, Tool.isPresent("setpriv") else { return }
        try await withRoot { root in
            let queue = root.job("q")
            try await root.run("chown -R nobody \(root.path.quoted) \(root.notes.quoted)")
            (queue.path / "secret").write("for root alone", mode: 0o600)
            let bobbin = try root.launch(
                line:
                    "exec setpriv --reuid=nobody --regid=nogroup --clear-groups \(Program.bobbin.quoted) run --root \(root.path.quoted)"
            )
            try await wait(for: "ready", details: { bobbin.said }) { bobbin.output.string.contains("ready") }
            (queue.path / "readable").write("of root", mode: 0o644)
            try await queue.wait("readable", .succeeded)
            let slow = try root.launch(
                line:
                    "exec 3> $Q/slow; echo first >&3; until [ -e $NOTES/go ]; do echo more >&3; sleep 0.03; done; echo last >&3",
                queue: queue)
            try await wait(for: "the slow writer") { (queue.path / "slow").exists }
            try await queue.settle()
            #expect((queue.path / "slow").exists, "it was taken while it changed")
            (root.notes / "go").write("")
            #expect(try await slow.end() == 0)
            let status = try await queue.wait("slow", .succeeded)
            #expect(queue.seen(status.id).first.map { String(decoding: $0, as: UTF8.self).hasSuffix("last\n") } == true)
            #expect((queue.path / "secret").exists)
            #expect(bobbin.error.string.contains("secret"), "\(bobbin.said)")
            try await wait(for: "no claim left", details: { "" }) { queue.items(.claimed).isEmpty }
            try await root.stop(bobbin)
        }
    }
}
