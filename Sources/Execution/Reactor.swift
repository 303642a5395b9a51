import CLinux
import Documents
import Files
import Glibc
import HeapModule
import Synchronization
import SystemPackage

/// One thread that waits for descriptors and deadlines, and calls handlers on itself. It sleeps as long as nothing
/// happens.
package final class Reactor: Sendable {
    /// Work for the reactor's thread, from any thread.
    private struct Inbox {
        var work: [@Sendable () -> Void] = []
        var isStopped = false
    }

    private struct Deadline: Comparable {
        let at: Duration
        let number: Int
        static func < (left: Deadline, right: Deadline) -> Bool { (left.at, left.number) < (right.at, right.number) }
        static func == (left: Deadline, right: Deadline) -> Bool { left.number == right.number }
    }

    private typealias Handlers = [Int32: @Sendable () -> Void]

    /// Only touched on the reactor's own thread.
    private final class State: @unchecked Sendable {
        /// What a handler reads goes through here: one buffer for all.
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        var deadlines = Heap<Deadline>()
        /// What is still to be called, by number. A cancelled deadline must not keep what it would have called alive.
        var actions: [Int: () -> Void] = [:]
        var numbers = 0
    }

    private let poller: Int32
    private let bell: Int32
    private let inbox = Mutex(Inbox())
    private let handlers = Mutex<Handlers>([:])
    private let state = State()
    private let clocks: Clocks

    /// Throws when the machine has no descriptors left.
    package init(clocks: Clocks = .system) throws {
        self.clocks = clocks
        poller = clinux_poller()
        bell = clinux_bell()
        guard poller >= 0, bell >= 0, clinux_poller_add(poller, bell) == 0 else { throw Errno(rawValue: errno) }
        let thread = startThread { [self] in loop() }
        guard thread == 0 else { throw Errno(rawValue: thread) }
    }

    /// Runs work on the reactor's thread, soon.
    package func perform(_ work: @escaping @Sendable () -> Void) {
        inbox.withLock { $0.work.append(work) }
        var one: UInt64 = 1
        _ = write(bell, &one, 8)
    }

    package func stop() {
        // On the thread itself: the bell is closed behind its loop, and must not be rung after that.
        perform { [self] in inbox.withLock { $0.isStopped = true } }
    }

    /// Calls the handler, on the reactor's thread, whenever the descriptor can be read or its other end is gone. May be
    /// called from any thread.
    func watch(_ descriptor: Int32, _ handler: @escaping @Sendable () -> Void) {
        handlers.withLock { $0[descriptor] = handler }
        _ = clinux_poller_add(poller, descriptor)
    }

    func unwatch(_ descriptor: Int32) {
        _ = clinux_poller_remove(poller, descriptor)
        handlers.withLock { $0[descriptor] = nil }
    }

    // MARK: On the reactor's thread only

    /// Reads once into the reactor's buffer and hands on what came; returns what read(2) returned.
    func read(_ descriptor: Int32, _ body: (ArraySlice<UInt8>) -> Void) -> Int {
        let count = Glibc.read(descriptor, &state.buffer, state.buffer.count)
        if count > 0 { body(state.buffer[..<count]) }
        return count
    }

    /// Calls once after a time; returns a number to cancel it with.
    func after(_ pause: Duration, _ fire: @escaping () -> Void) -> Int {
        state.numbers += 1
        state.actions[state.numbers] = fire
        state.deadlines.insert(Deadline(at: clocks.uptime() + pause, number: state.numbers))
        return state.numbers
    }

    func cancel(_ number: Int) {
        guard state.actions.removeValue(forKey: number) != nil else { return }
        if state.deadlines.count > 64 + 2 * state.actions.count {
            state.deadlines = Heap(state.deadlines.unordered.filter { state.actions[$0.number] != nil })
        }
    }

    private func loop() {
        var ready = [Int32](repeating: -1, count: 64)
        while !inbox.withLock({ $0.isStopped }) {
            let count = clinux_poller_wait(poller, &ready, Int32(ready.count), pause())
            for descriptor in ready.prefix(Int(max(count, 0))) {
                if descriptor == bell {
                    ring()
                } else {
                    // A handler of this round may have ended what another was about.
                    handlers.withLock({ $0[descriptor] })?()
                }
            }
            fireDue()
        }
        close(poller)
        close(bell)
    }

    private func ring() {
        var count: UInt64 = 0
        _ = Glibc.read(bell, &count, 8)
        let work = inbox.withLock { inbox in
            defer { inbox.work = [] }
            return inbox.work
        }
        for work in work { work() }
    }

    /// Milliseconds until the next deadline; -1 = for ever.
    private func pause() -> Int32 {
        dropCancelled()
        guard let next = state.deadlines.min else { return -1 }
        let milliseconds = ((next.at - clocks.uptime()).nanoseconds + 999_999) / 1_000_000
        return Int32(clamping: max(0, milliseconds))
    }

    private func dropCancelled() {
        while let next = state.deadlines.min, state.actions[next.number] == nil { state.deadlines.removeMin() }
    }

    private func fireDue() {
        dropCancelled()
        while let next = state.deadlines.min, next.at <= clocks.uptime() {
            state.deadlines.removeMin()
            state.actions.removeValue(forKey: next.number)?()
            dropCancelled()
        }
    }
}

/// Starts a detached thread; returns 0 or the errno.
private func startThread(_ body: @escaping @Sendable () -> Void) -> Int32 {
    final class Box {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread: pthread_t = 0
    let box = Unmanaged.passRetained(Box(body))
    let answer = pthread_create(
        &thread, nil,
        { argument in
            Unmanaged<Box>.fromOpaque(argument!).takeRetainedValue().body()
            return nil
        }, box.toOpaque())
    if answer == 0 { pthread_detach(thread) } else { box.release() }
    return answer
}
