import Documents
import Files
import Glibc
import Synchronization
import SystemPackage
import Threads

/// Does what the machine decides, in turn: when a record, a message or a deadline comes.
final class WatcherLoop: Sendable {
    enum Message: Sendable {
        case add(WatchToken, FilePath, isWhole: Bool)
        case remove(WatchToken)
        case probe(WatchToken, CheckedContinuation<ProbeResult, Never>)
        case examined([(WatchMachine.ExaminationRequest, Examination)])
        case wroteProbe(WatchToken, failure: String?)
        case stop
    }

    let outbox: Outbox
    let machine: Mutex<WatchMachine>
    let program: FilePath?
    let clocks: Clocks
    let onNotice: @Sendable (String) -> Void
    /// Called once, when everything has ended.
    private let onEnd: @Sendable () -> Void
    let reactor = Reactor()
    private let mail = Mutex(Mail())
    let turn = Turn()

    private struct Mail {
        enum Phase { case new, running, ended }
        var messages: [Message] = []
        var phase = Phase.new
    }

    /// Only touched in turn.
    final class Turn: @unchecked Sendable {
        var process: WatcherProcess?
        var isFlushing = false
        var parser = RecordParser()
        /// The machine's next deadline, and the timer that is set for it.
        var deadline = Duration.zero
        var timer: Int?
        var probes: [Int: CheckedContinuation<ProbeResult, Never>] = [:]
        var lastProbe = 0
        /// Tells when something is mounted or unmounted (proc_pid_mountinfo(5)).
        var mounts: OpenFile?
    }

    init(
        _ program: FilePath?, _ settings: WatcherSettings, _ clocks: Clocks,
        onNotice: @escaping @Sendable (String) -> Void, onEnd: @escaping @Sendable () -> Void
    ) {
        self.program = program
        self.clocks = clocks
        self.onNotice = onNotice
        self.onEnd = onEnd
        outbox = Outbox(limit: settings.bufferLimit)
        machine = Mutex(WatchMachine(settings: settings, hasProgram: program != nil, now: clocks.uptime()))
    }
    // MARK: From any thread

    func start() {
        mail.withLock { $0.phase = .running }
        reactor.perform { [self] in
            perform(machine.withLock { take(&$0) })
            watchMounts()
            readMessages()
        }
    }

    /// False when nobody will ever take the message.
    @discardableResult
    func post(_ message: Message) -> Bool {
        let (isTaken, isFirst) = mail.withLock { mail in
            guard mail.phase != .ended else { return (false, false) }
            mail.messages.append(message)
            return (true, mail.phase == .running && mail.messages.count == 1)
        }
        if isFirst { reactor.perform { self.readMessages() } }
        return isTaken
    }

    /// Ends what others wait for.
    func close() {
        let left = mail.withLock { mail in
            defer { mail.messages = [] }
            mail.phase = .ended
            return mail.messages
        }
        for message in left {
            if case .probe(_, let waiter) = message { waiter.resume(returning: .impossible("the watcher has ended")) }
        }
        outbox.finish()
    }

    // MARK: In turn

    private func watchMounts() {
        guard program != nil, let mounts = try? Folder.open("/proc/self").open(RelativePath("mountinfo")) else { return }
        turn.mounts = mounts
        reactor.watch(mounts.descriptor, for: .urgent) { [self] in
            let now = clocks.uptime()
            perform(
                machine.withLock { machine in
                    machine.mountsChanged(now)
                    return take(&machine)
                })
        }
    }

    private func stop() {
        endProcess()
        if let timer = turn.timer { reactor.cancel(timer) }
        reactor.stop()
        turn.mounts = nil
        machine.withLock { $0.stopped() }
        for waiter in turn.probes.values { waiter.resume(returning: .impossible("the watcher has ended")) }
        turn.probes = [:]
        close()
        onEnd()
    }

    private func readMessages() {
        let messages = mail.withLock { mail in
            defer { mail.messages = [] }
            return mail.messages
        }
        let now = clocks.uptime()
        var isOver = false
        let effects = machine.withLock { machine in
            for message in messages {
                switch message {
                case .add(let token, let path, let isWhole): machine.add(token, path, isWhole: isWhole)
                case .remove(let token): machine.remove(token)
                case .probe(let token, let waiter):
                    turn.lastProbe += 1
                    turn.probes[turn.lastProbe] = waiter
                    machine.probe(token, waiter: turn.lastProbe, now)
                case .examined(let answers): for (request, found) in answers { machine.examined(request, found, now) }
                case .wroteProbe(let token, let failure): machine.wroteProbe(token, failure: failure, now)
                case .stop: isOver = true
                }
            }
            return take(&machine)
        }
        perform(effects)
        if isOver { stop() }
    }

    func readRecords() {
        guard let process = turn.process else { return }
        var effects: Effects?
        let now = clocks.uptime()
        let count = reactor.read(process.records) { bytes in
            effects = machine.withLock { machine in
                turn.parser.parse(bytes) { machine.handle($0, now) }
                return take(&machine)
            }
        }
        if let effects { return perform(effects) }
        if count < 0, errno == EINTR || errno == EAGAIN { return }
        let how = endProcess()
        perform(
            machine.withLock { machine in
                machine.processEnded(how, now)
                return take(&machine)
            })
    }

    /// The next deadline of the machine has come, or the clock of a test stands still.
    private func tick() {
        turn.timer = nil
        let now = clocks.uptime()
        let effects = machine.withLock { machine in
            if now >= turn.deadline { machine.tick(now) }
            return take(&machine)
        }
        perform(effects)
        if turn.timer == nil { setTimer() }
    }

    private func setTimer() {
        if let timer = turn.timer { reactor.cancel(timer) }
        turn.timer = reactor.after(max(.zero, turn.deadline - clocks.uptime())) { self.tick() }
    }

    typealias Effects = (changes: [FolderChange], actions: [WatchMachine.Action])

    func take(_ machine: inout WatchMachine) -> Effects {
        defer {
            machine.changes = []
            machine.actions = []
            if machine.isDeadlineStale {
                turn.deadline = machine.nextDeadline()
                machine.isDeadlineStale = false
                setTimer()
            }
        }
        return (machine.changes, machine.actions)
    }

    func perform(_ effects: Effects) {
        if outbox.push(effects.changes) { machine.withLock { $0.health.coalesced += 1 } }
        for action in effects.actions {
            switch action {
            case .examine(let requests): examine(requests)
            case .command(let command): send(command)
            case .startProcess: startProcess()
            case .endProcess: endProcess()
            case .writeProbe(let token, let path): writeProbe(token, path)
            case .answerProbe(let number, let result):
                turn.probes.removeValue(forKey: number)?.resume(returning: result)
            case .notice(let text): onNotice(text)
            }
        }
    }

    // MARK: Looking, which can take long, or for ever

    private func examine(_ requests: [WatchMachine.ExaminationRequest]) {
        BlockingThreads.shared.perform { [self] in post(.examined(requests.map { ($0, Examination.look(at: $0.path)) })) }
    }

    private func writeProbe(_ token: WatchToken, _ path: FilePath) {
        BlockingThreads.shared.perform { [self] in
            do throws(FileError) {
                let folder = try Folder.open(path)
                let place = RelativePath(WatchMachine.probeName)
                try folder.remove(place)
                _ = try folder.create(place)
                try folder.remove(place)
                post(.wroteProbe(token, failure: nil))
            } catch {
                post(.wroteProbe(token, failure: error.description))
            }
        }
    }
}
