import Documents
import Execution
import Files
import Glibc
import Spool
import SystemPackage

/// Turns a grant into the script to start: arguments and environment of contract §5.
struct RunPlan {
    let job: Job
    private let constant: [[UInt8]]

    init(job: Job, layout: Layout, instance: ItemID) {
        self.job = job
        constant = Self.constantEnvironment(job, layout, instance)
    }

    /// What every script inherits from the orchestrator, and nothing more.
    private static let inherited: [[UInt8]] = (["PATH", "HOME", "LANG", "TZ"] as [String]).compactMap { name in
        getenv(name).map { Array("\(name)=".utf8) + Array(String(cString: $0).utf8) }
    }

    func script(_ grant: Grant, _ site: RunSite) -> Script {
        Script(
            run: grant.run,
            arguments: job.command + (grant.arguments.map { $0.map { Array($0.utf8) } } ?? [site.payloadPath.bytes]),
            environment: environment(grant, site),
            folder: job.scriptFolder,
            input: site.payload,
            umask: job.umask,
            nice: job.nice,
            logFolder: site.folder,
            logPlace: site.log,
            title: "attempt \(grant.attempt) of \(grant.maxAttempts), run \(grant.run)",
            timeout: job.timeout,
            idleTimeout: job.idleTimeout,
            progressPlace: site.progressPlace,
            shutdownFile: site.shutdownFile,
            grace: job.grace)
    }

    private func environment(_ grant: Grant, _ site: RunSite) -> [[UInt8]] {
        var own = constant
        func add(_ name: StaticString, _ value: [UInt8]) { own.append(name.withUTF8Buffer(Array.init) + value) }
        let run = Array(grant.run.description.utf8)
        add("BOBBIN_FILE=", site.payloadPath.bytes)
        add("BOBBIN_NAME=", grant.name.bytes)
        add("BOBBIN_ID=", Array(grant.item.description.utf8))
        add("BOBBIN_RUN_ID=", run)
        add("BOBBIN_ATTEMPT=", Array(String(grant.attempt).utf8))
        add("BOBBIN_MAX_ATTEMPTS=", Array(String(grant.maxAttempts).utf8))
        add("BOBBIN_INTERRUPTIONS=", Array(String(grant.interruptions).utf8))
        add("BOBBIN_TRIGGER=", Array(grant.trigger.rawValue.utf8))
        add("BOBBIN_WORK=", site.work.bytes)
        add("BOBBIN_CHECKPOINT=", site.checkpoint.bytes)
        add("BOBBIN_PROGRESS=", site.progress.bytes)
        add("BOBBIN_OUTPUT=", site.output.bytes)
        add("BOBBIN_RESULTS=", site.results.bytes)
        add("BOBBIN_NEXT=", site.next.bytes)
        add("WEBJOBS_RUN_ID=", run)
        add("WEBJOBS_SHUTDOWN_FILE=", site.shutdownFile.bytes)
        if let correlationID = grant.correlationID { add("BOBBIN_CORRELATION_ID=", Array(correlationID.utf8)) }
        if let session = grant.session { add("BOBBIN_SESSION=", Array(session.utf8)) }
        if let meta = site.meta { add("BOBBIN_META=", meta.bytes) }
        if let arguments = grant.arguments { add("WEBJOBS_COMMAND_ARGUMENTS=", Array(arguments.joined(separator: " ").utf8)) }
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
