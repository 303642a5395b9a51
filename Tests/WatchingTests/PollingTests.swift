import Files
import Glibc
import SystemPackage
import Testing

@testable import Watching

@Suite("Where events do not come, it is time to look again, and that is said once")
struct PollingTests {
    let scratch: Scratch
    let inbox: Folder

    init() throws {
        scratch = try Scratch()
        inbox = try scratch.make("inbox")
    }

    private func expectPolling(_ observer: Observer, _ token: WatchToken) async throws {
        // A folder is looked at as well until bobbin-watch has started: the mode tells that it stays so.
        try await wait(for: "three looks") {
            guard case .polling = observer.mode(token) else { return false }
            return observer.count(token, .lost(.polling)) >= 3
        }
    }

    @Test func noProgramIsWanted_everyFolderIsPolled() async throws {
        let observer = Observer(program: nil) { $0.pollInterval = .milliseconds(20) }
        let token = await observer.watcher.add(path: inbox.path)
        try await expectPolling(observer, token)
        #expect(observer.notices.isEmpty)
    }

    @Test func theProgramCannotBeStarted() async throws {
        let observer = Observer(program: "/nonexistent/bobbin-watch") {
            $0.pollInterval = .milliseconds(20)
            $0.rescanInterval = .milliseconds(50)
        }
        let token = await observer.watcher.add(path: inbox.path)
        try await expectPolling(observer, token)
        try await wait(for: "two rescans") { observer.count(token, .lost(.rescan)) >= 2 }
        #expect(observer.notices.count == 1)
        #expect(observer.notices.first?.contains("/nonexistent/bobbin-watch") == true)
    }

    @Test(arguments: [
        "exit 0", "kill -9 $$", "printf 'R1/\\0'; exit 3", "printf 'garbage\\0'; read x",
        "head -c 100000 /dev/zero | tr '\\0' x; read x", "printf 'R9/\\0'; read x",
    ])
    func theProgramIsNoGood(_ body: String) async throws {
        let program = try scratch.script("#!/bin/sh\n\(body)\n")
        let observer = Observer(program: program) {
            $0.pollInterval = .milliseconds(20)
            $0.firstPause = .milliseconds(5)
            $0.longestPause = .milliseconds(20)
        }
        let token = await observer.watcher.add(path: inbox.path)
        try await wait(for: "restarts") { observer.watcher.health.restarts >= 5 }
        try await wait(for: "looks") { observer.count(token, .lost(.polling)) >= 3 }
        #expect(observer.notices.count <= 2)
        #expect(observer.notices.contains { $0.contains("again and again") })
        await observer.stop()
    }

    @Test func theProgramNeverSaysThatItIsReady() async throws {
        let program = try scratch.script("#!/bin/sh\nread x\n")
        let observer = Observer(program: program) {
            $0.startTimeout = .milliseconds(50)
            $0.pollInterval = .milliseconds(20)
        }
        let token = await observer.watcher.add(path: inbox.path)
        try await wait(for: "a restart") { observer.watcher.health.restarts >= 1 }
        try await expectPolling(observer, token)
    }

    /// A bobbin-watch that answers each command to watch with the same record.
    private func fake(_ answer: String) throws -> FilePath {
        try scratch.script(
            """
            #!/bin/bash
            printf 'R1/\\0'
            while IFS= read -r -d '' command; do
                token=${command%%/*}
                case $command in +*) printf "\(answer)\\0" "${token#+}" ;; esac
            done
            """)
    }

    @Test func theWatchLimitIsReached_theSysctlIsNamedOnce() async throws {
        let observer = Observer(program: try fake("!%s/\(ENOSPC)")) {
            $0.pollInterval = .milliseconds(20)
            $0.rescanInterval = .milliseconds(100)
        }
        let other = try scratch.make("other")
        let first = await observer.watcher.add(path: inbox.path)
        let second = await observer.watcher.add(path: other.path)
        try await expectPolling(observer, first)
        try await expectPolling(observer, second)
        #expect(observer.notices.count == 1)
        #expect(observer.notices.first?.contains("sysctl fs.inotify.max_user_watches=") == true)
    }

    @Test func noInstanceIsLeft_theSysctlIsNamedOnce() async throws {
        let program = try scratch.script("#!/bin/sh\nprintf 'E0/\(EMFILE)\\0'\nexit 69\n")
        let observer = Observer(program: program) {
            $0.pollInterval = .milliseconds(20)
            $0.firstPause = .milliseconds(5)
            $0.longestPause = .milliseconds(20)
        }
        let token = await observer.watcher.add(path: inbox.path)
        try await expectPolling(observer, token)
        try await wait(for: "several attempts") { observer.watcher.health.restarts >= 4 }
        #expect(observer.notices.count { $0.contains("sysctl fs.inotify.max_user_instances=") } == 1)
    }

    @Test func noEventsCome_theProbeTells() async throws {
        let observer = Observer(program: try fake("+%s/1.2")) {
            $0.pollInterval = .milliseconds(20)
            $0.probeTimeout = .milliseconds(50)
        }
        let token = await observer.watcher.add(path: inbox.path)
        try await observer.expect(token, .lost(.started))
        try await expectPolling(observer, token)
        try await wait(for: "the word about it") { !observer.notices.isEmpty }
        #expect(observer.notices.count == 1)
        #expect(observer.notices.first?.contains("gave no event") == true)
        #expect(await observer.watcher.probe(token) == .silent)
        // A second folder of the same file system is not believed either.
        let other = try scratch.make("other")
        let second = await observer.watcher.add(path: other.path)
        try await expectPolling(observer, second)
        #expect(!observer.kinds(second).contains(.lost(.started)))
        #expect(try inbox.names().isEmpty)
    }

    @Test func eventsCome_theProbeTells() async throws {
        let observer = Observer()
        let token = try await observer.watch(inbox.path)
        guard case .delivered = await observer.watcher.probe(token) else {
            return #expect(Bool(false), "the probe failed")
        }
        guard case .delivered = observer.watcher.health.folders.first?.lastProbe else {
            return #expect(Bool(false), "not kept")
        }
        #expect(observer.notices.isEmpty)
        #expect(try inbox.names().isEmpty)
        let missing = await observer.watcher.add(path: scratch.path.appending("missing"))
        guard case .impossible = await observer.watcher.probe(missing) else {
            return #expect(Bool(false), "no folder, no proof")
        }
        guard case .impossible = await observer.watcher.probe(WatchToken(number: 99)) else {
            return #expect(Bool(false), "no folder, no proof")
        }
        await observer.stop()
        guard case .impossible = await observer.watcher.probe(token) else {
            return #expect(Bool(false), "no watcher, no proof")
        }
    }
}
