import Files
import Glibc
import SystemPackage
import Testing

@testable import Watching

@Suite("Whatever is lost is said, and events come back")
struct LossTests {
    let scratch: Scratch
    let inbox: Folder

    init() throws {
        scratch = try Scratch()
        inbox = try scratch.make("inbox")
    }

    private func expectEvents(_ observer: Observer, _ token: WatchToken, _ folder: Folder, _ name: String) async throws {
        try folder.drop(.of(name))
        try await observer.expect(token, .closed(.of(name)))
    }

    @Test func theWatcherIsKilled_itIsStartedAgain() async throws {
        let observer = Observer()
        let token = try await observer.watch(inbox.path)
        for round in 1...3 {
            observer.forget()
            let id = try #require(observer.watcher.health.watcherProcess)
            kill(id, SIGKILL)
            try await observer.expect(token, .lost(.watcherDied))
            try await observer.expect(token, .lost(.started))
            try await expectEvents(observer, token, inbox, "after-\(round)")
            #expect(!Program.isAlive(id))
            #expect(observer.watcher.health.restarts == round)
        }
        #expect(observer.notices.count { $0.contains("was killed by signal 9") } == 1)
    }

    @Test func theFolderIsDeletedAndMadeAgain() async throws {
        let observer = Observer()
        let path = scratch.path.appending("brief")
        try scratch.folder.makeFolder(RelativePath("brief"))
        let token = try await observer.watch(path)
        for round in 1...3 {
            observer.forget()
            try scratch.folder.removeTree(RelativePath("brief"))
            try await observer.expect(token, .lost(.replaced))
            try scratch.folder.makeFolder(RelativePath("brief"))
            try await observer.expect(token, .lost(.started))
            try await expectEvents(observer, token, try Folder.open(path), "after-\(round)")
        }
    }

    /// The kernel tells of the end of an inode, which an open descriptor puts off.
    @Test func theFolderIsDeletedWhileItIsHeldOpen() async throws {
        let observer = Observer()
        let token = try await observer.watch(inbox.path)
        for round in 1...3 {
            observer.forget()
            let held = try Folder.open(inbox.path)
            try scratch.folder.removeTree(RelativePath("inbox"))
            try await observer.expect(token, .lost(.replaced))
            let new = try scratch.make("inbox")
            try await observer.expect(token, .lost(.started))
            try await expectEvents(observer, token, new, "after-\(round)")
            #expect(try held.file.stamp().links == 0)
        }
    }

    @Test func theFolderAboveIsMovedAway() async throws {
        let observer = Observer()
        let token = try await observer.watch(
            scratch.path.appending("spool").appending("inbox"), making: scratch)
        try scratch.folder.replace(RelativePath("spool"), to: scratch.folder, as: RelativePath("old"))
        try await observer.expect(token, .lost(.replaced))
        observer.forget()
        let spool = try scratch.make("spool")
        try spool.makeFolder(RelativePath("inbox"))
        try await observer.expect(token, .lost(.started))
        try await expectEvents(observer, token, try spool.folder(RelativePath("inbox")), "a")
    }

    @Test func aWatchedFolderInsideAWatchedFolder_bothTell() async throws {
        let observer = Observer()
        let outer = try await observer.watch(inbox.path)
        try inbox.makeFolder(RelativePath("inner"))
        let inner = try await observer.watch(inbox.path.appending("inner"))
        try await expectEvents(observer, outer, inbox, "outer")
        try await expectEvents(observer, inner, try inbox.folder(RelativePath("inner")), "inner")
        // Whichever goes, the other still tells.
        observer.watcher.remove(inner)
        _ = try await observer.watch(scratch.path)
        try await expectEvents(observer, outer, inbox, "still")
        try inbox.removeTree(RelativePath("inner"))
        try await expectEvents(observer, outer, inbox, "and still")
        #expect(!observer.kinds(outer).contains(.lost(.replaced)))
    }

    @Test func theFolderIsMovedAwayAndMadeAgain() async throws {
        let observer = Observer()
        let token = try await observer.watch(inbox.path)
        try scratch.folder.replace(RelativePath("inbox"), to: scratch.folder, as: RelativePath("old"))
        try await observer.expect(token, .lost(.replaced))
        try await wait(for: "the folder to be missing") {
            if case .missing = observer.mode(token) { true } else { false }
        }
        observer.forget()
        let new = try scratch.make("inbox")
        try await observer.expect(token, .lost(.started))
        try inbox.drop(.of("in-the-old-place"))
        try await expectEvents(observer, token, new, "in-the-new-place")
        #expect(!observer.kinds(token).contains(.closed(.of("in-the-old-place"))))
    }

    @Test func aFolderThatIsNotThereYet_isWatchedWhenItIs() async throws {
        let observer = Observer()
        let token = await observer.watcher.add(path: scratch.path.appending("later"))
        try await observer.expect(token, .lost(.replaced))
        let later = try scratch.make("later")
        try await observer.expect(token, .lost(.started))
        try await expectEvents(observer, token, later, "a")
    }

    @Test func aFolderReplacedUnnoticed_isFoundByTheRescan() async throws {
        let observer = Observer { $0.rescanInterval = .milliseconds(50) }
        let path = scratch.path.appending("deep").appending("spool").appending("inbox")
        let token = try await observer.watch(path, making: scratch)
        // A folder far above is moved: neither the watched folder nor the one that contains it gets an event.
        try scratch.folder.replace(RelativePath("deep"), to: scratch.folder, as: RelativePath("shallow"))
        try await observer.expect(token, .lost(.replaced))
        observer.forget()
        let deep = try Folder.make(scratch.path.appending("deep").appending("spool"), mode: 0o700)
        try deep.makeFolder(RelativePath("inbox"))
        try await observer.expect(token, .lost(.started))
        try await expectEvents(observer, token, try deep.folder(RelativePath("inbox")), "a")
    }

    @Test(.enabled(if: getuid() == 0, "mounting needs root")) func theFileSystemIsUnmounted() async throws {
        let observer = Observer()
        try #require(try Program.shell("mount -t tmpfs tmpfs '\(inbox.path.string)'") == 0)
        let token = try await observer.watch(inbox.path)
        try #require(try Program.shell("umount '\(inbox.path.string)'") == 0)
        try await observer.expect(token, .lost(.unmounted))
        try await wait(for: "events from what was below") { observer.count(token, .lost(.started)) == 2 }
        try await expectEvents(observer, token, inbox, "below")
    }

    @Test func theKernelQueueOverflows() async throws {
        let observer = Observer()
        let token = try await observer.watch(inbox.path)
        try await wait(for: "the probe to be over") { observer.watcher.health.folders.first?.lastProbe != nil }
        let id = try #require(observer.watcher.health.watcherProcess)
        kill(id, SIGSTOP)
        defer { kill(id, SIGCONT) }
        let queue = try #require(
            Int(
                String(
                    decoding: Folder.open("/proc/sys/fs/inotify").read(RelativePath("max_queued_events")) ?? [],
                    as: UTF8.self
                ).filter(\.isNumber)))
        // Each file gives two events; the pipe to us is empty and takes none, as the process does not run.
        try await Offload.run { [inbox] in
            for index in 0...(queue / 2 + 100) { try inbox.drop(.of("file-\(index)"), "") }
        }
        kill(id, SIGCONT)
        try await observer.expect(token, .lost(.overflow))
        try await wait(for: "the overflow to be counted") { observer.watcher.health.overflows == 1 }
        try await expectEvents(observer, token, inbox, "after")
        #expect(observer.notices.contains { $0.contains("max_queued_events") })
    }

    @Test func aSlowReader_getsOneLossPerFolderAndLaterEvents() async throws {
        let observer = Observer(reading: false) { $0.bufferLimit = 100 }
        let other = try scratch.make("other")
        let token = await observer.watcher.add(path: inbox.path)
        let quiet = await observer.watcher.add(path: other.path)
        try await wait(for: "events to be on") { observer.mode(token) == .events && observer.mode(quiet) == .events }
        for index in 0..<500 { try inbox.drop(.of("file-\(index)")) }
        try await wait(for: "coalescing") { observer.watcher.health.coalesced > 0 }
        observer.read()
        try await observer.expect(token, .lost(.overflow))
        try await expectEvents(observer, token, inbox, "after")
        #expect(observer.changes.count < 2100)
        #expect(observer.kinds(quiet) == [.lost(.started)])
    }

    @Test func theSlowRescanComesForEveryFolder() async throws {
        let observer = Observer { $0.rescanInterval = .milliseconds(100) }
        let first = try await observer.watch(inbox.path)
        let second = await observer.watcher.add(path: scratch.path.appending("missing"))
        for token in [first, second] {
            try await wait(for: "two rescans of \(token)") { observer.count(token, .lost(.rescan)) >= 2 }
        }
    }
}

extension Observer {
    /// Makes the folder and the one above it, then watches it.
    fileprivate func watch(_ path: FilePath, making scratch: Scratch) async throws -> WatchToken {
        _ = try Folder.make(path, mode: 0o700)
        return try await watch(path)
    }
}
