import Documents
import Files
import Glibc
import Hosting
import SystemPackage
import Testing

@Suite struct JobCatalogTests {
    let root: TemporaryFolder
    let surroundings = JobFolder.Surroundings(
        environment: OwnEnvironment(["PATH": Array("/usr/bin:/bin".utf8)]), isRoot: false)
    let key = JobKey(.triggered, FileName("job"))

    init() throws { root = try TemporaryFolder() }

    private func reload(_ catalog: inout JobCatalog) throws -> [String] {
        try catalog.reload(from: root.folder, surroundings: surroundings).map { change in
            switch change {
            case .added(let job): "added \(job.key)"
            case .changed(let job): "changed \(job.key)"
            case .broken(let job): "broken \(job.key)"
            case .recovered(let job): "recovered \(job.key)"
            case .removed(let job): "removed \(job.key)"
            }
        }
    }

    @Test func emptyFolder_hasNoJobs() throws {
        var catalog = JobCatalog()
        #expect(try reload(&catalog) == [])
        #expect(catalog.jobs.isEmpty)
    }

    @Test func jobs_comeChangeAndGo() throws {
        var catalog = JobCatalog()
        try root.write("echo", to: "triggered/job/run.sh")
        try root.write("echo", to: "continuous/job/run.sh")
        #expect(try reload(&catalog) == ["added triggered/job", "added continuous/job"])
        #expect(catalog.sorted.map(\.key.description) == ["continuous/job", "triggered/job"])
        #expect(try reload(&catalog) == [])
        try root.write(#"{"nice": 1}"#, to: "triggered/job/settings.job")
        #expect(try reload(&catalog) == ["changed triggered/job"])
        #expect(catalog.jobs[key]?.runnable?.settings.nice == 1)
        try root.write("more data, same job", to: "triggered/job/data.txt")
        #expect(try reload(&catalog) == [])
        try root.write("print()", to: "triggered/job/run.py")
        try root.remove("run.sh", in: "triggered/job")
        #expect(try reload(&catalog) == ["changed triggered/job"])
        try root.remove("job", in: "triggered")
        #expect(try reload(&catalog) == ["removed triggered/job"])
        #expect(catalog.sorted.map(\.key.description) == ["continuous/job"])
    }

    @Test func brokenSettings_leaveTheLastGoodInForceUntilMended() throws {
        var catalog = JobCatalog()
        try root.write("echo", to: "triggered/job/run.sh")
        try root.write(#"{"max_attempts": 3}"#, to: "triggered/job/settings.job")
        #expect(try reload(&catalog) == ["added triggered/job"])
        try root.write(#"{"max_attempts": 0}"#, to: "triggered/job/settings.job")
        #expect(try reload(&catalog) == ["broken triggered/job"])
        #expect(catalog.jobs[key]?.runnable?.settings.maxAttempts == 3)
        #expect(catalog.jobs[key]?.problems.count == 1)
        #expect(try reload(&catalog) == [])
        try root.write("{", to: "triggered/job/settings.job")
        #expect(try reload(&catalog) == ["broken triggered/job"])
        #expect(catalog.jobs[key]?.runnable?.settings.maxAttempts == 3)
        try root.write(#"{"max_attempts": 4}"#, to: "triggered/job/settings.job")
        #expect(try reload(&catalog) == ["recovered triggered/job"])
        #expect(catalog.jobs[key]?.runnable?.settings.maxAttempts == 4)
        #expect(catalog.jobs[key]?.problems == [])
    }

    @Test func jobThatNeverHadGoodSettings_doesNotStart() throws {
        var catalog = JobCatalog()
        try root.write("echo", to: "triggered/job/run.sh")
        try root.write(#"{"bogus": 0}"#, to: "triggered/job/settings.job")
        #expect(try reload(&catalog) == ["added triggered/job", "broken triggered/job"])
        #expect(catalog.jobs[key]?.runnable == nil && catalog.jobs[key]?.settings == nil)
        try root.write("{}", to: "triggered/job/settings.job")
        #expect(try reload(&catalog) == ["recovered triggered/job"])
        #expect(catalog.jobs[key]?.runnable != nil)
    }

    @Test func lastGoodCommand_chosesTheScriptWhileSettingsAreBroken() throws {
        var catalog = JobCatalog()
        try root.write(#"{"command": ["sh", "-c", "true"]}"#, to: "triggered/job/settings.job")
        #expect(try reload(&catalog) == ["added triggered/job"])
        try root.write("{", to: "triggered/job/settings.job")
        #expect(try reload(&catalog) == ["broken triggered/job"])
        #expect(catalog.jobs[key]?.runnable?.command.arguments.count == 3)
    }

    @Test func scriptThatIsGone_breaksAndItsReturnRecovers() throws {
        var catalog = JobCatalog()
        try root.write("echo", to: "triggered/job/run.sh")
        _ = try reload(&catalog)
        try root.remove("run.sh", in: "triggered/job")
        #expect(try reload(&catalog) == ["broken triggered/job"])
        #expect(catalog.jobs[key]?.runnable == nil)
        try root.write("echo", to: "triggered/job/run.sh")
        #expect(try reload(&catalog) == ["recovered triggered/job"])
    }

    @Test func disableFile_isSeen() throws {
        var catalog = JobCatalog()
        try root.write("echo", to: "continuous/c/run.sh")
        _ = try reload(&catalog)
        try root.write("", to: "continuous/c/disable.job")
        #expect(try reload(&catalog) == ["changed continuous/c"])
        #expect(catalog.jobs[JobKey(.continuous, FileName("c"))]?.hasDisableFile == true)
    }

    @Test func hostileJobNames_areJobs() throws {
        var catalog = JobCatalog()
        let names = ["-rf", "a b", "n\nl", "claimed", "日本", "$(x)"]
        for name in names { try root.write("echo", to: "triggered/\(name)/run.sh") }
        #expect(try reload(&catalog).count == names.count)
        #expect(catalog.sorted.allSatisfy { $0.problems.isEmpty })
    }

    @Test func jobThatCannotBeRead_staysAsItWasWithTheReason() throws {
        var catalog = JobCatalog()
        try root.write("echo", to: "triggered/job/run.sh")
        _ = try reload(&catalog)
        let good = try #require(catalog.jobs[key]?.runnable)
        let changes = try Faults.$plan.withValue(
            Faults { operation, subject in
                operation == .list && subject.hasSuffix("/job") ? .ioError : nil
            }
        ) { try reload(&catalog) }
        #expect(changes == ["broken triggered/job"])
        #expect(catalog.jobs[key]?.runnable?.command == good.command)
        #expect(catalog.jobs[key]?.problems.first?.contains("make the folder readable") == true)
        #expect(try reload(&catalog) == ["recovered triggered/job"])
    }

    @Test func jobsFolderThatCannotBeListed_changesNothing() throws {
        var catalog = JobCatalog()
        try root.write("echo", to: "triggered/job/run.sh")
        _ = try reload(&catalog)
        #expect(throws: FileError.self) {
            try Faults.$plan.withValue(
                Faults { operation, subject in
                    operation == .list && subject.hasSuffix("triggered") ? .tooManyOpenFiles : nil
                }
            ) {
                try reload(&catalog)
            }
        }
        #expect(catalog.jobs.count == 1)
        #expect(try reload(&catalog) == [])
    }
}
