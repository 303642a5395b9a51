import Files
import Glibc
import SystemPackage
import Testing

@testable import Watching

@Suite("What happens in a folder is told")
struct EventTests {
    let scratch: Scratch
    let inbox: Folder
    let observer = Observer()

    init() throws {
        scratch = try Scratch()
        inbox = try scratch.make("inbox")
    }

    @Test func aFileMovedIn() async throws {
        let token = try await observer.watch(inbox.path)
        try scratch.folder.drop(.of("a"))
        _ = try scratch.folder.move(RelativePath("a"), to: inbox, as: RelativePath("b"))
        try await observer.expect(token, .movedIn(.of("b")))
        #expect(!observer.kinds(token).contains(.created(.of("b"))))
    }

    @Test func aFileWrittenAndClosed() async throws {
        let token = try await observer.watch(inbox.path)
        try inbox.drop(.of("a"))
        try await observer.expect(token, .closed(.of("a")))
        #expect(observer.count(token, .created(.of("a"))) == 1)
    }

    @Test func aLink() async throws {
        let token = try await observer.watch(inbox.path)
        try scratch.folder.drop(.of("a"))
        _ = try scratch.folder.link(RelativePath("a"), to: inbox, as: RelativePath("linked"))
        try await observer.expect(token, .created(.of("linked")))
        #expect(!observer.kinds(token).contains(.closed(.of("linked"))))
    }

    @Test func aChangeOfMode() async throws {
        let token = try await observer.watch(inbox.path)
        try inbox.drop(.of("a"))
        try inbox.setMode(RelativePath("a"), 0o640)
        try await observer.expect(token, .touched(.of("a")))
    }

    @Test func aFolderMade() async throws {
        let token = try await observer.watch(inbox.path)
        try inbox.makeFolder(RelativePath("inside"))
        try await observer.expect(token, .created(.of("inside")))
    }

    @Test(arguments: [
        Array("two\nlines".utf8), Array(repeating: UInt8(ascii: "n"), count: 255), [0xFF, 0xFE, 0x80], [0x01],
        Array("-rf *".utf8), Array("12/34".utf8.filter { $0 != 0x2F }), [0xC3, 0x28], Array("\u{202E}gpj.exe".utf8),
        Array(" ".utf8),
        Array(repeating: 0xF5, count: 255), Array("M1".utf8), Array("R1".utf8), Array("+".utf8), Array("\\".utf8),
        Array("~".utf8),
    ])
    func aHostileName(_ bytes: [UInt8]) async throws {
        let token = try await observer.watch(inbox.path)
        let name = try #require(FileName(bytes))
        try inbox.drop(name)
        try await observer.expect(token, .closed(name))
    }

    @Test func hiddenNamesAreNot() async throws {
        let token = try await observer.watch(inbox.path)
        try inbox.drop(.of(".hidden"))
        try inbox.drop(.of(".bobbin-probe-0x"))
        try inbox.drop(.of("shown"))
        try await observer.expect(token, .closed(.of("shown")))
        #expect(
            observer.kinds(token).allSatisfy {
                $0 == .lost(.started) || $0 == .closed(.of("shown")) || $0 == .created(.of("shown"))
                    || $0 == .touched(.of("shown"))
            })
    }

    /// Where it is asked for, and only there: everything leaves an inbox.
    @Test(
        arguments: [
            { (inbox: Folder) in _ = try inbox.remove(RelativePath("there")) },
            { inbox in _ = try inbox.replace(RelativePath("there"), to: inbox, as: RelativePath(".gone")) },
            { inbox in try inbox.drop(.of(".hidden")) },
        ] as [@Sendable (Folder) throws -> Void])
    func whatGoesOrHides_isToldWhereEverythingCounts(_ change: @Sendable (Folder) throws -> Void) async throws {
        try inbox.drop(.of("there"))
        let whole = try await observer.watch(inbox.path, isWhole: true)
        let other = try await observer.watch(inbox.path)
        try change(inbox)
        try await observer.expect(whole, .changed)
        try inbox.drop(.of("shown"))
        try await observer.expect(other, .closed(.of("shown")))
        #expect(!observer.kinds(other).contains(.changed))
    }

    @Test func twoTokensOfOneFolderAreToldBoth_andOneMayGo() async throws {
        let first = try await observer.watch(inbox.path)
        let second = try await observer.watch(inbox.path.appending("..").appending("inbox"))
        try inbox.drop(.of("a"))
        try await observer.expect(first, .closed(.of("a")))
        try await observer.expect(second, .closed(.of("a")))
        #expect(observer.watcher.health.watchesInUse == 1)
        observer.watcher.remove(first)
        try await wait(for: "the removal") { observer.watcher.health.folders.count == 1 }
        // The command to stop is on its way before the answer to this one.
        _ = try await observer.watch(scratch.path)
        try inbox.drop(.of("b"))
        try await observer.expect(second, .closed(.of("b")))
        #expect(!observer.kinds(first).contains(.closed(.of("b"))))
    }

    @Test func aRemovedFolderIsSilent() async throws {
        let token = try await observer.watch(inbox.path)
        observer.watcher.remove(token)
        let other = try await observer.watch(scratch.path)
        try inbox.drop(.of("a"))
        try scratch.folder.drop(.of("mark"))
        try await observer.expect(other, .closed(.of("mark")))
        #expect(observer.kinds(token) == [.lost(.started)])
    }

    @Test func tenThousandAtOnce_areAllToldOrCoveredByALoss() async throws {
        let token = try await observer.watch(inbox.path)
        let names = (0..<10_000).map { FileName.of("file-\($0)") }
        try await Offload.run { [inbox] in for name in names { try inbox.drop(name) } }
        try await wait(for: "all names, or an overflow") { [observer] in
            let kinds = Set(observer.kinds(token))
            return kinds.contains(.lost(.overflow)) || names.allSatisfy { kinds.contains(.closed($0)) }
        }
    }

    @Test func aHundredFoldersKeepTheirTokens() async throws {
        var tokens: [(WatchToken, Folder)] = []
        for index in 0..<100 {
            let name = RelativePath(FileName.of("queue-\(index)"))
            try scratch.folder.makeFolder(name)
            let folder = try scratch.folder.folder(name)
            tokens.append((await observer.watcher.add(path: folder.path), folder))
        }
        for (token, _) in tokens { try await observer.expect(token, .lost(.started)) }
        for (token, folder) in tokens { try folder.drop(.of("for-\(token)")) }
        for (token, _) in tokens {
            try await observer.expect(token, .closed(.of("for-\(token)")))
            #expect(observer.kinds(token).count { if case .closed = $0 { true } else { false } } == 1)
        }
        #expect(observer.watcher.health.watchesInUse == 100)
    }
}
