import Documents
import Engine
import Files
import Hosting
import Spool
import SystemPackage

/// The jobs as commands see them: what the folders say, and what living orchestrators have written about them.
struct JobsLook {
    let layout: Layout
    /// nil: there is no folder of jobs.
    let hosted: [HostedJob]?
    /// The orchestrators that share the root, also those that died and have not been buried yet.
    let instances: [Instance]

    init(_ layout: Layout) throws {
        self.layout = layout
        if let folder = try? Folder.open(layout.jobs) {
            var catalog = JobCatalog()
            _ = try catalog.reload(from: folder)
            hosted = catalog.sorted
        } else {
            hosted = nil
        }
        instances = Instances.look(dataFolder: layout.data)?.all() ?? []
    }

    var living: [Instance] { instances.filter(\.isAlive) }

    var isServed: Bool { instances.contains(where: \.isAlive) }

    /// Who has the role of a singleton job: nil when it is none, or nobody has it.
    func holder(of job: HostedJob) -> Holder? {
        guard job.settings?.isSingleton == true else { return nil }
        let role: Role = job.key.kind == .triggered ? .triggered(job: job.key.name) : .continuous(job: job.key.name)
        return FolderCoordinator.holder(of: role, dataFolder: layout.data)
    }

    func job(_ name: FileName, _ kind: JobKind = .triggered) -> HostedJob? {
        hosted?.first { $0.key == JobKey(kind, name) }
    }

    /// The rules of a queue: those of its job, else those that a job without settings has.
    func rules(of queue: FileName) -> QueueRules { job(queue)?.settings.map { QueueRules($0) } ?? QueueRules() }

    /// What the orchestrator last wrote about a job; nil when whoever wrote it lives no more.
    func state(of job: FileName) -> JSON? {
        guard let folder = try? Folder.open(layout.jobData(job)),
            let bytes = try? folder.read(RelativePath("state.json")), let json = try? JSONParser.parse(bytes),
            let instance = json["instance"]?.string, living.contains(where: { $0.id.description == instance })
        else { return nil }
        return json
    }

    /// The reason of an open circuit.
    func openCircuit(of job: FileName) -> String? {
        guard let circuit = state(of: job)?["circuit"], circuit["state"]?.string == "open" else { return nil }
        return circuit["reason"]?.string ?? "its runs ended with a code that blames the job"
    }

    func continuous(_ job: FileName) -> ContinuousLook { ContinuousLook(job, layout, living: living.map(\.id)) }

    enum State {
        case notRunning, disabled, held, broken, stopped
        case continuous(ContinuousState)
        case circuitOpen(String)
        case running

        var word: String {
            switch self {
            case .notRunning: "not running"
            case .disabled: "disabled"
            case .held: "held"
            case .continuous(let state): state.rawValue
            case .broken: "broken"
            case .stopped: "Stopped"
            case .circuitOpen: "circuit open"
            case .running: "Running"
            }
        }

        var colour: Terminal.Colour {
            switch self {
            case .notRunning, .continuous(.inactiveInstance): .grey
            case .disabled, .held: .yellow
            case .continuous(.running): .green
            case .continuous(.pendingRestart): .red
            case .continuous(.initializing), .continuous(.starting), .continuous(.stopping), .continuous(.stopped),
                .continuous(.disabling):
                .yellow
            case .broken, .stopped, .circuitOpen: .red
            case .running: .green
            }
        }
    }

    func state(of job: HostedJob) -> State {
        if job.key.kind == .continuous, isServed, let state = continuous(job.key.name).state, job.runnable != nil || state != .stopped {
            return .continuous(state)
        }
        if job.runnable == nil { return .broken }
        if job.settings?.isDisabled == true { return .disabled }
        if job.key.kind == .continuous { return job.hasDisableFile ? .disabled : .notRunning }
        if JobOrders.look(layout)?.isHeld(job.key.name) == true { return .held }
        if !isServed { return .notRunning }
        if state(of: job.key.name)?["state"]?.string == "Stopped" { return .stopped }
        return openCircuit(of: job.key.name).map { .circuitOpen($0) } ?? .running
    }
}
