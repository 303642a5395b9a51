import Glibc
import Testing

/// The rows of the table in which a file must wait.
struct WaitingFileTests {
    private static let half = Array(EventTableTests.sample[..<40_000])

    /// Proves that a file is not taken although everything else is: three others come and are done, a settle time apart.
    private func expectUntouched(_ queue: Queue, _ name: String) async throws {
        let inode = (queue.path / name).inode
        for _ in 0..<3 { try await queue.settle() }
        // Longer than settle_time and than the longest look at a busy file: what must not happen has had its time.
        try await Task.sleep(for: .milliseconds(1500))
        try await queue.settle()
        #expect((queue.path / name).inode == inode, "\(name) was taken")
        #expect(queue.status(name) == nil)
    }

    private func expectOneRun(_ root: Root, _ queue: Queue, _ bobbin: Program, sees content: [UInt8]) async throws {
        let status = try await queue.wait("file", .succeeded)
        try await queue.settle()
        try await root.stop(bobbin)
        #expect(root.runs.starts(of: status.id) == 1)
        #expect(queue.seen(status.id).map { $0 == content } == [true])
        try await root.expectPromises(isDrained: true)
    }

    static let holders: [(String, String)] = [
        (
            "an open writer",
            "f = open(Q + '/file', 'wb'); f.write(data[:40000]); f.flush(); go(); f.write(data[40000:]); f.close()"
        ),
        ("an open writer of all the bytes", "f = open(Q + '/file', 'wb'); f.write(data); f.flush(); go(); f.close()"),
        (
            "a file preallocated to its full size",
            "f = os.open(Q + '/file', os.O_CREAT | os.O_WRONLY); os.posix_fallocate(f, 0, len(data)); go(); os.write(f, data); os.close(f)"
        ),
        (
            "a shared mapping whose descriptor is closed",
            "f = open(Q + '/file', 'w+b'); f.truncate(len(data)); m = mmap.mmap(f.fileno(), len(data)); f.close(); m[:40000] = data[:40000]; go(); m[:] = data; m.close()"
        ),
        (
            "an open writer of a file that was moved in",
            "f = open('x', 'wb'); f.write(data[:9]); f.flush(); os.rename('x', Q + '/file'); go(); f.write(data[9:]); f.close()"
        ),
        (
            "an open writer on another hard link",
            "f = open('x', 'wb'); f.write(data[:9]); f.flush(); os.link('x', Q + '/file'); go(); f.write(data[9:]); f.close()"
        ),
        (
            "O_RDWR without a write",
            "open(Q + '/.x', 'wb').write(data); f = open(Q + '/.x', 'r+b'); os.rename(Q + '/.x', Q + '/file'); go(); f.close()"
        ),
    ]

    @Test(arguments: holders.map(\.0))
    func file_whileSomeoneCanStillWriteIt_isNotTaken(_ name: String) async throws {
        let python = Self.holders.first { $0.0 == name }!.1
        try await withRoot { root in
            let queue = root.job("q")
            (root.stage / "sample").write(EventTableTests.sample)
            let bobbin = try await root.start()
            let writer = try root.launch(
                python: """
                    import mmap
                    data = open('sample', 'rb').read()
                    def go():
                        open(NOTES + '/holding', 'w').close()
                        while not os.path.exists(NOTES + '/go'): time.sleep(0.01)
                    \(python)
                    """, queue: queue)
            try await wait(for: "the writer to hold the file", details: { writer.said }) {
                (root.notes / "holding").exists
            }
            try await expectUntouched(queue, "file")
            (root.notes / "go").write("")
            #expect(try await writer.end() == 0, "\(writer.said)")
            try await expectOneRun(root, queue, bobbin, sees: EventTableTests.sample)
        }
    }

    @Test func futureTime_meansNotBefore_andTouchMakesItDue() async throws {
        try await withRoot { root in
            let queue = root.job("q")
            let bobbin = try await root.start()
            let draft = root.stage / "x"
            draft.write("later")
            draft.touch(in: 3600)
            draft.move(to: queue.path / "file")
            try await expectUntouched(queue, "file")
            (queue.path / "file").touch(in: 0)
            try await expectOneRun(root, queue, bobbin, sees: Array("later".utf8))
        }
    }

    @Test func futureTime_whenItComes_startsTheFile() async throws {
        try await withRoot { root in
            let queue = root.job("q")
            let bobbin = try await root.start()
            let draft = root.stage / "x"
            draft.write("soon")
            draft.touch(in: 3)
            let due = time(nil) + 3
            draft.move(to: queue.path / "file")
            let status = try await queue.wait("file", .succeeded)
            #expect(time(nil) >= due)
            #expect(status.attempt == 1)
            try await root.stop(bobbin)
        }
    }

    @Test(arguments: ["cp", "mv"])
    func emptyFile_waitsForASecond(_ tool: String) async throws {
        try await withRoot { root in
            let queue = root.job("q")
            let bobbin = try await root.start()
            try await root.run(": > x; \(tool == "mv" ? "mv x $Q/file" : "cp x $Q/file")", queue: queue)
            let status = try await queue.wait("file", .succeeded)
            let waited = try #require(status.seconds(from: "submitted_at", to: "claimed_at"))
            // A move under the final name is the mover's word that it is complete (contract §3, first row).
            if tool == "cp" { #expect(waited >= 1) }
            #expect(queue.seen(status.id) == [[]])
            try await root.stop(bobbin)
        }
    }

    @Test func temporaryNames_areLeftAlone() async throws {
        try await withRoot { root in
            let queue = root.job("q")
            let bobbin = try await root.start()
            let names = [
                ".hidden", "x.part", "x.filepart", "x.crdownload", "x.partial", "x.tmp", "x~", ".x.swp", "#x#",
                "x.envelope", "4913", ".~lock.x#", "~$x",
            ]
            for name in names { (queue.path / name).write("unfinished") }
            try await queue.settle()
            try await expectUntouched(queue, "x.part")
            #expect(Set(queue.waiting.map(\.text)) == Set(names.map { (queue.path / $0).text }))
            try await root.stop(bobbin)
            #expect(root.runs.count("start") == queue.items(.done).count)
        }
    }

    @Test func sideFile_holdsItsPartnerBack_untilItGoes() async throws {
        try await withRoot { root in
            let queue = root.job("q")
            let bobbin = try await root.start()
            (queue.path / "file.aria2").write("control")
            (queue.path / "file").write("complete")
            try await expectUntouched(queue, "file")
            (queue.path / "file.aria2").remove()
            try await expectOneRun(root, queue, bobbin, sees: Array("complete".utf8))
        }
    }

    @Test func fileDeletedByItsWriter_isNoItem() async throws {
        try await withRoot { root in
            let queue = root.job("q")
            let bobbin = try await root.start()
            try await root.run(
                python:
                    "f = open(Q + '/file', 'wb'); f.write(b'1'); f.flush(); os.unlink(Q + '/file'); f.write(b'2'); f.close()",
                queue: queue)
            try await queue.settle()
            try await root.stop(bobbin)
            #expect(root.runs.count("start") == 1)
            #expect(queue.status("file") == nil)
        }
    }
}
