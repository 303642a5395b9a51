import Documents
import Execution
import Files
import Glibc
import Spool
import SystemPackage

/// Turns a grant into the script to start: arguments and environment of contract §5.
struct RunPlan {
    let job: Job
    let layout: Layout
    let instance: ItemID

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
        var own: [(StaticString, [UInt8])] = [
            ("BOBBIN_FILE=", site.payloadPath.bytes),
            ("BOBBIN_NAME=", grant.name.bytes),
            ("BOBBIN_QUEUE=", grant.queue.bytes),
            ("BOBBIN_ID=", Array(grant.item.description.utf8)),
            ("BOBBIN_RUN_ID=", Array(grant.run.description.utf8)),
            ("BOBBIN_ATTEMPT=", Array(String(grant.attempt).utf8)),
            ("BOBBIN_MAX_ATTEMPTS=", Array(String(grant.maxAttempts).utf8)),
            ("BOBBIN_INTERRUPTIONS=", Array(String(grant.interruptions).utf8)),
            ("BOBBIN_TRIGGER=", Array(grant.trigger.rawValue.utf8)),
            ("BOBBIN_WORK=", site.work.bytes),
            ("BOBBIN_CHECKPOINT=", site.checkpoint.bytes),
            ("BOBBIN_PROGRESS=", site.progress.bytes),
            ("BOBBIN_OUTPUT=", site.output.bytes),
            ("BOBBIN_RESULTS=", site.results.bytes),
            ("BOBBIN_NEXT=", site.next.bytes),
            ("BOBBIN_INSTANCE_ID=", Array(instance.description.utf8)),
            ("WEBJOBS_NAME=", job.name.bytes),
            ("WEBJOBS_TYPE=", Array("triggered".utf8)),
            ("WEBJOBS_PATH=", job.path.bytes),
            ("WEBJOBS_DATA_PATH=", layout.jobData(job.name).bytes),
            ("WEBJOBS_RUN_ID=", Array(grant.run.description.utf8)),
            ("WEBJOBS_SHUTDOWN_FILE=", site.shutdownFile.bytes),
        ]
        if let correlationID = grant.correlationID { own.append(("BOBBIN_CORRELATION_ID=", Array(correlationID.utf8))) }
        if let session = grant.session { own.append(("BOBBIN_SESSION=", Array(session.utf8))) }
        if let meta = site.meta { own.append(("BOBBIN_META=", meta.bytes)) }
        if let arguments = grant.arguments { own.append(("WEBJOBS_COMMAND_ARGUMENTS=", Array(arguments.joined(separator: " ").utf8))) }
        let mine = own.map { name, value in name.withUTF8Buffer(Array.init) + value }
        // Settings come after what is inherited and win over it; Bobbin's own words come last and cannot be overridden,
        // since a run is recognised by them. A name given twice would leave the choice to the program.
        return Self.unique(Self.inherited + job.environment + mine)
    }

    /// The last of equal names, in order.
    static func unique(_ entries: [[UInt8]]) -> [[UInt8]] {
        var seen: Set<ArraySlice<UInt8>> = []
        return entries.reversed().filter { seen.insert($0.prefix { $0 != UInt8(ascii: "=") }).inserted }.reversed()
    }
}
