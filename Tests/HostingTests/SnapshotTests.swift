import Documents
import Files
import Glibc
import SystemPackage
import Testing

@testable import Hosting

/// Snapshots of job folders (contract §7): what is in them, when a new one is made, when an old one goes.
@Suite struct SnapshotTests {
    let root: TemporaryFolder
    let key = JobKey(.triggered, FileName("job" as StaticString))

    init() throws {
        root = try TemporaryFolder()
        try root.write("echo 1\n", to: "job/run.sh", mode: 0o755)
        try root.write("data", to: "job/lib/deep/data.txt", mode: 0o640)
    }

    var deployments: FilePath { root.place("deployments") }
    var home: FilePath { root.place("deployments/triggered/job") }

    func tree(later: Duration = .seconds(1)) throws -> JobTree {
        try JobTree.look(at: try Folder.open(root.place("job")), now: Clocks.system.now() + later)
    }

    @discardableResult
    func deploy(_ current: Deployment? = nil) throws -> Deployment {
        try Snapshots(key, in: deployments).deploy(tree(), current: current)
    }

    func text(_ deployment: Deployment, _ name: String) throws -> String? {
        let file = FilePath(deployment.path.string + "/" + name)
        let folder = try Folder.open(file.removingLastComponent())
        let place = RelativePath(try #require(file.name))
        return try folder.read(place).map { String(decoding: $0, as: UTF8.self) }
    }

    func names(_ path: FilePath) throws -> [String] { try Folder.open(path).names().map(\.escaped).sorted() }

    func snapshots() throws -> [String] { try names(home).filter { $0.count == 32 || $0.contains(".2") && !$0.hasSuffix("seal") } }

    func mode(_ path: String) throws -> UInt32 {
        let file = FilePath(path)
        let place = RelativePath(try #require(file.name))
        return try #require(try Folder.open(file.removingLastComponent()).stamp(place)).permissions
    }

    // MARK: Content

    @Test func snapshot_holdsWhatTheFolderHeld_withModesTimesAndLinks() throws {
        #expect(symbolicLink("lib/deep", at: root.text + "/job/inside"))
        try root.makeFolder("job/empty")
        let deployment = try deploy()
        #expect(try text(deployment, "run.sh") == "echo 1\n")
        #expect(try text(deployment, "lib/deep/data.txt") == "data")
        #expect(try mode(deployment.path.string + "/run.sh") == 0o755)
        #expect(try mode(deployment.path.string + "/lib/deep/data.txt") == 0o640)
        #expect(try names(deployment.path) == ["empty", "inside", "lib", "run.sh"])
        #expect(try deployment.folder.readLink(RelativePath("inside")) == Array("lib/deep".utf8))
        let original = try Folder.open(root.place("job")).stamp(RelativePath("run.sh"))
        #expect(try deployment.folder.stamp(RelativePath("run.sh"))?.modified == original?.modified)
    }

    @Test func snapshot_ofTheSame_isMadeOnce() throws {
        let first = try deploy()
        let inode = try first.folder.file.stamp().inode
        #expect(try deploy(first).id == first.id)
        let again = try deploy()
        #expect(try again.id == first.id && again.folder.file.stamp().inode == inode)
        #expect(try snapshots() == [first.id])
        #expect(first.id.count == 32 && first.shortID == String(first.id.prefix(12)))
    }

    /// Settings, what version control, editors and interpreters keep.
    @Test(arguments: [
        "settings.job", "disable.job", ".git/index", ".hg/store", ".svn/entries", "__pycache__/lib.pyc", "lib/__pycache__/a.pyc",
        ".run.sh.swp", "run.sh~", "#run.sh#", ".#run.sh", "lib/.data.txt.swo",
    ])
    func snapshot_whenWhatDoesNotMatterChanges_staysTheSame(name: String) throws {
        let first = try deploy()
        try root.write("x", to: "job/\(name)")
        let second = try deploy(first)
        #expect(second.id == first.id)
        #expect(try text(second, "run.sh") != nil)
        #expect((try? text(second, name)) == nil)
    }

    @Test(arguments: ["lib/settings.job", "lib/.git/index", "run.py", ".env", "lib/x.job"])
    func snapshot_whenWhatMattersComes_isAnother(name: String) throws {
        let first = try deploy()
        try root.write("x", to: "job/\(name)")
        let second = try deploy(first)
        #expect(second.id != first.id)
        #expect(try text(second, name) == "x")
    }

    @Test func snapshot_ofAModeALinkOrANameThatChanged_isAnother() throws {
        var ids: Set<String> = [try deploy().id]
        try root.folder.setMode(RelativePath("job") / FileName("run.sh" as StaticString), 0o700)
        #expect(try ids.insert(deploy().id).inserted)
        #expect(symbolicLink("a", at: root.text + "/job/link"))
        #expect(try ids.insert(deploy().id).inserted)
        try root.remove("link", in: "job")
        #expect(symbolicLink("b", at: root.text + "/job/link"))
        #expect(try ids.insert(deploy().id).inserted)
        #expect(rename(root.text + "/job/link", root.text + "/job/link2") == 0)
        #expect(try ids.insert(deploy().id).inserted)
        try root.makeFolder("job/empty")
        #expect(try ids.insert(deploy().id).inserted)
    }

    @Test func snapshot_ofAFileWithSpecialBits_losesThem() throws {
        try root.folder.setMode(RelativePath("job") / FileName("run.sh" as StaticString), 0o6755)
        let deployment = try deploy()
        #expect(try mode(deployment.path.string + "/run.sh") == 0o755)
    }

    /// A link that leads out keeps leading to where it led.
    @Test func links_thatLeaveTheTree_leadToTheSamePlace() throws {
        try root.write("shared", to: "shared.txt")
        #expect(symbolicLink("../shared.txt", at: root.text + "/job/out"))
        #expect(symbolicLink("../../../shared.txt", at: root.text + "/job/lib/deep/out"))
        #expect(symbolicLink("/usr/bin/env", at: root.text + "/job/absolute"))
        #expect(symbolicLink("../run.sh", at: root.text + "/job/lib/up"))
        #expect(symbolicLink("nowhere", at: root.text + "/job/dangling"))
        let deployment = try deploy()
        func target(_ name: String) throws -> String {
            let place = try #require(RelativePath(path: Array(name.utf8)[...]))
            return String(decoding: try deployment.folder.readLink(place), as: UTF8.self)
        }
        #expect(try target("out") == root.text + "/job/../shared.txt")
        #expect(try target("lib/deep/out") == root.text + "/job/lib/deep/../../../shared.txt")
        #expect(try target("absolute") == "/usr/bin/env")
        #expect(try target("lib/up") == "../run.sh")
        #expect(try target("dangling") == "nowhere")
    }

    @Test func pipesAndSockets_areRefused_byName() throws {
        #expect(mkfifo(root.text + "/job/lib/pipe", 0o600) == 0)
        #expect { try deploy() } throws: { error in
            "\(error)".contains("job/lib/pipe is a named pipe") && "\(error)".contains("is_in_place")
        }
        #expect((try? names(home)) ?? [] == [])
    }

    // MARK: Changes meanwhile

    @Test func folder_thatHasChangedSinceTheLook_isNotTakenHalf() throws {
        let look = try tree()
        usleep(30_000)
        try root.write("echo 2\n", to: "job/run.sh", mode: 0o755)
        #expect(throws: DeployFailure.self) { try Snapshots(key, in: deployments).deploy(look, current: nil) }
        #expect(try names(home) == [])
    }

    @Test func folder_inWhichAFileCameSinceTheLook_isNotTakenHalf() throws {
        let look = try tree()
        try root.write("more", to: "job/lib/more.txt")
        #expect { try Snapshots(key, in: deployments).deploy(look, current: nil) } throws: { "\($0)".contains("keeps changing") }
        #expect(try names(home) == [])
    }

    /// Written twice within a tick of the kernel's clock, a file looks the same.
    @Test func folder_thatChangedJustNow_isNotTrusted() throws {
        try root.write("echo 2\n", to: "job/run.sh", mode: 0o755)
        #expect(throws: DeployFailure.self) { try Snapshots(key, in: deployments).deploy(tree(later: .zero), current: nil) }
    }

    @Test func changedScript_getsASnapshotOfItsOwn_andTheOldOneStays() throws {
        let first = try deploy()
        try root.write("echo 2\n", to: "job/run.sh", mode: 0o755)
        let second = try deploy(first)
        #expect(second.id != first.id)
        #expect(try text(first, "run.sh") == "echo 1\n")
        #expect(try text(second, "run.sh") == "echo 2\n")
        let state = Snapshots.state(of: key, in: deployments)
        #expect(state?.current == second.id && state?.previous == first.id)
    }

    // MARK: Trust

    @Test func filesLeftByRuns_doNotCount_changedOnesDo() throws {
        let first = try deploy()
        try first.folder.write(Array("left".utf8), toNew: RelativePath("left.txt"))
        #expect(try deploy(first) === first)
        try first.folder.replace(RelativePath("run.sh"), with: Array("changed".utf8))
        let second = try deploy(first)
        #expect(second.id == first.id + ".2")
        #expect(try text(second, "run.sh") == "echo 1\n")
        #expect(try deploy(second) === second)
        #expect(try deploy().id == second.id)
    }

    @Test func snapshot_afterAnotherStartOfTheMachine_isComparedWithItsHashes() throws {
        let first = try deploy()
        let place = RelativePath(try #require(FileName("\(first.id).seal")))
        let folder = try Folder.open(home)
        var seal = try #require(try folder.read(place).flatMap { StampList($0) })
        seal.boot = "earlier"
        try folder.replace(place, with: seal.bytes)
        #expect(try deploy(first) === first)
        // It has been compared: it is of this start now.
        #expect(try folder.read(place).flatMap { StampList($0) }?.boot == StampList().boot)
        let script = try #require(RelativePath(path: Array("run.sh".utf8)[...]))
        let stamp = try #require(try first.folder.stamp(script))
        seal.lines[script] = StampList.Line(
            stamp, digest: [UInt8](repeating: 7, count: 32))
        try folder.replace(place, with: seal.bytes)
        #expect(try deploy(first).id == first.id + ".2")
    }

    @Test func seal_thatIsMissingOrDamaged_isNotTrusted() throws {
        let first = try deploy()
        let place = RelativePath(try #require(FileName("\(first.id).seal")))
        try Folder.open(home).replace(place, with: Array("bobbin-stamps-1 x\0nonsense\0".utf8))
        #expect(try deploy(first).id == first.id + ".2")
    }

    @Test func unchangedFiles_areNotReadAgain() throws {
        try deploy()
        // It could not be read: nobody may.
        let stamps = RelativePath("stamps")
        let known = try #require(try Folder.open(home).read(stamps).flatMap { StampList($0) })
        #expect(known.lines.count == 2)
        let place = try #require(RelativePath(path: Array("lib/deep/data.txt".utf8)[...]))
        let digest = try TreeDigest(tree(), known: known)
        #expect(digest.digests[place] == known.lines[place]?.digest)
        var lie = known
        let stamp = try #require(try Folder.open(root.place("job")).stamp(place))
        lie.lines[place] = StampList.Line(
            stamp, digest: [UInt8](repeating: 1, count: 32))
        #expect(try TreeDigest(tree(), known: lie).digests[place] == [UInt8](repeating: 1, count: 32), "the remembered hash is used")
    }

    @Test func stampList_comesBackAsItWas_andDamageIsSeen() throws {
        var list = StampList(boot: "boot")
        let stamp = try #require(try root.folder.stamp(RelativePath("job")))
        for name in ["a", "a b/c\n", "\u{FF}"] {
            let place = try #require(RelativePath(path: Array(name.utf8)[...]))
            list.lines[place] = StampList.Line(stamp, digest: (0..<32).map { UInt8($0 * 8) })
        }
        #expect(StampList(list.bytes) == list)
        for cut in 1..<list.bytes.count where list.bytes[list.bytes.count - cut - 1] != 0 {
            #expect(StampList(Array(list.bytes.dropLast(cut))) == nil, "cut by \(cut)")
        }
        #expect(StampList([]) == nil)
        #expect(StampList(Array("bobbin-stamps-1 b\0 1 1 1 1 1 x\0".utf8)) == nil)
    }

    // MARK: Collecting

    @Test func oldSnapshots_goWhenNobodyRunsThem_currentAndPreviousStay() throws {
        var deployments: [Deployment] = []
        for number in 1...4 {
            try root.write("echo \(number) of 4\n", to: "job/run.sh", mode: 0o755)
            deployments.append(try deploy(deployments.last))
        }
        let snapshots = try Snapshots(key, in: self.deployments)
        #expect(snapshots.collect() == 2, "this program has them still")
        #expect(try self.snapshots().count == 4)
        deployments.removeFirst()
        #expect(snapshots.collect() == 1)
        deployments.removeFirst()
        #expect(snapshots.collect() == 0)
        #expect(try self.snapshots() == deployments.map(\.id).sorted())
        #expect(try names(home).filter { $0.hasSuffix(".seal") }.count == 2)
        deployments = []
        #expect(snapshots.collect() == 0)
        #expect(try self.snapshots().count == 2, "the one before, for the way back")
    }

    @Test func snapshots_ofAJobThatIsGone_goWithIt_whenNothingRuns() throws {
        var deployment: Deployment? = try deploy()
        #expect(try Snapshots(key, in: deployments).collect(isJobGone: true) == 1)
        #expect(try text(#require(deployment), "run.sh") == "echo 1\n")
        deployment = nil
        #expect(try Snapshots(key, in: deployments).collect(isJobGone: true) == 0)
        #expect((try? Folder.open(home)) == nil)
    }

    @Test func remainsOfACrash_areRemoved() throws {
        try deploy()
        try root.write("half", to: "deployments/triggered/job/.draft/run.sh")
        try root.write("half", to: "deployments/triggered/job/.stamps.new")
        try root.write("old", to: "deployments/triggered/job/.going-x/run.sh")
        try Snapshots(key, in: deployments).collect()
        #expect(try names(home).allSatisfy { !$0.hasPrefix(".") })
    }

    @Test func deployer_whileAnotherIsAtWork_waits() throws {
        let look = try tree()
        let snapshots = try Snapshots(key, in: deployments)
        let other = try Folder.open(home)
        #expect(try other.file.tryLock())
        #expect(throws: DeployFailure.busy) { try snapshots.deploy(look, current: nil) }
        other.file.unlock()
        _ = try snapshots.deploy(look, current: nil)
    }

    @Test func deletedSnapshot_isMadeAnew() throws {
        let first = try deploy()
        try root.remove("deployments")
        let second = try deploy(first)
        #expect(try text(second, "run.sh") == "echo 1\n")
        #expect(second.folder.isStillAtPath() && !first.folder.isStillAtPath())
    }

    // MARK: Trouble

    /// Whatever call fails, nothing half is left, and the next try succeeds.
    @Test(arguments: [FileOperation.create, .write, .makeFolder, .link, .mode, .move, .read, .list, .stamp])
    func snapshot_whenTheDiskFails_leavesNothingHalf(operation: FileOperation) throws {
        #expect(symbolicLink("lib", at: root.text + "/job/link"))
        _ = try Snapshots(key, in: deployments)
        var failures = 0
        for turn in 1...200 {
            let look = try tree()
            let count = Counter()
            let plan = Faults { asked, _ in asked == operation && count.next() == turn ? .noSpace : nil }
            do {
                try Faults.$plan.withValue(plan) { _ = try Snapshots(key, in: deployments).deploy(look, current: nil) }
                if count.value < turn { break }
            } catch {
                failures += 1
            }
            for name in (try? Folder.open(home).names()) ?? [] where Deployment.isID(name) {
                #expect(try Folder.open(home.appending(name)).read(RelativePath("run.sh")) == Array("echo 1\n".utf8))
            }
            let made = try deploy()
            #expect(try text(made, "lib/deep/data.txt") == "data")
            #expect(try names(home).allSatisfy { !$0.hasPrefix(".") }, "\(operation) \(turn)")
            try root.remove("deployments")
        }
        #expect(failures > 0)
    }
}

/// Counts calls.
final class Counter: @unchecked Sendable {
    private(set) var value = 0
    func next() -> Int {
        value += 1
        return value
    }
}
