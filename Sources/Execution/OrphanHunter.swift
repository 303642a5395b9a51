import Documents
import Files
import Glibc
import SystemPackage

/// Ends what still runs of orchestrators that are gone, by the normal stop protocol: SIGTERM, a grace, SIGKILL.
package struct OrphanHunter: Sendable {
    package struct Prey: Sendable {
        package var run: ItemID
        /// The orchestrator that started it; nil = it is not known by its mark.
        package var instance: ItemID?
        package var payloadPath: FilePath?
        /// The lock file of a run without a payload.
        package var lockPath: FilePath?
        /// Time between SIGTERM and SIGKILL.
        package var grace: Duration

        package init(
            run: ItemID, instance: ItemID? = nil, payloadPath: FilePath? = nil, lockPath: FilePath? = nil, grace: Duration
        ) {
            self.run = run
            self.instance = instance
            self.payloadPath = payloadPath
            self.lockPath = lockPath
            self.grace = grace
        }
    }

    private let clocks: Clocks

    package init(clocks: Clocks = .system) { self.clocks = clocks }

    /// Returns when none of the runs has a process left, or when what is left cannot be killed (uninterruptible sleep,
    /// another user's): then its item's lock or its environment still tells, and recovery comes again.
    ///
    /// - Returns: the processes that were found, for the log, and the runs that have some left.
    package func end(_ prey: [Prey]) async -> (ended: [pid_t], survivors: Set<ItemID>) {
        var survivors: Set<ItemID> = []
        let ended = await end { tree in
            survivors = []
            return prey.flatMap { run in
                let members = tree.members(run: run.run, of: run.instance, payloadPath: run.payloadPath, lockPath: run.lockPath)
                if !members.isEmpty { survivors.insert(run.run) }
                return members.map { ($0.pid, run.grace) }
            }
        }
        return (ended, survivors)
    }

    /// How often is looked after what has been killed and is still there, before it counts as what cannot be: five seconds.
    /// Looks are counted, since a machine that stands still meanwhile ends nothing.
    private static let looksAfterKill = 30

    /// Tells what is found to end, and makes it when its grace is over, until nothing is found any more.
    ///
    /// - Returns: the processes that were found.
    private func end(_ find: (ProcessTree) -> [(pid: pid_t, grace: Duration)]) async -> [pid_t] {
        let began = clocks.uptime()
        var told: Set<pid_t> = []
        var looks = 0
        var pause = Duration.milliseconds(5)
        while true {
            let found = find(ProcessTree())
            let age = clocks.uptime() - began
            let longest = found.map(\.grace).max() ?? .zero
            for (pid, grace) in found {
                // Whoever waits for us no longer has no time for a grace either.
                if age >= grace || Task.isCancelled {
                    kill(pid, SIGKILL)
                } else if !told.contains(pid) {
                    kill(pid, SIGTERM)
                    kill(pid, SIGCONT)
                }
                told.insert(pid)
            }
            if age >= longest { looks += 1 }
            if found.isEmpty || looks > Self.looksAfterKill { return told.sorted() }
            // Shielded from cancellation, which would make it a busy loop.
            await Task { [pause] in try? await Task.sleep(for: pause) }.value
            pause = min(pause * 2, .milliseconds(200))
        }
    }

    /// Ends processes that have no owner: what they belonged to is over, and nobody recovers it. A run that succeeds leaves
    /// its daemons to be ended a moment later (`ScriptRun.hasSurvivors`); an orchestrator that dies in that moment does not.
    ///
    /// - Parameters:
    ///   - dead: orchestrators of this root that are gone, and whose items are recovered.
    ///   - isAlive: whether an orchestrator lives; its processes are its own business.
    /// - Returns: the processes that were found.
    package func endOwnerless(below spool: FilePath, of dead: [ItemID], isAlive: (ItemID) -> Bool) async -> [pid_t] {
        // The kernel tells the path of a standard input without links in it.
        let real = (try? Folder.open(spool)).flatMap { ProcessTree.path(ofOwn: $0.file.descriptor) } ?? spool
        return await end { tree in
            let living = tree.processes.values.filter { !$0.isZombie }.map(\.pid)
            return living.filter { Self.isOwnerless($0, spool, real, dead, isAlive) }.map { ($0, .seconds(5)) }
        }
    }

    private static func isOwnerless(
        _ pid: pid_t, _ spool: FilePath, _ real: FilePath, _ dead: [ItemID], _ isAlive: (ItemID) -> Bool
    ) -> Bool {
        guard pid != getpid() else { return false }
        if let payload = ProcessTree.value(of: "BOBBIN_FILE", in: pid).map({ FilePath(bytes: $0) }) {
            guard payload.starts(with: spool),
                let instance = ProcessTree.value(of: "BOBBIN_INSTANCE_ID", in: pid).flatMap({ ItemID(bytes: $0) })
            else { return false }
            // A payload that is still where the run had it is claimed, or about to be recovered, and its processes with it.
            return !isAlive(instance) && !isThere(payload)
        }
        // Of one that has emptied its environment, its mark tells, or the payload's lock.
        if let mark = RunMark(of: pid) { return dead.contains(where: mark.isOf(instance:)) }
        guard let input = ProcessTree.standardInput(of: pid), input.starts(with: real),
            !input.components.contains("claimed"), isThere(input)
        else { return false }
        return isLocked(input)
    }

    private static func isThere(_ path: FilePath) -> Bool {
        var found = stat()
        return path.withPlatformString { lstat($0, &found) } == 0
    }

    private static func isLocked(_ path: FilePath) -> Bool {
        let descriptor = path.withPlatformString { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW) }
        guard descriptor >= 0 else { return false }
        return (try? OpenFile(adopting: descriptor, subject: FileSubject(path)).isLocked()) == true
    }
}
