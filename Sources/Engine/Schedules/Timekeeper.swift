import Documents
import Files
import Scheduling
import ServiceLifecycle
import Spool
import SystemPackage

/// Drops a file into a job's queue whenever the job's schedule is due (contract §8).
///
/// Of the orchestrators that share a root one acts on a job's schedule: the one that has the role. First the file is
/// dropped, then the due time is recorded; the item's id comes from the due time, so that a crash in between makes no
/// second item.
actor Timekeeper: Service {
    private let layout: Layout
    private let coordinator: any Coordinator
    private let clocks: Clocks
    private let notice: @Sendable (String) -> Void
    /// Cancels an item of a queue.
    private let cancel: @Sendable (FileName, ItemID) async -> Void
    private let boot = BootID.current

    private var keepers: [FileName: Keeper] = [:]
    private var lastLook: (wall: Instant, uptime: Duration)?
    private var sleep: Task<Void, Never>?
    private var isNudged = false

    /// What is known of one job's schedule.
    private struct Keeper {
        var rule: ScheduleRule
        var tenure: Tenure?
        var record: ScheduleRecord?
        /// Says when the role may be free.
        var waiting: Task<Void, Never>?
        var trouble: String?
    }

    /// At least so often is looked whether the clock was set. Nothing wakes up where no job has a schedule.
    private static let longestSleep = Duration.seconds(60)

    init(
        layout: Layout, coordinator: any Coordinator, clocks: Clocks, notice: @escaping @Sendable (String) -> Void,
        cancel: @escaping @Sendable (FileName, ItemID) async -> Void
    ) {
        self.layout = layout
        self.coordinator = coordinator
        self.clocks = clocks
        self.notice = notice
        self.cancel = cancel
    }

    /// Puts these schedules in force, and no others.
    func take(_ rules: [FileName: ScheduleRule]) async {
        for (job, keeper) in keepers where rules[job] == nil {
            keepers[job] = nil
            keeper.waiting?.cancel()
            if let tenure = keeper.tenure { await coordinator.release(tenure) }
        }
        for (job, rule) in rules where keepers[job]?.rule != rule { keepers[job, default: Keeper(rule: rule)].rule = rule }
        nudge()
    }

    func run() async {
        await cancelWhenGracefulShutdown { await self.keepTime() }
        for (_, keeper) in keepers {
            keeper.waiting?.cancel()
            if let tenure = keeper.tenure { await coordinator.release(tenure) }
        }
    }

    private func nudge() {
        isNudged = true
        sleep?.cancel()
    }

    private func keepTime() async {
        while !Task.isCancelled {
            isNudged = false
            let next = await look()
            if isNudged || Task.isCancelled { continue }
            let pause = next.map { max(.milliseconds(1), min($0 - clocks.now(), Self.longestSleep)) }
            let sleep = Task<Void, Never> { try? await Task.sleep(for: pause ?? .seconds(365 * 86_400)) }
            self.sleep = sleep
            await withTaskCancellationHandler {
                await sleep.value
            } onCancel: {
                sleep.cancel()
            }
        }
    }

    /// Acts on what is due; when to look again.
    private func look() async -> Instant? {
        let (now, uptime) = (clocks.now(), clocks.uptime())
        let step = lastLook.map { (now - $0.wall) - (uptime - $0.uptime) } ?? .zero
        lastLook = (now, uptime)
        var next: Instant?
        for job in keepers.keys.sorted() {
            guard let at = await look(at: job, now, step) else { continue }
            next = min(next ?? at, at)
        }
        return next
    }

    private func look(at job: FileName, _ now: Instant, _ step: Duration) async -> Instant? {
        // A hint of the role's release may be lost.
        guard await hasRole(job), var keeper = keepers[job] else { return now + Self.longestSleep }
        do throws(FileError) {
            let folder = try Folder.make(layout.schedules, mode: 0o755)
            if keeper.record == nil { keeper.record = try ScheduleRecord.read(job, in: folder) }
            let reader = try QueueReader.open(job, in: Folder.open(layout.spool))
            guard let reader else { throw FileError(.open, layout.spool.appending(job).escaped, .noSuchFileOrDirectory) }
            let look = ScheduleLook(keeper.rule, keeper.record, now: now, step: step, boot: boot) { [record = keeper.record] in
                record.map { isOpen($0, reader) } ?? false
            }
            var record = look.record
            for action in look.actions { try await act(action, &record, before: keeper.record, job, keeper.rule, reader) }
            if record != keeper.record { try record.write(job, in: folder) }
            if let trouble = keeper.trouble { notice(Priority.info + "schedule of job \(job.escaped): goes on (\(trouble))") }
            keepers[job]?.trouble = nil
            keepers[job]?.record = record
            return look.next
        } catch {
            // The due time stays due.
            tell(job, "\(error)")
            return now + .seconds(10)
        }
    }

    /// Whether this instance acts on the schedule of a job. While another one does, waits for a hint of its end.
    private func hasRole(_ job: FileName) async -> Bool {
        guard let keeper = keepers[job] else { return false }
        if let tenure = keeper.tenure, await coordinator.renew(tenure) { return true }
        let role = Role.schedule(job: job)
        if keeper.waiting == nil {
            // Before the try: a release in between is not missed.
            let hints = coordinator.hints(of: role)
            keepers[job]?.waiting = Task { [weak self] in for await _ in hints { await self?.nudge() } }
        }
        let answer = await coordinator.acquire(role)
        if case .unknown(let why) = answer { tell(job, why) }
        guard let tenure = answer.tenure, keepers[job] != nil else { return false }
        keepers[job]?.waiting?.cancel()
        keepers[job]?.waiting = nil
        keepers[job]?.tenure = tenure
        // Another instance may have gone on from what was known here.
        keepers[job]?.record = nil
        return true
    }

    /// Once, until it is over.
    private func tell(_ job: FileName, _ trouble: String) {
        guard let keeper = keepers[job], keeper.trouble != trouble else { return }
        notice("schedule of job \(job.escaped): \(trouble); its due times wait until this passes")
        keepers[job]?.trouble = trouble
    }

    private func isOpen(_ record: ScheduleRecord, _ reader: QueueReader) -> Bool {
        guard let item = record.item else { return false }
        if let name = record.itemName.flatMap({ FileName($0) }), reader.folder.exists(RelativePath(name)) { return true }
        switch try? reader.place(of: item)?.area {
        case .claimed, .retry, .waiting: return true
        case .done, .failed, nil: return false
        }
    }

    private func act(
        _ action: ScheduleLook.Action, _ record: inout ScheduleRecord, before: ScheduleRecord?, _ job: FileName, _ rule: ScheduleRule,
        _ reader: QueueReader
    ) async throws(FileError) {
        switch action {
        case .say(let text): notice("schedule of job \(job.escaped): \(text)")
        case .skip(let due):
            notice(
                "schedule of job \(job.escaped): \(due.rfc3339) is skipped: the item of \(before?.lastDue?.rfc3339 ?? "an earlier due time") is not done (overlap is skip)"
            )
        case .cancelEarlier:
            guard let before, let item = before.item else { return }
            if let name = before.itemName.flatMap({ FileName($0) }), reader.folder.exists(RelativePath(name)) {
                _ = try ItemOrders(name: job, folder: reader.folder, clocks: clocks).cancelWaiting(name)
            } else {
                await cancel(job, item)
            }
        case .make(let due): try make(due, &record, job, rule, reader)
        }
    }

    /// Makes the item of a due time, unless an earlier life of this program or another one has.
    private func make(
        _ due: Instant, _ record: inout ScheduleRecord, _ job: FileName, _ rule: ScheduleRule, _ reader: QueueReader
    ) throws(FileError) {
        let (id, name) = (rule.item(of: due, job: job), OwnName.ofDueTime(due))
        record.item = id
        record.itemName = name.escaped
        if try reader.place(of: id) != nil || reader.folder.exists(RelativePath(name)) { return }
        let payload: JSON = ["trigger": "schedule", "job": .string(job.escaped), "schedule": .string(rule.text), "due_at": JSON(due)]
        let drop = QueueDrop(id, into: reader.folder)
        defer { drop.discard() }
        try drop.draft(Envelope(id: id, trigger: .schedule, arguments: [])) { file throws(FileError) in try file.write(payload.prettyBytes)
        }
        if case .letterLeft = try drop.publish(as: name) {
            // Of an item of this name that is gone; it is nobody's.
            try reader.folder.remove(RelativePath(Envelope.name(for: name)))
            _ = try drop.publish(as: name)
        }
    }
}
