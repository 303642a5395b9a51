import Documents
import Execution
import Files
import Spool

/// What others can see of a supervisor.
extension Supervisor {
    /// Changes the report and writes it down, if it is another now.
    func show(_ change: (inout ContinuousReport) -> Void) {
        let before = report
        change(&report)
        guard report != before else { return }
        if report.state != before.state {
            report.since = around.clocks.now()
            log.system("Status changed to \(report.state.rawValue)" + (report.reason.map { ": \($0)" } ?? ""))
        }
        let own = around.instances.own
        do throws(FileError) {
            if report.state != before.state || before.starts == 0 {
                // The form of WebJobs: one line.
                let status = JSON.object([.init("Status", .string(report.state.rawValue))]).compactBytes
                try data.replace(RelativePath(ContinuousReport.statusFile(own)), with: status, mode: 0o644)
            }
            let state = report.json(of: name, instance: own).prettyBytes
            try data.replace(RelativePath(ContinuousReport.stateFile(own)), with: state, mode: 0o644)
        } catch {
            around.notice("continuous job \(name.escaped): its state cannot be shown: \(error)")
        }
    }

    func removeStatus() { remove(around.instances.own) }

    /// Orchestrators that were killed cannot remove theirs.
    func removeStatusOfTheDead() {
        for file in (try? data.names()) ?? [] {
            guard let instance = Self.instance(of: file), !around.instances.isAlive(instance) else { continue }
            remove(instance)
        }
    }

    private func remove(_ instance: ItemID) {
        for file in [ContinuousReport.stateFile(instance), ContinuousReport.statusFile(instance)] {
            try? data.removeTemporary(of: RelativePath(file))
            _ = try? data.remove(RelativePath(file))
        }
    }

    private static func instance(of file: FileName) -> ItemID? {
        for prefix in ["state_", "status_"] as [StaticString] where file.hasPrefix(prefix) {
            return ItemID(bytes: Array(file.bytes.dropFirst(prefix.utf8CodeUnitCount).prefix(36)))
        }
        return nil
    }
}
