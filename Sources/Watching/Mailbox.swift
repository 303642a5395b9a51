import CLinux
import Glibc
import Synchronization

/// Messages for the thread of the watcher, and the pipe that wakes it. Posting never waits.
final class Mailbox<Message: Sendable>: Sendable {
    private struct State {
        var messages: [Message] = []
        /// The end of the pipe that wakes; -1 while the thread does not run.
        var bell: Int32 = -1
        var isClosed = false
    }
    private let state = Mutex(State())

    /// False when nobody will ever take the message.
    @discardableResult
    func post(_ message: Message) -> Bool {
        state.withLock { state in
            guard !state.isClosed else { return false }
            state.messages.append(message)
            // One byte is enough for any number of messages.
            if state.messages.count == 1 { Self.ring(state.bell) }
            return true
        }
    }

    func take() -> [Message] {
        state.withLock { state in
            defer { state.messages = [] }
            return state.messages
        }
    }

    /// Opens the pipe; the answer is the descriptor to wait on, or -1 (errno tells why).
    func open() -> Int32 {
        var ends: [Int32] = [-1, -1]
        guard clinux_pipe(&ends) == 0 else { return -1 }
        for end in ends { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
        state.withLock { state in
            state.bell = ends[1]
            if !state.messages.isEmpty { Self.ring(state.bell) }
        }
        return ends[0]
    }

    /// Ends the mailbox; the answer are the messages that were left.
    func close(_ descriptor: Int32) -> [Message] {
        state.withLock { state in
            if state.bell >= 0 { Glibc.close(state.bell) }
            if descriptor >= 0 { Glibc.close(descriptor) }
            state.bell = -1
            state.isClosed = true
            defer { state.messages = [] }
            return state.messages
        }
    }

    private static func ring(_ bell: Int32) {
        var byte: UInt8 = 1
        if bell >= 0 { _ = write(bell, &byte, 1) }
    }
}
