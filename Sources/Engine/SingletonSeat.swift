import Documents
import Files
import Spool

/// The role of a singleton job, as one instance takes it, keeps it for a while, and waits for it.
///
/// It is kept from run to run, since taking it anew costs more than a small run; but when another instance waits it is
/// handed over after `term`, so that neither starves.
actor SingletonSeat {
    /// How long an instance keeps the role while another waits; the run that is under way then is finished first.
    static let term = Duration.milliseconds(500)

    private let role: Role
    private let coordinator: any Coordinator & RoleLocks
    private let instance: ItemID
    private let clocks: Clocks
    private let notice: @Sendable (String) -> Void
    /// The role may be free.
    private let onHint: @Sendable () -> Void
    /// Ends what runs of an instance that has died, and returns when that is done.
    private let onOrphans: @Sendable () async -> Void
    private var tenure: (tenure: Tenure, since: Duration)?
    private var waiting: Task<Void, Never>?
    private var hasComplained = false

    init(
        _ role: Role, _ coordinator: any Coordinator & RoleLocks, instance: ItemID, clocks: Clocks,
        notice: @escaping @Sendable (String) -> Void, onHint: @escaping @Sendable () -> Void,
        onOrphans: @escaping @Sendable () async -> Void
    ) {
        self.role = role
        self.coordinator = coordinator
        self.instance = instance
        self.clocks = clocks
        self.notice = notice
        self.onHint = onHint
        self.onOrphans = onOrphans
    }

    /// What the processes of a run inherit; nil when the role is not ours.
    var lock: OpenFile? { tenure.flatMap { coordinator.lock(of: $0.tenure) } }

    /// Takes the role. False when somebody else has it; a hint comes when that may have changed.
    func take() async -> Bool {
        if tenure != nil { return true }
        if await tryOnce() { return true }
        guard waiting == nil else { return false }
        wait()
        // It may have become free before anybody listened.
        return await tryOnce()
    }

    private func tryOnce() async -> Bool {
        switch await coordinator.acquire(role) {
        case .granted(let new):
            tenure = (new, clocks.uptime())
            hasComplained = false
            waiting?.cancel()
            waiting = nil
            // A process of the dead may have closed what it inherited, and run without the role.
            if let before = new.predecessor, before != instance, await isDead(before) { await onOrphans() }
            return true
        case .held: return false
        case .unknown(let why):
            if !hasComplained { notice("\(role): \(why); nothing of it is started until this passes") }
            hasComplained = true
            // No lock file will close to tell that the trouble is over.
            Task { [onHint] in
                try? await Task.sleep(for: .seconds(1))
                onHint()
            }
            return false
        }
    }

    private func isDead(_ other: ItemID) async -> Bool { await !coordinator.instances().contains { $0.id == other && $0.isAlive } }

    private func wait() {
        let hints = coordinator.hints(of: role)
        waiting = Task { [onHint] in
            for await _ in hints { onHint() }
        }
    }

    /// Whether the next run may begin under the same tenure.
    ///
    /// - Parameter mayHaveOrphans: processes may have left the last run, and have the lock still: the role is to be taken
    ///   anew, which waits for them.
    func keep(unless mayHaveOrphans: Bool) async -> Bool {
        guard let (own, since) = tenure else { return false }
        guard !mayHaveOrphans, await coordinator.renew(own) else { return false }
        guard clocks.uptime() - since >= Self.term else { return true }
        if await coordinator.handOver(own) {
            tenure = nil
            return false
        }
        tenure?.since = clocks.uptime()
        return true
    }

    /// Gives the role up, if we have it.
    func leave() async {
        guard let own = tenure?.tenure else { return }
        tenure = nil
        await coordinator.release(own)
    }

    /// Waits for the role no more.
    func close() {
        waiting?.cancel()
        waiting = nil
    }
}
