import Documents
import Execution
import Files
import Glibc
import Hosting
import Spool
import SystemPackage

/// Turns a grant into the script to start: arguments and environment of contract §5.
struct RunPlan {
    let job: Job
    private let constant: [[UInt8]]
    private let deployment: String

    init(job: Job, layout: Layout, instance: ItemID) {
        self.job = job
        deployment = job.deployment?.shortID ?? job.deploymentID
        constant = Self.constantEnvironment(job, layout, instance)
    }

    /// What every script inherits from the orchestrator, and nothing more.
    static let inherited: [[UInt8]] = (["PATH", "HOME", "LANG", "TZ"] as [String]).compactMap { name in
        getenv(name).map { Array("\(name)=".utf8) + Array(String(cString: $0).utf8) }
    }

    /// - Parameter role: the lock of the role under which the job runs, if it is a singleton.
    func script(_ grant: Grant, _ site: RunSite, role: OpenFile?) -> Script {
        let root = site.folder.path.bytes + [UInt8(ascii: "/")]
        var script = Script(
            run: grant.run,
            arguments: job.command + (grant.arguments.map { $0.map { Array($0.utf8) } } ?? [root + site.payloadPlace.bytes]),
            environment: environment(grant, site, root),
            folder: job.scriptFolder,
            input: site.payload,
            locks: [site.lock, role].compactMap { $0 },
            umask: job.umask,
            nice: job.nice,
            site: site.folder,
            log: .file(
                site.log, title: "attempt \(grant.attempt) of \(grant.maxAttempts), run \(grant.run), deployment \(deployment)"),
            timeout: job.timeout,
            idleTimeout: job.idleTimeout,
            progressPlace: site.progress,
            shutdownFile: site.shutdownFile,
            grace: job.grace)
        script.identity = job.identity
        script.limits = job.limits
        return script
    }

    private func environment(_ grant: Grant, _ site: RunSite, _ root: [UInt8]) -> [[UInt8]] {
        var own = constant
        func add(_ name: StaticString, _ value: some Collection<UInt8>) {
            own.append(name.withUTF8Buffer { Array($0) } + value)
        }
        func add(_ name: StaticString, _ place: RelativePath) {
            var entry: [UInt8] = []
            entry.reserveCapacity(name.utf8CodeUnitCount + root.count + place.bytes.count)
            name.withUTF8Buffer { entry.append(contentsOf: $0) }
            entry.append(contentsOf: root)
            entry.append(contentsOf: place.bytes)
            own.append(entry)
        }
        let run = grant.run.description
        add("BOBBIN_FILE=", site.payloadPlace)
        add("BOBBIN_NAME=", grant.name.bytes)
        add("BOBBIN_ID=", grant.item.description.utf8)
        add("BOBBIN_RUN_ID=", run.utf8)
        add("BOBBIN_ATTEMPT=", String(grant.attempt).utf8)
        add("BOBBIN_MAX_ATTEMPTS=", String(grant.maxAttempts).utf8)
        add("BOBBIN_INTERRUPTIONS=", String(grant.interruptions).utf8)
        add("BOBBIN_TRIGGER=", grant.trigger.rawValue.utf8)
        add("BOBBIN_WORK=", site.work)
        add("BOBBIN_CHECKPOINT=", site.checkpoint)
        add("BOBBIN_PROGRESS=", site.progress)
        add("BOBBIN_OUTPUT=", site.output)
        add("BOBBIN_RESULTS=", site.results)
        add("BOBBIN_NEXT=", site.next)
        add("WEBJOBS_RUN_ID=", run.utf8)
        add("WEBJOBS_SHUTDOWN_FILE=", site.shutdownFile)
        if let correlationID = grant.correlationID { add("BOBBIN_CORRELATION_ID=", correlationID.utf8) }
        if let session = grant.session { add("BOBBIN_SESSION=", session.utf8) }
        if let meta = site.meta { add("BOBBIN_META=", meta) }
        if let arguments = grant.arguments { add("WEBJOBS_COMMAND_ARGUMENTS=", arguments.joined(separator: " ").utf8) }
        return own
    }

    /// The part that is the same for all runs of a job. Settings come after what is inherited and win over it; Bobbin's
    /// own words come last. Settings cannot use their names (Hosting refuses BOBBIN_ and WEBJOBS_), since a run is
    /// recognised by them, and a name given twice would leave the choice to the program.
    private static func constantEnvironment(_ job: Job, _ layout: Layout, _ instance: ItemID) -> [[UInt8]] {
        let own: [(StaticString, [UInt8])] = [
            ("BOBBIN_QUEUE=", job.name.bytes),
            ("BOBBIN_INSTANCE_ID=", Array(instance.description.utf8)),
            ("WEBJOBS_NAME=", job.name.bytes),
            ("WEBJOBS_TYPE=", Array("triggered".utf8)),
            ("WEBJOBS_PATH=", job.path.bytes),
            ("WEBJOBS_DATA_PATH=", layout.jobData(job.name).bytes),
        ]
        return unique(inherited + job.environment) + own.map { name, value in name.withUTF8Buffer(Array.init) + value }
    }

    /// The last of equal names, in order.
    static func unique(_ entries: [[UInt8]]) -> [[UInt8]] {
        var seen: Set<ArraySlice<UInt8>> = []
        return entries.reversed().filter { seen.insert($0.prefix { $0 != UInt8(ascii: "=") }).inserted }.reversed()
    }
}
