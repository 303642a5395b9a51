import Documents
import Engine
import Files
import Hosting
import Spool
import SystemPackage

/// All that keeps one file in its inbox, what concerns the file itself first.
struct WhyReasons {
    struct Reason {
        /// Machine-readable.
        let word: String
        let sentence: String

        var json: JSON { ["reason": .string(word), "message": .string(sentence)] }
    }

    let queue: QueueReader
    /// The folder the file lies in: the queue's own, or one more inbox of its job.
    let inbox: QueueReader
    let jobs: JobsLook

    /// nil when nothing in the inbox has that name.
    func all(_ name: FileName) async throws -> [Reason]? {
        if inbox.folder === queue.folder, QueueLayout.reserved.contains(name) {
            return [Reason(word: "reserved", sentence: "it is one of the queue's own folders, and never an item")]
        }
        let rules = jobs.rules(of: queue.name)
        guard var own = try await inbox.why(name, rules: rules) else { return nil }
        if case .settling(let quiet, let needed) = own {
            // Only time can tell: what still changes then is being written.
            try await Task.sleep(for: needed - quiet + .milliseconds(10))
            guard let later = try await inbox.why(name, rules: rules) else { return nil }
            own = later
        }
        let around = try aroundIt()
        if own != .queued { return [Reason(word: own.word, sentence: own.sentence)] + around }
        if !around.isEmpty { return around }
        return [Reason(word: own.word, sentence: try places() ?? own.sentence)]
    }

    /// What keeps every file of the queue.
    private func aroundIt() throws -> [Reason] {
        var reasons: [Reason] = []
        let name = queue.name
        if let job = jobs.job(name) {
            if job.runnable == nil {
                reasons.append(
                    Reason(
                        word: "job_broken",
                        sentence: "the job \(name.escaped) cannot run: \(job.problems.joined(separator: "; "))"))
            } else if job.settings?.isDisabled == true {
                reasons.append(
                    Reason(
                        word: "job_disabled", sentence: "the job \(name.escaped) is disabled (settings.job: disabled)"))
            } else if JobOrders.look(jobs.layout)?.isHeld(name) == true {
                reasons.append(
                    Reason(word: "job_held", sentence: "the job \(name.escaped) is held: bobbin release \(name.escaped)"))
            } else if let why = jobs.openCircuit(of: name) {
                reasons.append(
                    Reason(
                        word: "circuit_open",
                        sentence:
                            "the job \(name.escaped) was found broken, and its items wait until one tries again: \(why)"
                    ))
            }
        } else if jobs.job(name, .continuous) != nil {
            reasons.append(
                Reason(
                    word: "no_job",
                    sentence:
                        "\(name.escaped) is a continuous job, which takes no files; this queue has no triggered job"))
        } else {
            reasons.append(
                Reason(
                    word: "no_job", sentence: "no job is called \(name.escaped); make one: bobbin new \(name.escaped)"))
        }
        if !jobs.isServed {
            reasons.append(
                Reason(
                    word: "not_running",
                    sentence:
                        "no orchestrator is running here; start one: bobbin run --root \(jobs.layout.root.escaped)"))
        }
        return reasons
    }

    /// Who takes the places it waits for.
    private func places() throws -> String? {
        guard let settings = jobs.job(queue.name)?.settings else { return nil }
        let taken = try queue.items(.claimed).count
        if settings.isSingleton, taken >= 1 {
            return "it is ready and waits for its turn: one runs at a time, across all instances (settings.job: is_singleton)"
        }
        let limit = settings.maxConcurrency
        let all = limit * jobs.living.count
        if taken >= all {
            return "it is ready and waits for a free place: \(taken) of \(all) run (settings.job: max_concurrency)"
        }
        return "it is ready and starts in a moment (\(taken) of \(all) places are taken)"
    }
}

/// What the path of a file says: the queue it is in, and the file or the item.
struct WhyPath {
    enum Target {
        case inbox(Folder, FileName)
        case item(ItemID)
    }

    let queue: QueueReader
    let target: Target

    /// Compares folders by what they are, not by how they are written: paths may lead over links and `..`.
    init(_ path: FilePath, queues: [QueueReader], jobs: JobsLook) throws {
        func notFound(_ why: String) -> Failure { Failure(.notFound, "\(path.escaped): \(why)") }
        var absolute = path.isAbsolute ? path : CurrentFolder.path.pushing(path)
        var components: [FileName] = []
        let stamps = queues.compactMap { queue in (try? queue.folder.file.stamp()).map { (queue, $0) } }
        while let name = absolute.name, !absolute.isEmpty {
            components.insert(name, at: 0)
            absolute = absolute.removingLastComponent()
            guard let folder = try? Folder.open(absolute), let stamp = try? folder.file.stamp() else { continue }
            if let queue = stamps.first(where: { $0.1.isSameFile(as: stamp) })?.0 {
                self.queue = queue
                if components.count == 1 {
                    target = .inbox(queue.folder, components[0])
                } else if QueueLayout.reserved.contains(components[0]),
                    let id = components.compactMap({ ItemID(bytes: $0.bytes) }).first
                {
                    target = .item(id)
                } else {
                    throw notFound("it is in no place where items lie")
                }
                return
            }
            if components.count == 1, let name = Self.owner(of: stamp, jobs),
                let queue = queues.first(where: { $0.name == name })
            {
                self.queue = queue
                target = .inbox(folder, components[0])
                return
            }
        }
        throw notFound("it is in no queue of \(jobs.layout.spool.escaped), and in no inbox of a job")
    }

    /// The job that takes files from a folder outside the spool (setting `inbox`).
    private static func owner(of stamp: Stamp, _ jobs: JobsLook) -> FileName? {
        jobs.hosted?.first { job in
            (job.settings?.inbox ?? []).contains {
                (try? Folder.open(FilePath($0)).file.stamp())?.isSameFile(as: stamp) == true
            }
        }?.key.name
    }
}
