import Documents
import Files
import Spool
import SystemPackage
import Watching

/// The queues of the jobs: opened, kept in step with what lies at their paths, let go.
extension JobBoard {
    /// A job at work.
    struct Seat: Sendable {
        var job: Job
        let queue: FolderQueue
        let folder: Folder
        /// The folders of the setting `inbox`.
        var inboxes: [Folder]
        let dispatcher: Dispatcher
        var tokens: [WatchToken]

        /// False after the queue's folder, or one of its inboxes, was renamed, removed or replaced.
        var isInPlace: Bool { folder.isStillAtPath() && inboxes.allSatisfy { $0.isStillAtPath() } }

        /// Nothing is at the path of the queue's folder.
        var isGone: Bool { (try? Folder.open(folder.path)) == nil }
    }

    /// A job whose queue cannot be opened. Its folders are watched: a change may be the mend.
    struct Absentee {
        var job: Job
        var trouble: Trouble
        let tokens: [WatchToken]
    }

    /// What the operator is told when it begins and when it is over; once, however many queues it concerns.
    struct Trouble: Equatable {
        let text: String
        let relief: String
    }

    /// How long a folder may be away while it is swapped for another.
    private static let swapTime = Duration.seconds(1)

    func seat(_ job: Job) async {
        guard let old = seats[job.name], old.job.inboxes == job.inboxes else {
            await retire(job.name)
            await open(job)
            return
        }
        seats[job.name]?.job = job
        if old.job.rules.runner != job.rules.runner {
            do throws(FileError) { try makeDataFolder(of: job) } catch { notice("job \(job.name.escaped): \(error)") }
        }
        await old.queue.apply(job.rules)
        await old.dispatcher.apply(job)
        old.queue.nudge()
    }

    /// False when the queue cannot be opened; that has been said then.
    @discardableResult
    private func open(_ job: Job) async -> Bool {
        do throws(FileError) {
            try followSpool()
            let folder = try QueueLayout.make(job.name, in: spool)
            let inboxes = try openInboxes(job, of: folder)
            try makeDataFolder(of: job)
            if let back = forgetAbsence(job.name), !absentees.values.contains(where: { $0.trouble == back }) {
                notice(Priority.info + back.relief)
            }
            if let index = retired.firstIndex(where: { $0.job.name == job.name && $0.folder.isStillAtPath() }) {
                await revive(retired.remove(at: index), job, inboxes)
            } else {
                await found(job, folder, inboxes)
            }
            return true
        } catch {
            await noteAbsence(job, error)
            return false
        }
    }

    /// Where the script may keep what it likes.
    private func makeDataFolder(of job: Job) throws(FileError) {
        let folder = try Folder.make(layout.jobData(job.name), mode: 0o750)
        guard let runner = job.rules.runner else { return }
        try Reach.share(folder, with: runner.group)
        try Reach.open(from: layout.data, to: folder.path)
    }

    private func openInboxes(_ job: Job, of queue: Folder) throws(FileError) -> [Folder] {
        var inboxes: [Folder] = []
        let device = try queue.file.stamp().device
        for path in job.inboxes {
            let inbox = try Folder.open(path)
            // Items are moved by rename.
            guard try inbox.file.stamp().device == device else {
                throw FileError(.move, "\(path.escaped) (setting inbox) to \(queue.path.escaped)", .improperLink)
            }
            inboxes.append(inbox)
        }
        return inboxes
    }

    private func found(_ job: Job, _ folder: Folder, _ inboxes: [Folder]) async {
        let name = job.name
        let queue = FolderQueue(
            name: name, spool: spool, folder: folder, inboxes: inboxes, rules: job.rules, around: surroundings(of: job))
        let dispatcher = Dispatcher(
            job: job, queue: queue, runner: runner, layout: layout, instance: instances.own,
            seat: SingletonSeat(
                .triggered(job: name), coordinator, instance: instances.own, clocks: clocks, notice: notice,
                onHint: { queue.nudge() }, onOrphans: { _ = await queue.recover() }),
            slots: slots, clocks: clocks, notice: notice,
            onCircuit: { circuit, why in Task { await self.note(circuit, why, of: name) } })
        let seat = Seat(
            job: job, queue: queue, folder: folder, inboxes: inboxes, dispatcher: dispatcher,
            tokens: await watch(queue, folder, inboxes))
        seats[name] = seat
        newcomer.yield((dispatcher, queue))
    }

    private func watch(_ queue: FolderQueue, _ folder: Folder, _ inboxes: [Folder]) async -> [WatchToken] {
        var tokens = [
            await router.add(folder.path, .inbox(queue, index: 0)),
            await router.add(folder.path.appending("retry"), .retry(queue)),
        ]
        for (index, inbox) in inboxes.enumerated() { tokens.append(await router.add(inbox.path, .inbox(queue, index: index + 1))) }
        return tokens
    }

    // MARK: Going and coming back

    /// The seat takes nothing new; runs that are under way go on to their end, and only then does the queue let go.
    func retire(_ name: FileName) async {
        guard var seat = seats.removeValue(forKey: name) else { return }
        for token in seat.tokens { router.remove(token) }
        seat.tokens = []
        seat.job.isDisabled = true
        retired.append(seat)
        circuits[name] = nil
        await seat.dispatcher.apply(seat.job)
        Task { [seat] in
            while await !seat.dispatcher.isIdle { try? await Task.sleep(for: .milliseconds(100)) }
            await change { await $0.letGo(seat) }
        }
    }

    private func letGo(_ seat: Seat) async {
        guard let index = retired.firstIndex(where: { $0.queue === seat.queue }) else { return }
        retired.remove(at: index)
        await seat.dispatcher.stop()
        seat.queue.stopHinting()
        await seat.queue.close()
    }

    /// The same folder again, perhaps with runs of it still under way: a second queue on it would take them for orphans.
    private func revive(_ old: Seat, _ job: Job, _ inboxes: [Folder]) async {
        var seat = old
        seat.job = job
        seat.inboxes = inboxes
        await seat.queue.apply(job.rules)
        await seat.queue.use(spool: spool, inboxes: inboxes)
        seat.tokens = await watch(seat.queue, seat.folder, inboxes)
        seats[job.name] = seat
        await seat.dispatcher.apply(job)
        seat.queue.nudge()
    }

    // MARK: Folders that were moved, removed or replaced

    func followQueueFolders() async {
        for await _ in router.folderChecks {
            guard seats.values.contains(where: { !$0.isInPlace }) || !absentees.isEmpty else { continue }
            // Whoever swaps a folder needs its name for a moment: made anew at once, it would be in the way.
            let end = clocks.uptime() + Self.swapTime
            while clocks.uptime() < end, seats.values.contains(where: \.isGone) {
                do { try await Task.sleep(for: .milliseconds(50)) } catch { return }
            }
            await change { await $0.reopen() }
        }
    }

    private func reopen() async {
        let lost = seats.values.filter { !$0.isInPlace }
        for seat in lost { await retire(seat.job.name) }
        do throws(FileError) {
            let isSpoolLost = !spool.isStillAtPath()
            try followSpool()
            if isSpoolLost, absentees.isEmpty { notice("\(spool.path.escaped) \(Self.replaced)") }
            for seat in lost where await open(seat.job) && !isSpoolLost {
                notice("queue \(seat.job.name.escaped): \(seat.folder.path.escaped) \(Self.replaced)")
            }
            for absentee in absentees.values where await open(absentee.job) { writeState(absentee.job.name) }
        } catch {
            for seat in lost { await noteAbsence(seat.job, error) }
        }
    }

    private static let replaced = "was moved, removed or replaced; what is there now is served"

    /// The folder of all queues may have been replaced, too. It is not made anew: where it is gone, a disk may be.
    private func followSpool() throws(FileError) {
        if !spool.isStillAtPath() { spool = try Folder.open(spool.path) }
    }

    private func noteAbsence(_ job: Job, _ error: FileError) async {
        let trouble = Self.trouble(job, error, spool: spool)
        if !absentees.values.contains(where: { $0.trouble == trouble }) { notice(trouble.text) }
        var tokens = absentees[job.name]?.tokens ?? []
        if tokens.isEmpty {
            for path in [spool.path, spool.path.appending(job.name)] + job.inboxes { tokens.append(await router.add(path, .absent)) }
        }
        absentees[job.name] = Absentee(job: job, trouble: trouble, tokens: tokens)
        writeState(job.name)
    }

    private static func trouble(_ job: Job, _ error: FileError, spool: Folder) -> Trouble {
        guard spool.isStillAtPath() else {
            return Trouble(
                text: "\(spool.path.escaped) is gone (\(error)); nothing is taken until it is back",
                relief: "\(spool.path.escaped) is back")
        }
        let mend =
            switch error.code {
            case .notDirectory, .tooManySymbolicLinkLevels: "; it must be a folder, not a file or a link: move away what is there"
            case .improperLink: "; the two must be on one file system, because files are moved by rename"
            default: ""
            }
        let name = job.name.escaped
        return Trouble(
            text: "queue \(name) cannot be opened: \(error)\(mend). Nothing is taken from it until that is mended",
            relief: "queue \(name) is open again")
    }

    /// The answer is what it was told for.
    @discardableResult
    func forgetAbsence(_ name: FileName) -> Trouble? {
        guard let absentee = absentees.removeValue(forKey: name) else { return nil }
        for token in absentee.tokens { router.remove(token) }
        return absentee.trouble
    }
}
