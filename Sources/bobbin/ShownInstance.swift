import Documents
import Files
import Spool

extension Instance {
    /// A row of a table: id, host, process, since when, what is wrong.
    var cells: [String] {
        [
            id.description, shownHost, processID.map(String.init) ?? "?", startedAt.map { Shown.time($0) } ?? "?",
            isAlive ? "" : Terminal.paint("died", .red),
        ]
    }

    /// `host, process 123`.
    var words: String { "\(shownHost), process \(processID.map(String.init) ?? "?")" }

    private var shownHost: String { host.map { Escaped.text(Array($0.utf8)) } ?? "?" }

    var json: JSON {
        [
            "id": .string(id.description), "host": JSON(host), "pid": JSON(processID), "boot": JSON(boot),
            "started_at": JSON(startedAt), "version": JSON(version), "alive": .bool(isAlive),
        ]
    }
}

/// Which instance runs a singleton job, and which ones wait.
struct ShownStanding {
    let holder: Holder
    /// nil when it has been buried: processes that it started may live on for a moment.
    let instance: Instance?
    let inactive: [Instance]

    init(_ holder: Holder, _ instances: [Instance]) {
        self.holder = holder
        instance = instances.first { $0.id == holder.instance }
        inactive = instances.filter { $0.isAlive && $0.id != holder.instance }
    }

    var text: String {
        let who = instance.map { $0.isAlive ? $0.words : "\($0.words), which died" } ?? "\(holder.instance), which died"
        let others = inactive.isEmpty ? "" : "; InactiveInstance: " + inactive.map(\.words).joined(separator: "; ")
        return "singleton on \(who), since \(Shown.time(holder.since))\(others)"
    }

    var json: JSON {
        [
            "instance": .string(holder.instance.description), "host": JSON(instance?.host), "pid": JSON(instance?.processID),
            "fence": JSON(holder.fence.value), "since": JSON(holder.since), "alive": .bool(instance?.isAlive == true),
        ]
    }
}
