import Dispatch
import Documents
import Files
import Glibc
import Synchronization
import SystemPackage

/// Does what the machine decides, on one thread that sleeps until a record, a message or a deadline comes.
final class WatcherLoop: Sendable {
    enum Message: Sendable {
        case add(WatchToken, FilePath)
        case remove(WatchToken)
        case probe(WatchToken, CheckedContinuation<ProbeResult, Never>)
        case examined([(WatchMachine.ExaminationRequest, Examination)])
        case wroteProbe(WatchToken, failure: String?)
        case stop
    }

    let mailbox = Mailbox<Message>()
    let outbox: Outbox
    let machine: Mutex<WatchMachine>
    private let program: FilePath?
    private let clocks: Clocks
    let onNotice: @Sendable (String) -> Void
    /// Where folders are looked at: that can take long, or for ever.
    private let looking = DispatchQueue(label: "bobbin.watching", attributes: .concurrent)

    init(
        _ program: FilePath?, _ settings: WatcherSettings, _ clocks: Clocks,
        _ onNotice: @escaping @Sendable (String) -> Void
    ) {
        self.program = program
        self.clocks = clocks
        self.onNotice = onNotice
        outbox = Outbox(limit: settings.bufferLimit)
        machine = Mutex(WatchMachine(settings: settings, hasProgram: program != nil, now: clocks.uptime()))
    }

    /// What only the thread knows.
    private struct Thread {
        var process: WatcherProcess?
        var parser = RecordParser()
        /// As much as a pipe holds.
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        var deadline = Duration.zero
        var probes: [Int: CheckedContinuation<ProbeResult, Never>] = [:]
        var lastProbe = 0
        var isStopped = false
    }

    /// The body of the thread; returns when it was told to stop, with nothing left behind.
    func run() {
        var thread = Thread()
        let bell = mailbox.open()
        // Without a bell (no descriptors left) messages wait for the next look.
        if bell < 0 { onNotice("No descriptor is left for the watcher; it reacts within a second instead of at once.") }
        perform(machine.withLock { take(&$0, &thread) }, &thread)
        while !thread.isStopped {
            sleep(bell, &thread)
            let now = clocks.uptime()
            let effects = machine.withLock { machine in
                if now >= thread.deadline { machine.tick(now) }
                return take(&machine, &thread)
            }
            perform(effects, &thread)
        }
        _ = thread.process?.end()
        machine.withLock { $0.stopped() }
        for waiter in thread.probes.values { waiter.resume(returning: .impossible("the watcher has ended")) }
        close(bell: bell)
    }

    /// Ends what others wait for. Called at the end of `run()`, or when it will never be.
    func close(bell: Int32 = -1) {
        for message in mailbox.close(bell) {
            if case .probe(_, let waiter) = message { waiter.resume(returning: .impossible("the watcher has ended")) }
        }
        outbox.finish()
    }

    /// Waits, then handles what came: records before everything else.
    private func sleep(_ bell: Int32, _ thread: inout Thread) {
        var waits = [
            pollfd(fd: thread.process?.records ?? -1, events: Int16(POLLIN), revents: 0),
            pollfd(fd: bell, events: Int16(POLLIN), revents: 0),
            pollfd(
                fd: thread.process?.hasUnsent == true ? thread.process?.commands ?? -1 : -1, events: Int16(POLLOUT),
                revents: 0),
        ]
        // Rounded up, so that it is not early by a part of a millisecond and wakes in vain.
        let pause = (thread.deadline - clocks.uptime()).nanoseconds / 1_000_000 + 1
        let longest: Int64 = bell < 0 ? 1000 : Int64(Int32.max)
        guard poll(&waits, nfds_t(waits.count), Int32(max(0, min(pause, longest)))) > 0 else {
            return readMessages(&thread, bell < 0)
        }
        if waits[0].revents != 0 { readRecords(&thread) }
        if waits[2].revents != 0 { thread.process?.flush() }
        if waits[1].revents != 0 {
            var bytes: UInt64 = 0
            _ = read(bell, &bytes, 8)
        }
        readMessages(&thread, waits[1].revents != 0 || bell < 0)
    }

    private func readRecords(_ thread: inout Thread) {
        guard let process = thread.process else { return }
        let count = thread.buffer.withUnsafeMutableBytes { read(process.records, $0.baseAddress, $0.count) }
        if count < 0, errno == EINTR { return }
        let now = clocks.uptime()
        guard count > 0 else {
            let how = process.end()
            thread.process = nil
            return perform(
                machine.withLock { machine in
                    machine.processEnded(how, now)
                    return take(&machine, &thread)
                }, &thread)
        }
        let effects = machine.withLock { machine in
            thread.parser.parse(thread.buffer[..<count]) { machine.handle($0, now) }
            return take(&machine, &thread)
        }
        perform(effects, &thread)
    }

    private func readMessages(_ thread: inout Thread, _ mayHave: Bool) {
        guard mayHave else { return }
        let messages = mailbox.take()
        guard !messages.isEmpty else { return }
        let now = clocks.uptime()
        let effects = machine.withLock { machine in
            for message in messages {
                switch message {
                case .add(let token, let path): machine.add(token, path)
                case .remove(let token): machine.remove(token)
                case .probe(let token, let waiter):
                    thread.lastProbe += 1
                    thread.probes[thread.lastProbe] = waiter
                    machine.probe(token, waiter: thread.lastProbe, now)
                case .examined(let answers): for (request, found) in answers { machine.examined(request, found, now) }
                case .wroteProbe(let token, let failure): machine.wroteProbe(token, failure: failure, now)
                case .stop: thread.isStopped = true
                }
            }
            return take(&machine, &thread)
        }
        perform(effects, &thread)
    }

    private typealias Effects = (changes: [FolderChange], actions: [WatchMachine.Action])

    private func take(_ machine: inout WatchMachine, _ thread: inout Thread) -> Effects {
        defer {
            machine.changes = []
            machine.actions = []
            if machine.isDeadlineStale {
                thread.deadline = machine.nextDeadline()
                machine.isDeadlineStale = false
            }
        }
        return (machine.changes, machine.actions)
    }

    private func perform(_ effects: Effects, _ thread: inout Thread) {
        if outbox.push(effects.changes) { machine.withLock { $0.health.coalesced += 1 } }
        for action in effects.actions {
            switch action {
            case .examine(let requests): examine(requests)
            case .command(let command): thread.process?.send(command)
            case .startProcess: startProcess(&thread)
            case .endProcess:
                _ = thread.process?.end()
                thread.process = nil
            case .writeProbe(let token, let path): writeProbe(token, path)
            case .answerProbe(let number, let result):
                thread.probes.removeValue(forKey: number)?.resume(returning: result)
            case .notice(let text): onNotice(text)
            }
        }
    }

    private func startProcess(_ thread: inout Thread) {
        guard let program else { return }
        var failure: String?
        thread.parser = RecordParser()
        do throws(WatcherProcess.StartFailure) {
            thread.process = try WatcherProcess(program)
        } catch {
            failure = error.text
        }
        let id = thread.process?.id
        let now = clocks.uptime()
        perform(
            machine.withLock { machine in
                machine.startedProcess(id, failure: failure, now)
                return take(&machine, &thread)
            }, &thread)
    }

    private func examine(_ requests: [WatchMachine.ExaminationRequest]) {
        looking.async { [mailbox] in
            mailbox.post(.examined(requests.map { ($0, Examination.look(at: $0.path)) }))
        }
    }

    private func writeProbe(_ token: WatchToken, _ path: FilePath) {
        looking.async { [mailbox] in
            do throws(FileError) {
                let folder = try Folder.open(path)
                let place = RelativePath(WatchMachine.probeName)
                try folder.remove(place)
                _ = try folder.create(place)
                try folder.remove(place)
                mailbox.post(.wroteProbe(token, failure: nil))
            } catch {
                mailbox.post(.wroteProbe(token, failure: error.description))
            }
        }
    }
}
