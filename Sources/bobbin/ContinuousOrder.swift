import ArgumentParser
import Documents
import Engine
import Files
import Hosting
import Spool
import SystemPackage

/// Gives an order on a continuous job and waits until it has taken effect; shared by start, stop, restart, hold, release.
struct ContinuousOrder {
    let kind: JobOrders.Order.Kind
    let job: HostedJob
    let look: JobsLook

    private var shown: String { job.key.name.escaped }

    /// The continuous job of that name.
    static func job(_ name: NameArgument, in look: JobsLook) throws -> HostedJob {
        for candidate in name.names {
            if let job = look.job(candidate, .continuous) { return job }
            if look.job(candidate) != nil {
                throw Failure(
                    .usage,
                    "\(name.escaped) is a triggered job: it runs when there is something in its queue. To have it take nothing: bobbin hold \(name.escaped)"
                )
            }
        }
        throw Failure(.notFound, "there is no continuous job \"\(name.escaped)\" in \(look.layout.continuousJobs.escaped)")
    }

    func run(waits: Bool, json: Bool) async throws {
        try prepare()
        let order = try JobOrders(look.layout).give(kind, to: job.key.name, at: Clocks.system.now())
        let answer: (word: String, text: String, status: ExitStatus)
        if !look.isServed {
            answer = (
                "pending",
                kind == .stop
                    ? "it stays stopped; no orchestrator is running here"
                    : "no orchestrator is running here; it starts with the next: bobbin run --root \(look.layout.root.escaped)", .success
            )
        } else if !waits {
            answer = ("pending", "the order is given: \(kind.rawValue)", .success)
        } else {
            answer = try await effect(of: order)
        }
        if json {
            Terminal.say(
                JSON.object([
                    .init("order", .string(kind.rawValue)), .init("job", .string(shown)), .init("result", .string(answer.word)),
                    .init("message", .string(answer.text)),
                ]))
        } else if answer.status == .success {
            Terminal.say("\(shown): \(answer.text)")
        } else {
            Terminal.complain("bobbin: \(shown): \(answer.text)")
        }
        try answer.status.end()
    }

    /// Whether the job is to run is told by its own folder, for every orchestrator there is and will be.
    private func prepare() throws {
        let folder = try Folder.open(job.disableFile.removingLastComponent())
        let place = RelativePath(FileName("disable.job" as StaticString))
        switch kind {
        case .stop: _ = try folder.append(to: place, mode: 0o644)
        case .start:
            if job.settings?.isDisabled == true {
                throw Failure(.negative, "\(shown) is disabled by its settings.job; take \"disabled\" out of it")
            }
            _ = try folder.remove(place)
        case .restart:
            if job.hasDisableFile || job.settings?.isDisabled == true {
                throw Failure(.negative, "\(shown) is stopped; start it: bobbin start \(shown)")
            }
        }
    }

    /// Until every instance has carried it out, and shows what came of it.
    private func effect(of order: ItemID) async throws -> (String, String, ExitStatus) {
        let grace = job.settings?.stoppingWaitTime ?? .seconds(5)
        // A hook at each end, and a machine that is busy.
        let limit = Clocks.system.uptime() + grace + .seconds(60)
        while Clocks.system.uptime() < limit {
            let living = Instances.look(dataFolder: look.layout.data)?.living().map(\.id) ?? []
            let current = ContinuousLook(job.key.name, look.layout, living: living)
            if let result = verdict(current, order, living.count) { return result }
            try await Task.sleep(for: .milliseconds(50))
        }
        return ("timed_out", "the order has not taken effect yet; see: bobbin jobs \(shown)", .timedOut)
    }

    private func verdict(_ look: ContinuousLook, _ order: ItemID, _ living: Int) -> (String, String, ExitStatus)? {
        guard look.states.count >= living, look.states.allSatisfy({ $0["order"]?.string == order.description }) else { return nil }
        let states = look.states.compactMap(ContinuousLook.state)
        if kind == .stop { return states.allSatisfy { $0 == .stopped } ? ("done", "stopped", .success) : nil }
        let why = look.states.first?["reason"]?.string ?? look.problems.first ?? "see its log: bobbin logs \(shown)"
        if states.contains(.pendingRestart) { return ("failed", "it went down at once (\(why)) and is tried again", .negative) }
        if states.contains(.stopped) { return ("failed", "it does not run: \(why)", .negative) }
        guard states.allSatisfy({ $0 == .running || $0 == .inactiveInstance }) else { return nil }
        return ("done", "running", .success)
    }
}

/// The words that start, stop and restart have in common.
struct ContinuousOrderOptions: ParsableArguments {
    @Argument(help: "The continuous job.", completion: .jobs)
    var job: NameArgument

    @Flag(help: "Do not wait until it has taken effect.")
    var noWait = false

    func give(_ kind: JobOrders.Order.Kind, _ root: RootOptions, _ output: OutputOptions) async throws {
        let look = try JobsLook(root.layout)
        let order = ContinuousOrder(kind: kind, job: try ContinuousOrder.job(job, in: look), look: look)
        try await order.run(waits: !noWait, json: output.json)
    }
}
