import Documents
import Files

extension FolderQueue {
    /// Frees what dead orchestrators held (contract §2). Whether one is dead is told by its lock, whether a run lives by
    /// its processes and by the lock on the payload; never by age.
    ///
    /// One at a time: two that hunt the same processes would tell them to stop twice.
    package func recover() async -> [Recovered] {
        recoveries = (recoveries ?? 0) + 1
        defer { recoveries? -= 1 }
        let earlier = recovery
        let task = Task {
            _ = await earlier?.value
            return await recoverOnce()
        }
        recovery = task
        return await task.value
    }

    private func recoverOnce() async -> [Recovered] {
        do throws(FileError) {
            try await mendPowerLoss()
            forgetNotice("power loss")
        } catch {
            tell("power loss", "\(error); what the power cut took of the finished items is looked for again")
        }
        let orphans = findOrphans()
        guard !orphans.isEmpty else {
            removeDeadSlots()
            return []
        }
        // First the processes, all at once; only then is anything moved.
        Step.recoverEnd.before()
        let survivors = await around.endOrphans(
            orphans.compactMap { orphan in
                guard let record = orphan.record, let run = record.attempts.last?.run else { return nil }
                return OrphanRun(run: run, instance: record.instance, payloadPath: folder.path.appending(orphan.place.payload(record.name)))
            })
        Step.recoverEnd.after()
        var recovered: [Recovered] = []
        var hasChanged = false
        for orphan in orphans {
            // What cannot be ended may have let go of the lock, and still counts.
            if let run = orphan.record?.attempts.last?.run, survivors.contains(run) {
                tell("survivors \(orphan.id)", "a process of item \(orphan.id) cannot be ended; it stays in claimed/ until that has")
                continue
            }
            do throws(FileError) {
                if let outcome = try await recover(orphan, hasChanged: &hasChanged) {
                    recovered.append(Recovered(item: orphan.id, outcome: outcome))
                }
                forgetNotice("recover \(orphan.id)")
            } catch {
                tell("recover \(orphan.id)", "\(error); item \(orphan.id) stays in claimed/ and its recovery is tried again")
            }
        }
        if hasChanged { recovered += await recoverOnce() }
        removeDeadSlots()
        hint.yield()
        scheduleWake()
        return recovered
    }

    private struct Orphan {
        let id: ItemID
        let place: ItemPlace
        let record: ItemRecord?
    }

    private func findOrphans() -> [Orphan] {
        var alive: [ItemID: Bool] = [:]
        return ((try? folder.names(in: QueueLayout.claimed)) ?? []).compactMap { name in
            guard let id = ItemID(bytes: name.bytes), held[id] == nil else { return nil }
            let place = ItemPlace.claimed(id)
            let record = record(at: place)
            if let holder = record?.instance {
                if alive[holder] == nil { alive[holder] = around.instances.isAlive(holder) }
                // Our own items are in `held`, or in the middle of a step of this actor's.
                if alive[holder] == true && holder != around.instances.own { return nil }
            }
            return Orphan(id: id, place: place, record: record)
        }.sorted { $0.id < $1.id }
    }

    /// nil when somebody holds the item after all.
    private func recover(_ orphan: Orphan, hasChanged: inout Bool) async throws(FileError) -> Recovered.Outcome? {
        let place = orphan.place
        guard held[orphan.id] == nil else { return nil }
        if !folder.isMissing(place.outcome) { return try await finish(orphan, hasChanged: &hasChanged) }
        guard let payloadName = try folder.names(in: place.payloadFolder).first else { return try removeEmptyClaim(place) }
        let kind = try folder.stamp(place.payload(payloadName))?.kind
        // A link or device that was being refused: it has no lock, and goes on its way to failed/.
        guard kind == .file || kind == .folder else {
            let record = orphan.record ?? newRecord(orphan.id, name: payloadName)
            try bury(
                record, place: place, reason: "not_a_file",
                error: "\(payloadName.escaped) is \(kind?.words ?? "gone"); only regular files are taken")
            return .failed
        }
        Step.recoverLock.before()
        guard let hold = try open(payloadName, at: place), try hold.tryLock() else { return nil }
        Step.recoverLock.after()
        defer { withExtendedLifetime(hold) {} }
        // Read under the lock: while the processes were being ended, another orchestrator may have recovered the item. If it
        // was begun anew, by one that has died as well, the new run's processes must be ended first.
        let known = try folder.read(place.record).flatMap(ItemRecord.init(bytes:))
        guard known?.attempts.last?.run == orphan.record?.attempts.last?.run else {
            hasChanged = true
            return nil
        }
        guard var record = known else { return try await returnUnrecorded(orphan.id, payloadName, at: place) }
        if let name = record.slot.flatMap(SlotPlace.init(named:)) {
            // What the killed run was working on belongs to the item; its unfinished results belong to nobody.
            let work = name.place(.work)
            Step.recoverWork.before()
            if !folder.exists(place.work), try !folder.isEmpty(work) { _ = try folder.move(work, to: folder, as: place.work) }
            Step.recoverWork.after()
        }
        record.slot = nil
        // Whatever becomes of the item: left here, they would be in the way of the next run's.
        try clearUnfinished(at: place)
        if folder.exists(place.cancelRequest) {
            try bury(record, place: place, state: .cancelled, reason: "cancelled", error: "cancelled by an operator")
            return .failed
        }
        guard let attempt = record.attempts.last, attempt.finishedAt == nil else { return try await rest(record, at: place) }
        var machine = record.machine(.running(attempt: attempt.number))
        let actions = machine.handle(.interrupted, limits: rules.limits)
        record.interruptions = machine.interruptions
        record.attempts[record.attempts.count - 1].finishedAt = around.clocks.now()
        record.attempts[record.attempts.count - 1].reason = "interrupted"
        if case .commit(let reason)? = actions.first {
            try bury(
                record, place: place, reason: reason ?? "interrupted_too_often",
                error: "its runs were cut off \(record.interruptions) times by the death of the orchestrator or the machine")
            return .failed
        }
        return try await rest(record, at: place)
    }

    /// The outcome was committed before the crash: what is missing of its publication is made good, and nothing runs.
    private func finish(_ orphan: Orphan, hasChanged: inout Bool) async throws(FileError) -> Recovered.Outcome? {
        guard let bytes = try folder.read(orphan.place.outcome), let status = StatusDocument(bytes: bytes) else {
            // Torn by a power cut: it was not the commit point then, and the run happens again.
            Step.recoverTorn.before()
            try folder.remove(orphan.place.outcome)
            Step.recoverTorn.after()
            return try await recover(orphan, hasChanged: &hasChanged)
        }
        // What was refused is not opened now either, and has no lock.
        let kind = try folder.stamp(orphan.place.payload(status.name))?.kind
        let hold = kind == .file || kind == .folder ? try open(status.name, at: orphan.place) : nil
        if let hold, try !hold.tryLock() { return nil }
        defer { withExtendedLifetime(hold) {} }
        let record = orphan.record ?? newRecord(orphan.id, name: status.name)
        if orphan.record == nil { try folder.replace(orphan.place.record, with: record.json.prettyBytes, mode: 0o640) }
        try removeTemporaries(at: orphan.place)
        var leftovers = Leftovers.unknown
        if status.state == .succeeded {
            // Results that are announced may have been moved, and not synced.
            let hasResults = try folder.stamp(orphan.place.results) != nil
            leftovers.results = hasResults || !status.results.isEmpty
            leftovers.next = try folder.stamp(orphan.place.next) != nil
            leftovers.payload = rules.onSuccess == .delete
            if leftovers.needDurableOutcome {
                try await makeOutcomeDurable(of: record, at: orphan.place, leftovers: leftovers)
            }
        }
        try await publish(record, status: status, at: orphan.place, leftovers: leftovers)
        around.onTransition(
            Transition(status: status, run: record.attempts.last?.run, submittedAt: record.submittedAt, trigger: record.trigger))
        return .published
    }

    func rest(_ old: ItemRecord, at place: ItemPlace) async throws(FileError) -> Recovered.Outcome {
        try await syncCheckpoint(of: place)
        var record = old
        let now = around.clocks.now()
        record.nextAttemptAt = record.attempts.last?.reason == "interrupted" ? now : record.nextAttemptAt ?? now
        Step.recoverRecord.before()
        try folder.replace(place.record, with: record.json.prettyBytes, mode: 0o640)
        Step.recoverRecord.after()
        var status = StatusDocument(
            id: record.id, name: record.name, queue: name, state: .retrying, attempt: record.failures + 1,
            maxAttempts: rules.limits.maxAttempts, interruptions: record.interruptions, size: record.size,
            submittedAt: record.submittedAt, claimedAt: record.claimedAt, instance: record.instance)
        status.reason = record.attempts.last?.reason
        status.nextAttemptAt = record.nextAttemptAt
        status.correlationID = record.envelope?.correlationID
        try writeStatus(status)
        Step.recoverRetry.before()
        _ = try folder.move(place.root, to: folder, as: ItemPlace.retry(record.id).root)
        Step.recoverRetry.after()
        shelf.put(record.id, due: uptime + max(.zero, (record.nextAttemptAt ?? now) - now))
        return .retrying
    }
}
