import CLinux
import Files
import Glibc
import SystemPackage

/// A running bobbin-watch and the two pipes to it. Belongs to the thread that started it: when that thread ends, the
/// kernel kills the process (prctl(2), PR_SET_PDEATHSIG).
final class WatcherProcess {
    struct StartFailure: Error { let text: String }

    let id: pid_t
    private let handle: Int32
    /// Where it is told what to do; never waited for.
    let commands: Int32
    /// Where it tells what happened.
    let records: Int32
    private var unsent: [UInt8] = []

    var hasUnsent: Bool { !unsent.isEmpty }

    init(_ program: FilePath) throws(StartFailure) {
        var input: [Int32] = [-1, -1]
        var output: [Int32] = [-1, -1]
        func closeAll() { for end in input + output where end >= 0 { close(end) } }
        guard clinux_pipe(&input) == 0, clinux_pipe(&output) == 0 else {
            let reason = Notices.text(errno: errno)
            closeAll()
            throw StartFailure(text: "could not make a pipe: \(reason)")
        }
        var spawn = clinux_start()
        spawn.input = input[0]
        spawn.output = output[1]
        spawn.error = STDERR_FILENO
        spawn.folder = -1
        spawn.umask = -1
        let started = program.withPlatformString { path in
            let name = UnsafeMutablePointer(mutating: path)
            return withUnsafeTemporaryAllocation(of: UnsafeMutablePointer<CChar>?.self, capacity: 3) { list in
                list.initialize(repeating: nil)
                list[0] = name
                spawn.program = path
                spawn.arguments = UnsafePointer(list.baseAddress)
                // It needs nothing of the environment: an empty list.
                spawn.environment = UnsafePointer(list.baseAddress! + 2)
                return clinux_spawn(&spawn)
            }
        }
        guard started > 0 else {
            closeAll()
            let step = clinux_step_name(spawn.failed_step).map { String(cString: $0) } ?? "starting it"
            throw StartFailure(text: "\(step), \(program.escaped): \(Notices.text(errno: -started))")
        }
        close(input[0])
        close(output[1])
        id = started
        handle = spawn.pidfd
        commands = input[1]
        records = output[0]
        for end in [commands, records] { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
    }

    func send(_ command: WatchCommand) {
        unsent += command.bytes
        flush()
    }

    /// Writes what the pipe takes; the rest when it can be written to again. A broken pipe shows when reading.
    func flush() {
        while !unsent.isEmpty {
            let written = unsent.withUnsafeBytes { write(commands, $0.baseAddress, $0.count) }
            if written > 0 {
                unsent.removeFirst(written)
            } else if errno == EPIPE {
                unsent.removeAll()
            } else if errno != EINTR {
                return
            }
        }
    }

    /// Ends it if it has not ended by itself, and tells how it ended. It holds nothing that could be lost.
    func end() -> String {
        _ = clinux_pidfd_signal(handle, SIGKILL)
        var status: Int32 = 0
        var answer = waitpid(id, &status, 0)
        while answer < 0, errno == EINTR { answer = waitpid(id, &status, 0) }
        clinux_forget(id)
        for descriptor in [handle, commands, records] { close(descriptor) }
        // Somebody else in this process may have waited for every child.
        guard answer == id else { return "ended" }
        return status & 0x7F == 0 ? "ended with status \(status >> 8 & 0xFF)" : "was killed by signal \(status & 0x7F)"
    }
}
