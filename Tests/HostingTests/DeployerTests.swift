import Documents
import Files
import Glibc
import SystemPackage
import Testing

@testable import Hosting

/// What jobs are started from, while their folders change and disks fail.
@Suite struct DeployerTests {
    let root: TemporaryFolder
    let key = JobKey(.triggered, FileName("job" as StaticString))
    let surroundings = JobFolder.Surroundings(environment: OwnEnvironment(["PATH": Array("/usr/bin:/bin".utf8)]), isRoot: false)
    /// Of a time in which everything has been quiet for long.
    let clocks = Clocks(now: { Clocks.system.now() + .seconds(100) }, uptime: Clocks.system.uptime)

    init() throws {
        root = try TemporaryFolder()
        try root.write("echo 1", to: "jobs/triggered/job/run.sh")
    }

    private func look(_ deployer: inout Deployer, _ catalog: inout JobCatalog) throws -> HostedJob {
        guard case .ready(let tree) = deployer.look(at: key, in: try Folder.open(root.place("jobs/triggered"))) else {
            return try #require(catalog.jobs[key])
        }
        _ = try catalog.reload(from: try Folder.open(root.place("jobs")), surroundings: surroundings)
        let job = try #require(catalog.jobs[key])
        deployer.deploy(job, tree)
        return job
    }

    private func script(_ command: ScriptCommand?) throws -> String {
        let folder = try Folder.open(try #require(command).scriptFolder)
        return String(decoding: try folder.read(RelativePath("run.sh")) ?? [], as: UTF8.self)
    }

    @Test func job_isStartedFromItsSnapshot() throws {
        var (deployer, catalog) = (Deployer(deployments: root.place("deployments"), clocks: clocks), JobCatalog())
        let job = try look(&deployer, &catalog)
        let command = try #require(deployer.command(of: job))
        let deployment = try #require(command.deployment)
        #expect(command.scriptFolder == deployment.path)
        #expect(command.arguments.last == deployment.path.bytes + Array("/run.sh".utf8))
        #expect(command.arguments.first == job.script.command?.arguments.first, "the interpreter stays where it is")
    }

    @Test(arguments: [Errno.noSpace, .permissionDenied, .tooManyOpenFiles])
    func deployment_thatFails_isToldOnce_andTheOneBeforeGoesOn_untilItSucceeds(code: Errno) throws {
        var (deployer, catalog) = (Deployer(deployments: root.place("deployments"), clocks: clocks), JobCatalog())
        let job = try look(&deployer, &catalog)
        let before = deployer.command(of: job)
        try root.write("echo 2", to: "jobs/triggered/job/run.sh")
        let plan = Faults { operation, path in operation == .create && path.contains("/.draft/") ? code : nil }
        var problems: Set<String> = []
        for _ in 0..<3 {
            try Faults.$plan.withValue(plan) { _ = try look(&deployer, &catalog) }
            problems.insert(deployer.problem(of: job) ?? "none")
        }
        #expect(problems.count == 1 && problems.first?.contains("cannot be deployed") == true, "\(problems)")
        #expect(problems.first?.contains("The deployment before goes on") == true)
        #expect(deployer.command(of: job) == before)
        #expect(try script(deployer.command(of: job)) == "echo 1")
        let isShortage = code != .permissionDenied
        #expect(deployer.isWaiting == isShortage, "a shortage passes by itself")
        var fresh = deployer
        _ = fresh.look(at: key, in: try Folder.open(root.place("jobs/triggered")))
        guard case .ready(let tree) = fresh.look(at: key, in: try Folder.open(root.place("jobs/triggered"))) else {
            return #expect(Bool(false), "it is quiet")
        }
        fresh.deploy(job, tree)
        #expect(fresh.problem(of: job) == nil)
        #expect(try script(fresh.command(of: job)) == "echo 2")
    }

    @Test func job_thatWasNeverDeployed_saysWhy() throws {
        var (deployer, catalog) = (Deployer(deployments: root.place("deployments"), clocks: clocks), JobCatalog())
        #expect(mkfifo(root.text + "/jobs/triggered/job/pipe", 0o600) == 0)
        let job = try look(&deployer, &catalog)
        #expect(deployer.command(of: job) == nil)
        #expect(deployer.problem(of: job)?.contains("named pipe") == true)
        try root.remove("pipe", in: "jobs/triggered/job")
        _ = try look(&deployer, &catalog)
        #expect(deployer.problem(of: job) == nil && deployer.command(of: job) != nil)
    }

    @Test func job_inPlace_isStartedFromItsFolder_whateverIsInIt() throws {
        var (deployer, catalog) = (Deployer(deployments: root.place("deployments"), clocks: clocks), JobCatalog())
        #expect(mkfifo(root.text + "/jobs/triggered/job/pipe", 0o600) == 0)
        try root.write(#"{"is_in_place": true}"#, to: "jobs/triggered/job/settings.job")
        let job = try look(&deployer, &catalog)
        #expect(deployer.command(of: job) == job.script.command && deployer.command(of: job) != nil)
        #expect(deployer.problem(of: job) == nil)
    }

    @Test func folder_thatIsGone_isWaitedForASecond() throws {
        var (deployer, catalog) = (Deployer(deployments: root.place("deployments"), clocks: clocks), JobCatalog())
        _ = try look(&deployer, &catalog)
        guard case .wait = deployer.lookAtMissing(key) else { return #expect(Bool(false)) }
        let due = try #require(deployer.nextDue)
        #expect(due > clocks.uptime() && due <= clocks.uptime() + .seconds(1))
        guard case .wait = deployer.lookAtMissing(key) else { return #expect(Bool(false)) }
        deployer.forget(key)
        #expect(!deployer.isWaiting)
    }
}
