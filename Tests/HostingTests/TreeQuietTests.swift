import Documents
import Files
import Glibc
import SystemPackage
import Testing

@testable import Hosting

/// When a job's folder is complete.
@Suite struct TreeQuietTests {
    let root: TemporaryFolder
    let start = Clocks.system.now()

    init() throws {
        root = try TemporaryFolder()
        try root.write("1", to: "job/run.sh")
    }

    /// A look so long after the start.
    private func look(_ quiet: inout TreeQuiet, at time: Duration, isUnfinished: Bool = false) throws -> TreeQuiet.Verdict {
        let tree = try JobTree.look(at: try Folder.open(root.place("job")), now: start + time)
        return quiet.look(tree, now: tree.newest + .milliseconds(10), uptime: .seconds(1000) + time) { _, _ in isUnfinished }
    }

    @Test func folder_thatIsOld_isQuietAtOnce() throws {
        var quiet = TreeQuiet()
        let tree = try JobTree.look(at: try Folder.open(root.place("job")), now: start)
        #expect(quiet.look(tree, now: tree.newest + .seconds(1), uptime: .zero) == .quiet)
        var other = TreeQuiet()
        #expect(
            other.look(tree, now: tree.newest + .milliseconds(900), uptime: .seconds(5)) == .wait(until: .seconds(5) + .milliseconds(100)))
    }

    /// After a clock that was set back.
    @Test func folder_ofTheFuture_isWaitedForBySight() throws {
        var quiet = TreeQuiet()
        let tree = try JobTree.look(at: try Folder.open(root.place("job")), now: start)
        #expect(quiet.look(tree, now: tree.newest + .seconds(-3600), uptime: .seconds(5)) == .wait(until: .seconds(6)))
        #expect(quiet.look(tree, now: tree.newest + .seconds(-3599), uptime: .seconds(6)) == .quiet)
    }

    @Test func folder_thatChanges_isWaitedForASecondEachTime() throws {
        var quiet = TreeQuiet()
        for step in 0..<5 {
            try root.write("\(step)", to: "job/run.sh")
            guard case .wait(let until) = try look(&quiet, at: .milliseconds(900 * step)) else { return #expect(Bool(false)) }
            #expect(until == .seconds(1000) + .milliseconds(900 * step + 990))
        }
        #expect(try look(&quiet, at: .milliseconds(900 * 4 + 990)) == .quiet)
    }

    @Test func steadyWriter_isWaitedForTenSeconds() throws {
        var quiet = TreeQuiet()
        for step in 0..<20 {
            try root.write("\(step)", to: "job/run.sh")
            guard case .wait(let until) = try look(&quiet, at: .milliseconds(500 * step)) else { return #expect(Bool(false), "\(step)") }
            #expect(until <= .seconds(1010))
        }
        try root.write("x", to: "job/run.sh")
        #expect(try look(&quiet, at: .seconds(10)) == .atCeiling)
    }

    /// Half of a copy must not run, however long it takes; ten minutes are the end of it.
    @Test func copy_thatGoesOn_isWaitedForUntilItIsTenSecondsOld() throws {
        var quiet = TreeQuiet()
        for step in 0..<60 {
            try root.write("\(step)", to: "job/\(step).txt")
            guard case .wait = try look(&quiet, at: .milliseconds(500 * step)) else { return #expect(Bool(false), "\(step)") }
        }
        // Now it only writes the same again.
        var time = Duration.milliseconds(500 * 59)
        for step in 0..<19 {
            time += .milliseconds(500)
            try root.write("again \(step)", to: "job/1.txt")
            guard case .wait = try look(&quiet, at: time) else { return #expect(Bool(false), "\(step)") }
        }
        try root.write("and again", to: "job/1.txt")
        #expect(try look(&quiet, at: time + .milliseconds(500)) == .atCeiling)
    }

    /// One large file, still open for writing.
    @Test func file_thatIsUnfinished_isWaitedForToo_butNotForEver() throws {
        var quiet = TreeQuiet()
        for step in 0..<1200 {
            try root.write(String(repeating: "x", count: step + 2), to: "job/run.sh")
            let verdict = try look(&quiet, at: .milliseconds(500 * step), isUnfinished: true)
            guard case .wait = verdict else { return #expect(Bool(false), "\(step)") }
        }
        try root.write("x", to: "job/run.sh")
        #expect(try look(&quiet, at: .seconds(600), isUnfinished: true) == .atCeiling)
    }
}
