import Documents
import Execution
import Files
import SystemPackage

/// Turns a continuous job into the script to start: arguments and environment of contract §5, without an item.
struct ContinuousPlan {
    let job: ContinuousJob
    let layout: Layout
    let instance: ItemID
    let log: RolledLog

    func script(_ place: RunPlace) -> Script {
        Script(
            run: place.run, arguments: job.command, environment: environment(place), folder: job.scriptFolder, input: nil,
            locks: [place.lock], umask: job.umask, nice: job.nice, site: place.folder, log: .rolled(log),
            shutdownFile: RunPlace.shutdownFile, stopping: .atOnce, grace: job.grace)
    }

    private func environment(_ place: RunPlace) -> [[UInt8]] {
        let run = Array(place.run.description.utf8)
        let own: [(StaticString, [UInt8])] = [
            ("BOBBIN_RUN_ID=", run),
            ("BOBBIN_INSTANCE_ID=", Array(instance.description.utf8)),
            ("WEBJOBS_NAME=", job.name.bytes),
            ("WEBJOBS_TYPE=", Array("continuous".utf8)),
            ("WEBJOBS_PATH=", job.path.bytes),
            ("WEBJOBS_DATA_PATH=", layout.continuousData(job.name).bytes),
            ("WEBJOBS_RUN_ID=", run),
            ("WEBJOBS_SHUTDOWN_FILE=", place.folder.path.appending(RunPlace.shutdownFile).bytes),
        ]
        return RunPlan.unique(RunPlan.inherited + job.environment) + own.map { name, value in name.withUTF8Buffer(Array.init) + value }
    }
}
