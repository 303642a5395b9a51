import Documents
import Execution
import Files
import ServiceLifecycle
import Spool
import SystemPackage

/// What must happen now and then although nobody asks: recovery of what dead orchestrators held, sweeping, stalled
/// uploads. One wake-up a minute; the death of another orchestrator is acted on at once.
struct Housekeeper: Service {
    let board: JobBoard
    let continuous: ContinuousBoard?
    let router: EventRouter
    let instances: Instances
    /// The folder of all queues.
    let spool: FilePath
    let clocks: Clocks
    let notice: @Sendable (String) -> Void
    /// Forgets old history.
    let pruneHistory: @Sendable ([FileName: Retention.Limit]) async -> Void

    private static let roundTime = Duration.seconds(60)
    private static let sweepEvery = 60
    /// A temporary name that has not changed for so long belongs to an upload that has stalled (contract §3).
    private static let stalledAfter = Duration.seconds(86_400)

    func run() async {
        await cancelWhenGracefulShutdown {
            await board.waitUntilLoaded()
            async let takeovers: Void = followDeaths()
            await makeRounds()
            await takeovers
        }
    }

    private func makeRounds() async {
        var stalled: Set<String> = []
        var round = 0
        while !Task.isCancelled {
            if round % Self.sweepEvery == 0 { await sweep(&stalled) }
            if round > 0 { await recover() }
            await continuous?.endAbandoned()
            await bury()
            round += 1
            try? await Task.sleep(for: Self.roundTime, tolerance: .seconds(5))
        }
    }

    /// Returns how many items were recovered.
    @discardableResult
    func recover() async -> Int {
        let queues = await board.queues.map(\.queue)
        // All at once: one queue's orphan that is slow to end must not keep the others waiting.
        return await withTaskGroup(of: Int.self) { group in
            for queue in queues { group.addTask { await queue.recover().count } }
            return await group.reduce(0, +)
        }
    }

    /// Ends what runs of orchestrators that are gone have left behind, then forgets the dead: their ids are what such
    /// processes are known by.
    func bury() async {
        let dead = instances.peers().filter { !$0.isAlive }.map(\.id)
        let ended = await OrphanHunter(clocks: clocks).endOwnerless(below: spool, of: dead) { instances.isAlive($0) }
        if !ended.isEmpty { notice("ended \(ended.count) processes that runs of an orchestrator that is gone had left behind") }
        instances.removeDead(dead)
    }

    /// Sweeps once.
    func sweep() async {
        var stalled: Set<String> = []
        await sweep(&stalled)
    }

    private func sweep(_ stalled: inout Set<String>) async {
        for (queue, folder, rules) in await board.queues {
            let sweeper = Sweeper(name: queue.name, folder: folder, clocks: clocks)
            let inboxes = await queue.inboxes
            do throws(FileError) {
                let now = clocks.now()
                let found = try await Offload.run { () throws(FileError) in
                    _ = try sweeper.sweep(rules.retention)
                    return try StalledUploads.find(in: inboxes, names: rules.names, now: now, after: Self.stalledAfter)
                }
                for path in found.map(\.escaped) where stalled.insert(path).inserted {
                    notice(
                        "queue \(queue.name.escaped): \(path) has a temporary name and has not changed for a day; its upload seems to have stalled"
                    )
                }
            } catch {
                notice("queue \(queue.name.escaped): sweeping: \(error)")
            }
        }
        await pruneHistory(await board.historyLimits)
    }
}
