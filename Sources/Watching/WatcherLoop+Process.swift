import Documents
import Files
import Synchronization
import Threads

/// bobbin-watch: started, spoken to, ended.
extension WatcherLoop {
    func startProcess() {
        guard let program else { return }
        var failure: String?
        turn.parser = RecordParser()
        do throws(WatcherProcess.StartFailure) {
            let process = try WatcherProcess(program)
            turn.process = process
            reactor.watch(process.records) { self.readRecords() }
        } catch {
            failure = error.text
        }
        let id = turn.process?.id
        let now = clocks.uptime()
        perform(
            machine.withLock { machine in
                machine.startedProcess(id, failure: failure, now)
                return take(&machine)
            })
    }

    func send(_ command: WatchCommand) {
        turn.process?.send(command)
        flushLater()
    }

    /// What the pipe did not take is written when it can take more.
    private func flushLater() {
        guard let process = turn.process, process.hasUnsent != turn.isFlushing else { return }
        turn.isFlushing = process.hasUnsent
        guard turn.isFlushing else { return reactor.unwatch(process.commands) }
        reactor.watch(process.commands, for: .writing) { [self] in
            turn.process?.flush()
            flushLater()
        }
    }

    @discardableResult
    func endProcess() -> String {
        guard let process = turn.process else { return "" }
        reactor.unwatch(process.records)
        reactor.unwatch(process.commands)
        turn.isFlushing = false
        turn.process = nil
        return process.end()
    }
}
