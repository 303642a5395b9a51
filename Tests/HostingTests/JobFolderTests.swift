import Documents
import Files
import Glibc
import Hosting
import Synchronization
import SystemPackage
import Testing

@Suite struct JobFolderTests {
    let root: TemporaryFolder
    let surroundings = JobFolder.Surroundings(
        environment: OwnEnvironment(["PATH": Array("/usr/bin:/bin".utf8)]), isRoot: false)

    init() throws { root = try TemporaryFolder() }

    private func load(_ name: String = "job", known: LoadedJob? = nil, isRoot: Bool = false) throws -> LoadedJob {
        var surroundings = surroundings
        surroundings.isRoot = isRoot
        return try JobFolder.load(
            try #require(FileName(name)), .triggered, in: root.folder, known: known, surroundings: surroundings)
    }

    @Test func folderWithAScript_isAJobWithDefaults() throws {
        try root.write("echo", to: "job/run.sh")
        let job = try load()
        #expect(try job.settings.get() == JobSettings(kind: .triggered))
        #expect(job.script.command?.arguments.last == root.place("job/run.sh").bytes)
        #expect(
            job.problems.isEmpty && !job.hasDisableFile && job.name == FileName("job") && job.path == root.place("job"))
    }

    /// Who deploys them relies on them.
    @Test(arguments: ["on_start.sh", "on_stop.py", "On_Start.js"])
    func startupAndStopScripts_areRefusedUntilTheyAreRun(_ name: String) throws {
        try root.write("echo", to: "job/run.sh")
        try root.write("echo", to: "job/\(name)")
        #expect(try load().problems.first?.contains("\(name): startup and stop scripts are not available yet") == true)
        try root.folder.remove(RelativePath(FileName("job")!) / FileName(name)!)
        #expect(try load().problems.isEmpty)
    }

    @Test func problemsOfSettingsAndScript_areListedTogether() throws {
        try root.write("{\n\"max_attempts\": 0}", to: "job/settings.job")
        let problems = try load().problems
        #expect(problems.count == 2)
        #expect(
            problems[0]
                == "\(root.text)/job/settings.job:2: key \"max_attempts\": expected a whole number from 1 to 1000, found 0"
        )
        #expect(problems[1].contains("no script"))
    }

    @Test func settingsBesideTheNestedFolderOrInIt_areFoundButNotInBoth() throws {
        try root.write("echo", to: "job/inner/run.sh")
        try root.write(#"{"nice": 1}"#, to: "job/settings.job")
        #expect(try load().settings.get().nice == 1)
        try root.write(#"{"nice": 2}"#, to: "job/inner/settings.job")
        #expect(
            try load().problems.first?.contains(
                "there is another settings.job in \(root.text)/job/inner; keep one of them") == true)
        try root.remove("settings.job", in: "job")
        #expect(try load().settings.get().nice == 2)
    }

    @Test func settingsThatAreNoFile_areRefused() throws {
        try root.write("echo", to: "job/run.sh")
        try root.makeFolder("job/settings.job")
        #expect(try load().problems.first?.contains("is a folder; a regular file is expected") == true)
        try root.remove("settings.job", in: "job")
        try #require(symbolicLink("/no/such", at: root.text + "/job/settings.job"))
        #expect(try load().problems.first?.contains("a link that leads nowhere") == true)
        try root.remove("settings.job", in: "job")
        #expect(mkfifo(root.text + "/job/settings.job", 0o600) == 0)
        #expect(try load().problems.first?.contains("is a named pipe") == true)
    }

    @Test func linkedSettingsAndLinkedJobFolder_areFollowed() throws {
        try root.write("echo", to: "elsewhere/run.sh")
        try root.write(#"{"nice": 3}"#, to: "shared.settings")
        try #require(symbolicLink(root.text + "/shared.settings", at: root.text + "/elsewhere/settings.job"))
        try #require(symbolicLink("elsewhere", at: root.text + "/job"))
        let job = try load()
        #expect(try job.settings.get().nice == 3)
        #expect(job.problems.isEmpty)
        #expect(try JobFolder.names(in: root.folder).map(\.escaped) == ["elsewhere", "job"])
    }

    @Test func names_areFoldersThatAreNotHidden() throws {
        for name in ["b", "a", ".hidden", "claimed", "-x", "n\nl"] { try root.makeFolder(name) }
        try root.write("", to: "file")
        #expect(try JobFolder.names(in: root.folder).map(\.escaped) == ["-x", "a", "b", "claimed", #"n\nl"#])
    }

    @Test func missingFolder_isToldAsSuch() throws {
        let error = try #require(throws: FileError.self) { try load("none") }
        #expect(error.isMissing)
    }

    @Test func pathOfTheSettings_decidesWhereInterpretersAreLookedFor() throws {
        try root.write("#!/bin/sh\n", to: "venv/python3", mode: 0o755)
        try root.write("x", to: "job/run.py")
        try root.write(#"{"environment": {"PATH": "\#(root.text)/venv:${PATH}"}}"#, to: "job/settings.job")
        #expect(try load().script.command?.arguments.first == root.place("venv/python3").bytes)
    }

    private static let parts = ["job", "job/inner", "job/inner/run.sh", "job/settings.job"]

    private func writeParts() throws {
        try root.write("echo", to: "job/inner/run.sh")
        try root.write("{}", to: "job/settings.job")
    }

    @Test(arguments: parts, [0o775, 0o757])
    func whatOthersMayChange_isNotRunAsRoot(_ part: String, _ mode: mode_t) throws {
        try writeParts()
        #expect(try load(isRoot: true).problems.isEmpty)
        let path = "\(root.text)/\(part)"
        #expect(chmod(path, mode) == 0)
        let problem = try #require(load(isRoot: true).problems.first)
        #expect(problem.hasPrefix("\(path) can be changed by others than root, while bobbin runs as root: chmod go-w \(path), or"))
        #expect(try load(isRoot: true).script.command == nil)
        #expect(try load(isRoot: false).problems.isEmpty)
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give files away"), arguments: parts)
    func whatBelongsToAnotherUser_isNotRunAsRoot(_ part: String) throws {
        try writeParts()
        let path = "\(root.text)/\(part)"
        #expect(chown(path, 1, 1) == 0)
        let problem = try #require(load(isRoot: true).problems.first)
        let expected = "\(path) can be changed by its owner, who is not root, while bobbin runs as root: chown root \(path), or"
        #expect(problem.hasPrefix(expected))
        #expect(try load(isRoot: false).problems.isEmpty)
    }

    @Test func programOfTheCommand_isLookedAtAsRoot() throws {
        try root.write("#!/bin/sh\n", to: "job/tool", mode: 0o775)
        try root.write(#"{"command": ["./tool"]}"#, to: "job/settings.job")
        #expect(try load(isRoot: true).problems.first?.contains("/job/tool can be changed by others") == true)
        try root.write(#"{"command": ["sh", "-c", "true"]}"#, to: "job/settings.job")
        #expect(try load(isRoot: true).problems.isEmpty)
    }

    @Test func allThatIsWrong_isNamedAtOnce() throws {
        try writeParts()
        let paths = Self.parts.map { "\(root.text)/\($0)" }
        for path in paths { #expect(chmod(path, 0o777) == 0) }
        #expect(try load(isRoot: true).problems.first?.contains("chmod go-w \(root.text)/job \(root.text)/job/inner ") == true)
    }

    @Test func change_ofTheModeAlone_isSeen() throws {
        try writeParts()
        var later = surroundings
        later.isRoot = true
        later.clocks = Clocks(now: { Clocks.system.now() + .seconds(1) }, uptime: Clocks.system.uptime)
        let first = try JobFolder.load(FileName("job"), .triggered, in: root.folder, surroundings: later)
        #expect(first.isSettled && first.problems.isEmpty)
        #expect(chmod("\(root.text)/job/inner/run.sh", 0o664) == 0)
        #expect(try JobFolder.load(FileName("job"), .triggered, in: root.folder, known: first, surroundings: later).problems.count == 1)
    }

    @Test func unchangedFolder_isNotReadAgain() throws {
        try root.write("echo", to: "job/run.sh")
        try root.write("{}", to: "job/settings.job")
        var later = surroundings
        later.clocks = Clocks(now: { Clocks.system.now() + .seconds(1) }, uptime: Clocks.system.uptime)
        let first = try JobFolder.load(FileName("job"), .triggered, in: root.folder, surroundings: later)
        #expect(first.isSettled)
        let reads = Reads()
        try Faults.$plan.withValue(
            Faults { operation, _ in
                if operation == .read { reads.count() }
                return nil
            }
        ) {
            #expect(try load(known: first) == first)
            #expect(reads.value == 0)
            try root.write(#"{"nice": 1}"#, to: "job/settings.job")
            #expect(try load(known: first).settings.get().nice == 1)
            #expect(reads.value > 0)
        }
    }

    @Test func lookSoonAfterAChange_isNotTrusted() throws {
        try root.write("echo", to: "job/run.sh")
        #expect(try !load().isSettled)
    }

    @Test func unreadableSettings_areAProblemAndShortageIsThrown() throws {
        try root.write("echo", to: "job/run.sh")
        try root.write("{}", to: "job/settings.job")
        func loadFailing(_ code: Int32) throws -> LoadedJob {
            try Faults.$plan.withValue(
                Faults { operation, subject in
                    operation == .open && subject.hasSuffix("settings.job") ? .init(rawValue: code) : nil
                }
            ) { try load() }
        }
        #expect(
            try loadFailing(EACCES).problems.first?.contains("make it readable for the user who runs bobbin") == true)
        #expect(throws: FileError.self) { try loadFailing(EMFILE) }
    }
}

/// Counts calls made by others.
private final class Reads: Sendable {
    private let number = Mutex(0)

    func count() { number.withLock { $0 += 1 } }
    var value: Int { number.withLock { $0 } }
}
