import Documents
import Execution
import Files
import Spool

extension JobBoard {
    func surroundings(of job: Job) -> FolderQueue.Surroundings {
        let (runner, clocks, notice, grace) = (runner, clocks, notice, job.grace)
        return FolderQueue.Surroundings(
            clocks: clocks, instances: instances,
            endOrphans: { orphans in
                let prey = orphans.map {
                    OrphanHunter.Prey(run: $0.run, instance: $0.instance, payloadPath: $0.payloadPath, grace: min(grace, .seconds(5)))
                }
                let (ended, survivors) = await OrphanHunter(clocks: clocks).end(prey)
                if !ended.isEmpty { notice("ended \(ended.count) processes left behind by an orchestrator that is gone") }
                return survivors
            },
            onTransition: onTransition, cancelRun: { runner.cancel($0) }, notice: notice)
    }

    func note(_ circuit: Circuit, _ why: String?, of name: FileName) {
        circuits[name] = circuit.state == .closed ? nil : (circuit, why)
        writeState(name)
    }

    /// `data/jobs/triggered/NAME/state.json`: what `bobbin jobs` shows beside what it reads from the folders itself.
    func writeState(_ name: FileName) {
        let isRunning = seats[name].map { !$0.job.isDisabled } ?? false
        let problems = (problems[name] ?? []) + [absentees[name]?.trouble.text].compactMap { $0 }
        var members: [JSON.Member] = [
            .init("job", .string(name.escaped)),
            .init("state", .string(isRunning ? "Running" : "Stopped")),
            .init("problems", .array(problems.map(JSON.string))),
            .init("instance", .string(instances.own.description)),
        ]
        if let (circuit, why) = circuits[name] {
            members.append(.init("circuit", ["state": "open", "trips": JSON(circuit.trips), "reason": JSON(why)]))
        }
        // An idle orchestrator leaves the disk alone.
        guard JSON.object(members) != shown[name] else { return }
        shown[name] = .object(members)
        members.append(.init("at", JSON(clocks.now())))
        do throws(FileError) {
            let folder = try Folder.make(layout.jobData(name), mode: 0o750)
            try folder.replace(RelativePath("state.json"), with: JSON.object(members).prettyBytes, mode: 0o644)
        } catch {
            shown[name] = nil
            notice("job \(name.escaped): its state cannot be shown: \(error)")
        }
    }
}
