import Glibc

/// A part of the program whose events, times and calls come one at a time, on whatever worker of the loop: what only
/// they touch needs no lock of its own.
package final class Reactor: Sendable {
    private struct State {
        var watches: [Int32: UInt64] = [:]
        var isStopped = false
    }

    /// Only touched in turn.
    private final class Buffer: @unchecked Sendable {
        var bytes = [UInt8](repeating: 0, count: 64 * 1024)
    }

    private let loop: EventLoop
    private let turn = Lock(())
    private let state = Lock(State())
    private let buffer = Buffer()

    package init(loop: EventLoop = .shared) { self.loop = loop }

    /// Does something in turn, soon. From any thread.
    package func perform(_ work: @escaping @Sendable () -> Void) { loop.perform { [self] in inTurn(work) } }

    /// Nothing is called any more once this has returned, except what is under way. What is watched is forgotten.
    package func stop() {
        let watches = state.withLock { state in
            defer { state.watches = [:] }
            state.isStopped = true
            return state.watches
        }
        for token in watches.values { loop.unwatch(token) }
    }

    /// Calls the handler, in turn, whenever the descriptor can be read (or what else is wanted of it), or its other end is
    /// gone. It may come for nothing: reading must not block.
    ///
    /// - Returns: false when the kernel refuses (errno tells why).
    @discardableResult
    package func watch(
        _ descriptor: Int32, for interest: EventLoop.Interest = .reading, _ handler: @escaping @Sendable () -> Void
    ) -> Bool {
        state.withLock { state in
            guard !state.isStopped, let token = loop.watch(descriptor, for: interest, { [self] in inTurn(handler) }) else {
                return false
            }
            state.watches[descriptor] = token
            return true
        }
    }

    package func isWatching(_ descriptor: Int32) -> Bool { state.withLock { $0.watches[descriptor] != nil } }

    package func unwatch(_ descriptor: Int32) {
        guard let token = state.withLock({ $0.watches.removeValue(forKey: descriptor) }) else { return }
        loop.unwatch(token)
    }

    /// Calls once after a time, in turn; returns a number to cancel it with.
    package func after(_ pause: Duration, _ fire: @escaping @Sendable () -> Void) -> Int {
        loop.after(pause) { [self] in inTurn(fire) }
    }

    package func cancel(_ number: Int) { loop.cancel(number) }

    private func inTurn(_ work: () -> Void) {
        turn.withLock { _ in
            if !state.withLock({ $0.isStopped }) { work() }
        }
    }

    /// Reads once into the common buffer and hands on what came; returns what read(2) returned. In turn only.
    package func read(_ descriptor: Int32, _ body: (ArraySlice<UInt8>) -> Void) -> Int {
        let count = Glibc.read(descriptor, &buffer.bytes, buffer.bytes.count)
        if count > 0 { body(buffer.bytes[..<count]) }
        return count
    }
}
