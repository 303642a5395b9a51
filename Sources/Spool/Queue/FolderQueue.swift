import Documents
import Files
import SystemPackage

/// A queue that is a folder: the default `WorkQueue`.
///
/// The actor owns what is held in memory about the queue; who gets an item is decided by the file system alone, so any
/// number of orchestrators may share the folder. Short file-system calls are made in place; what may block for long
/// (scans, syncs, removal of trees) goes through `Offload`, and the actor is free meanwhile.
package actor FolderQueue: WorkQueue, PayloadStore {
    /// What the queue needs from around it.
    package struct Surroundings: Sendable {
        package var clocks: Clocks
        /// This orchestrator, and the way to tell whether another lives.
        package var instances: Instances
        /// Ends what still runs of these runs (stop protocol), because their orchestrator is gone. Answers with those that
        /// could not be ended.
        package var endOrphans: @Sendable (_ runs: [OrphanRun]) async -> Set<ItemID>
        /// Told of every change of state, once each.
        package var onTransition: @Sendable (Transition) -> Void
        /// An operator wants a run of ours ended; it is then committed as cancelled.
        package var cancelRun: @Sendable (_ run: ItemID) -> Void
        /// Something the operator should know; said once per cause.
        package var notice: @Sendable (String) -> Void

        package init(
            clocks: Clocks, instances: Instances, endOrphans: @escaping @Sendable ([OrphanRun]) async -> Set<ItemID>,
            onTransition: @escaping @Sendable (Transition) -> Void, cancelRun: @escaping @Sendable (ItemID) -> Void,
            notice: @escaping @Sendable (String) -> Void
        ) {
            self.clocks = clocks
            self.instances = instances
            self.endOrphans = endOrphans
            self.onTransition = onTransition
            self.cancelRun = cancelRun
            self.notice = notice
        }
    }

    /// A run whose processes may have outlived their orchestrator.
    package struct OrphanRun: Sendable, Equatable {
        package var run: ItemID
        package var instance: ItemID
        package var payloadPath: FilePath
    }

    /// An item that this orchestrator holds.
    struct Held {
        var record: ItemRecord
        var machine: ItemMachine
        let place: ItemPlace
        let hold: Hold
        var slot: Slot
        let grant: Grant
        /// Work folder of the run: the slot's, or the item's own when an earlier attempt left one.
        let work: RelativePath
        let checkpointBefore: Stamp?
        var claimedUptime: Duration
        var isStatusWritten = false
        var progress: StatusDocument.Progress?
        var progressStamp: Stamp?
        var deployment: String?
        var isCommitting = false
    }

    package nonisolated let name: FileName
    package nonisolated let hints: AsyncStream<Void>
    nonisolated let hint: AsyncStream<Void>.Continuation

    /// The folder of all queues: where forwards go.
    var spool: Folder
    let folder: Folder
    /// The queue's own folder, then those of the setting `inbox`.
    package private(set) var inboxes: [Folder]
    let around: Surroundings
    var rules: QueueRules
    var readiness: Readiness
    let isNetwork: Bool
    var ownClock: FileSystemClock

    var inbox = Inbox()
    var shelf = RetryShelf()
    var held: [ItemID: Held] = [:]
    var slots: Slots
    var blanks: Blanks
    let syncs = SyncGroup()
    var hasMendedPowerLoss = false
    var scan = ScanState()
    var wake = WakeState()
    var told: Set<String> = []
    /// Claims rest until then because the machine is short of something.
    var pausedUntil: Duration = .zero
    var shortagePause: Duration = .seconds(1)
    var productPause: Duration = .seconds(1)
    var isTakingRetryNext = false
    var pulse: Task<Void, Never>?
    /// The recovery that was asked for last.
    var recovery: Task<[Recovered], Never>?
    var madeDay: FileName?
    /// Recoveries under way; nil before the first.
    var recoveries: Int?

    /// - Parameter isNetwork: whether the folder lies on a network file system; nil = as the system says.
    package init(
        name: FileName, spool: Folder, folder: Folder, inboxes extra: [Folder] = [], rules: QueueRules, around: Surroundings,
        isNetwork: Bool? = nil
    ) {
        self.name = name
        self.spool = spool
        self.folder = folder
        self.inboxes = [folder] + extra
        self.rules = rules
        self.around = around
        readiness = Readiness(settleTime: rules.settleTime, accept: rules.accept)
        let isNetwork = isNetwork ?? folder.fileSystem.isNetwork
        self.isNetwork = isNetwork
        ownClock = FileSystemClock(
            clocks: around.clocks, folder: isNetwork ? folder : nil,
            probe: QueueLayout.claimed / (FileName(".clock-\(around.instances.own)") ?? FileName(".clock" as StaticString)))
        slots = Slots(queue: folder, instance: around.instances.own, isNetwork: isNetwork)
        blanks = Blanks(queue: folder, instance: around.instances.own)
        (hints, hint) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Puts new settings in force. What waits is judged again under them.
    package func apply(_ rules: QueueRules) {
        guard rules != self.rules else { return }
        self.rules = rules
        readiness = Readiness(settleTime: rules.settleTime, accept: rules.accept)
        inbox.removeAll()
        requestScan()
    }

    /// Takes files from these folders besides its own from now on, and drops forwards into this one.
    package func use(spool: Folder, inboxes extra: [Folder]) {
        self.spool = spool
        inboxes = [folder] + extra
        inbox.removeAll()
        scan.seen = [:]
        requestScan()
    }

    package nonisolated func nudge() { hint.yield() }

    package func extend(_ grants: [Grant]) -> [Bool] { grants.map { held[$0.item]?.grant.fence == $0.fence } }

    package func count() -> QueueCount { QueueCount(waiting: inbox.count, claimed: held.count, retrying: shelf.count) }

    package func localise(_ grant: Grant, deployment: String?) -> RunSite? {
        guard let item = held[grant.item], item.grant.fence == grant.fence else { return nil }
        held[grant.item]?.deployment = deployment
        let place = item.place
        let scratch = item.slot.place
        return RunSite(
            payload: item.hold.payload, lock: item.hold.lock, folder: folder, payloadPlace: place.payload(item.record.name),
            work: item.work,
            results: scratch.place(.results), next: scratch.place(.next), checkpoint: place.checkpoint, progress: place.progress,
            output: place.output, meta: item.record.envelope == nil ? nil : place.envelope, shutdownFile: scratch.shutdownFile,
            log: place.log)
    }

    /// Ends the hints, and with them the claims.
    package nonisolated func stopHinting() { hint.finish() }

    /// Ends everything the queue does by itself. What is held stays claimed for whoever recovers it.
    package func close() async {
        wake.task?.cancel()
        scan.task?.cancel()
        pulse?.cancel()
        resumeScan(always: true)
        await scan.task?.value
        await pulse?.value
        stopHinting()
        if held.isEmpty { _ = try? slots.removeAll() }
    }

    /// Says something once; the same cause is not repeated until `forgetNotice`.
    func tell(_ cause: String, _ text: String) {
        if told.insert(cause).inserted { around.notice("queue \(name.escaped): \(text)") }
    }

    /// Whether nothing can start by `horizon` from now: nothing to recover, no candidate, nothing held, no retry due by then.
    package func isDrained(horizon: Duration) -> Bool {
        recoveries == 0 && scan.task == nil && !scan.isWanted && !scan.isRetryWanted && inbox.count == 0 && !inbox.hasLeftOut
            && held.isEmpty
            && shelf.nextDue.map { $0 > uptime + horizon } ?? true
    }

    func forgetNotice(_ cause: String) { told.remove(cause) }
}
