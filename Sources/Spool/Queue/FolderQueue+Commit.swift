import Documents
import Files
import SystemPackage

extension FolderQueue {
    package func commit(_ endings: [(grant: Grant, result: RunResult)]) async -> [CommitAnswer] {
        var answers: [CommitAnswer] = []
        for (grant, result) in endings { answers.append(await commit(grant, result)) }
        return answers
    }

    private func commit(_ grant: Grant, _ result: RunResult) async -> CommitAnswer {
        guard let item = held[grant.item], item.grant.fence == grant.fence, !item.isCommitting else { return .stale }
        held[grant.item]?.isCommitting = true
        var work = PendingCommit(item: item, result: result)
        var pause = Duration.milliseconds(200)
        while true {
            do throws(FileError) {
                let transition = try await carryOut(&work)
                held[grant.item] = nil
                slots.giveBack(work.item.slot, areProductsMoved: transition.status.state == .succeeded)
                forgetNotice("commit")
                if work.leftovers.hasProducts { productsAreDurable() }
                around.onTransition(transition)
                scheduleWake()
                if !isNetwork { blanks.prepare() }
                return .accepted(transition)
            } catch  where error.operation == .sync && work.leftovers.hasProducts && !work.isOutcomeWritten {
                giveUpProducts(of: &work, error)
            } catch  where error.isMissing && folder.isMissing(item.place.root) {
                // Somebody took the item away under us (an operator, or recovery by another orchestrator).
                held[grant.item] = nil
                if isNowhere(grant.item) { _ = try? removeStatus(of: grant.item, name: grant.name) }
                slots.giveBack(work.item.slot)
                tell("stale \(grant.item)", "item \(grant.item) was taken away while it ran; its outcome is dropped")
                return .stale
            } catch {
                // A full disk must not lose the outcome: it is tried until it succeeds or the orchestrator ends; then
                // the item is still claimed, and runs again.
                tell("commit", "\(error); outcomes wait until this passes")
                if error.isMissing { mendLayout() }
                do { try await Task.sleep(for: pause) } catch { return .stale }
                pause = min(pause * 2, .seconds(5))
            }
        }
    }

    /// Somebody deleted folders of the queue: they are made anew, and what was in them is gone.
    func mendLayout() {
        madeDay = nil
        _ = try? QueueLayout.complete(folder)
    }

    /// A commit under way. Each step can be repeated; what a repetition must not do twice is remembered here.
    struct PendingCommit {
        var item: Held
        var result: RunResult
        var actions: [ItemMachine.Action]?
        var status: StatusDocument?
        var leftovers = Leftovers()
        var isOutcomeWritten = false
        var isOutcomeDurable = false
        /// A sync of them failed: they are removed, and the item runs again.
        var hasLostProducts = false
    }

    /// What besides payload and record lies in an item's folder. Known from the run, so that the common case, nothing,
    /// costs no look.
    struct Leftovers {
        var work = false
        var results = false
        var next = false
        var progress = false
        var output = false
        /// The setting `on_success` says that the payload goes, too.
        var payload = false

        var hasProducts: Bool { results || next }
        /// Whether something will rely on the outcome: what is published, or the removal of the file.
        var needDurableOutcome: Bool { hasProducts || payload }

        static let unknown = Leftovers(work: true, results: true, next: true, progress: true, output: true)
    }

    private func carryOut(_ work: inout PendingCommit) async throws(FileError) -> Transition {
        let place = work.item.place
        if work.hasLostProducts { try removeLostProducts(of: &work) }
        let actions: [ItemMachine.Action]
        if let known = work.actions { actions = known } else { actions = try decide(&work) }
        var status: StatusDocument
        if let known = work.status { status = known } else { status = try describe(&work) }
        switch actions.first {
        case .commit(let reason):
            status.reason = reason ?? status.reason
            status.nextAttemptAt = nil
            if !work.isOutcomeWritten {
                let draft = try await draftOutcome(status, of: work.item.record, at: place, leftovers: work.leftovers)
                Step.commitOutcome.before()
                try draft.publish()
                Step.commitOutcome.after()
                work.isOutcomeWritten = true
            }
            if work.leftovers.needDurableOutcome, !work.isOutcomeDurable {
                try await syncs.sync([folder.folder(place.root).file])
                work.isOutcomeDurable = true
            }
            try await publish(work.item.record, status: status, at: place, leftovers: work.leftovers)
            return Transition(
                status: status, run: work.item.grant.run, submittedAt: work.item.record.submittedAt, trigger: work.item.record.trigger)
        case .park(let delay, _):
            try await syncCheckpoint(of: place)
            return try park(&work, status: status, delay: delay)
        case .giveBack(let reason):
            try await syncCheckpoint(of: place)
            return try returnItem(&work, status: status, reason: reason)
        case .recordAttempt, .publish, .refuse, nil:
            throw FileError(.move, folder.shownPath(place.root), .invalidArgument)
        }
    }

    /// Secures what the run left in its scratch folders and asks the machine what the ending means.
    private func decide(_ work: inout PendingCommit) throws(FileError) -> [ItemMachine.Action] {
        let place = work.item.place
        var ending = work.result.ending
        var error = ending.meaning == .success ? nil : work.result.error
        if ending.meaning == .success {
            Step.commitResults.before()
            if try slots.move(.results, of: &work.item.slot, to: place.results) { work.leftovers.results = true }
            Step.commitResults.after()
            Step.commitNext.before()
            if try slots.move(.next, of: &work.item.slot, to: place.next) { work.leftovers.next = true }
            Step.commitNext.after()
            if work.leftovers.next, let problem = try forwardProblem(work.item.record, at: place) {
                ending = RunEnding(.badInput, reason: "bad_forward", exitCode: ending.exitCode)
                error = problem
            }
        }
        let changed = ending.meaning == .again ? try hasNewCheckpoint(work.item) : false
        // A copy: what follows can fail, and the event must be told once only.
        var machine = work.item.machine
        let actions = machine.handle(.ended(ending, checkpointChanged: changed), limits: rules.limits)
        var record = work.item.record
        record.failures = machine.failures
        record.interruptions = machine.interruptions
        if var attempt = record.attempts.popLast() {
            attempt.finishedAt = work.result.finishedAt
            attempt.exitCode = ending.exitCode
            attempt.signal = ending.signal
            attempt.reason = ending.meaning == .success ? nil : ending.reason
            attempt.error = error
            record.attempts.append(attempt)
        }
        let isFinal = if case .commit = actions.first { true } else { false }
        work.leftovers.work = work.item.work == place.work
        work.leftovers.payload = machine.state == .succeeded && rules.onSuccess == .delete
        Step.commitWork.before()
        if !isFinal, !work.leftovers.work { _ = try slots.move(.work, of: &work.item.slot, to: place.work) }
        Step.commitWork.after()
        work.item.machine = machine
        work.item.record = record
        work.actions = actions
        return actions
    }

    private func hasNewCheckpoint(_ item: Held) throws(FileError) -> Bool {
        switch (try folder.stamp(item.place.checkpoint), item.checkpointBefore) {
        case (let now?, let before?): !now.isUnchanged(since: before)
        case (.some, nil): true
        case (nil, _): false
        }
    }

    /// The status document of the item as it is after the run, before it is known where it goes.
    private func describe(_ work: inout PendingCommit) throws(FileError) -> StatusDocument {
        let item = work.item
        let attempt = item.record.attempts.last
        var status = blankStatus(of: item)
        status.state =
            switch item.machine.state {
            case .succeeded: .succeeded
            case .failed: .failed
            case .cancelled: .cancelled
            case .retrying, .waiting, .running: .retrying
            }
        status.startedAt = work.result.startedAt
        status.finishedAt = work.result.finishedAt
        status.interruptions = item.machine.interruptions
        status.exitCode = attempt?.exitCode
        status.signal = attempt?.signal
        status.reason = attempt?.reason
        status.error = attempt?.error.flatMap { $0.isEmpty ? nil : $0 }
        status.deployment = work.result.deployment
        let progress = try readRunFile(item.place.progress) { place throws(FileError) in try folder.readTail(place, limit: 4 * 1024) }
        work.leftovers.progress = progress.isThere
        if let bytes = progress.bytes { status.progress = StatusDocument.Progress(script: bytes, at: work.result.finishedAt) }
        let output = try readRunFile(item.place.output) { place throws(FileError) in
            try folder.read(place, limit: OutputValues.sizeLimit)
        }
        work.leftovers.output = output.isThere
        if let bytes = output.bytes {
            let (values, problems) = OutputValues.parse(bytes)
            status.outputs = values
            if !problems.isEmpty { status.error = ([status.error] + problems).compactMap { $0 }.joined(separator: "\n") }
        }
        if status.state == .succeeded, work.leftovers.results { status.results = try resultPaths(of: item.record.id, at: item.place) }
        if work.result.hasLog || item.record.attempts.count > 1 {
            let final = finalPlace(of: status)
            status.log = String(decoding: (final ?? .retry(item.record.id)).log.bytes, as: UTF8.self)
        }
        work.status = status
        return status
    }

    /// Where an item goes with a final status; nil while it is not final.
    func finalPlace(of status: StatusDocument) -> ItemPlace? {
        switch status.state {
        case .succeeded:
            FileName((status.finishedAt ?? status.claimedAt).day).map { .done(status.id, day: $0) }
        case .failed, .cancelled: .failed(status.id)
        case .running, .retrying, .held: nil
        }
    }

    /// Progress and outputs belong to one run.
    func removeRunFiles(at place: ItemPlace) throws(FileError) {
        try removeRunFile(place.progress)
        try removeRunFile(place.output)
    }

    /// Removes what a script made under a name that was meant for a file, whatever it made there.
    func removeRunFile(_ file: RelativePath) throws(FileError) {
        do throws(FileError) {
            try folder.remove(file)
        } catch  where !error.isShortage {
            try folder.removeTree(file)
        }
    }

    /// What a script wrote for us; no bytes where it made a link, a pipe or a folder instead: its mistake must not hold up
    /// the commit.
    private func readRunFile(
        _ file: RelativePath, _ read: (RelativePath) throws(FileError) -> [UInt8]?
    ) throws(FileError) -> (isThere: Bool, bytes: [UInt8]?) {
        do throws(FileError) {
            let bytes = try read(file)
            return (bytes != nil, bytes)
        } catch  where !error.isShortage {
            return (true, nil)
        }
    }
}

extension Folder {
    func shownPath(_ place: RelativePath) -> String { path.escaped + "/" + place.escaped }
}
