import CLinux
import Documents
import Glibc
import HeapModule

/// What is to be done at times, on the clock that counts from boot, suspension included: one timer of the kernel, set
/// for the earliest.
final class Timers: Sendable {
    private struct Entry: Comparable {
        let at: Int64
        let number: Int
        static func < (left: Entry, right: Entry) -> Bool { (left.at, left.number) < (right.at, right.number) }
    }

    private struct State {
        var heap = Heap<Entry>()
        /// What is still to be done, by number: what is cancelled keeps nothing alive.
        var work: [Int: EventLoop.Work] = [:]
        var lastNumber = 0
        /// When the kernel's timer fires; nil = it is not set.
        var armed: Int64?
    }

    let descriptor: Int32
    private let state = Lock(State())

    init(descriptor: Int32) { self.descriptor = descriptor }

    /// Nanoseconds since boot.
    private static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    func add(after pause: Duration, _ work: EventLoop.Work) -> Int {
        state.withLock { state in
            state.lastNumber += 1
            let entry = Entry(at: Self.now &+ max(pause.nanoseconds, 0), number: state.lastNumber)
            state.work[entry.number] = work
            state.heap.insert(entry)
            arm(&state)
            return entry.number
        }
    }

    func cancel(_ number: Int) {
        state.withLock { state in
            guard state.work.removeValue(forKey: number) != nil else { return }
            if state.heap.count > 64 + 2 * state.work.count {
                state.heap = Heap(state.heap.unordered.filter { state.work[$0.number] != nil })
            }
            arm(&state)
        }
    }

    /// Takes out what is due.
    func takeDue() -> [EventLoop.Work] {
        state.withLock { state in
            state.armed = nil
            let now = Self.now
            var due: [EventLoop.Work] = []
            while let first = state.heap.min, first.at <= now {
                state.heap.removeMin()
                if let work = state.work.removeValue(forKey: first.number) { due.append(work) }
            }
            arm(&state)
            return due
        }
    }

    /// A timer that is set for nothing any more is left when it fires within this time, in nanoseconds: short waits come
    /// and go by the thousand, and firing once for nothing is cheaper than setting it twice for each.
    private static let soon: Int64 = 100_000_000

    /// Sets the kernel's timer for the earliest entry, unless it is set for an earlier time.
    private func arm(_ state: inout State) {
        while let first = state.heap.min, state.work[first.number] == nil { state.heap.removeMin() }
        guard let first = state.heap.min else {
            if let armed = state.armed, armed - Self.now > Self.soon {
                clinux_timer_set(descriptor, 0)
                state.armed = nil
            }
            return
        }
        if let armed = state.armed, armed <= first.at { return }
        state.armed = first.at
        clinux_timer_set(descriptor, max(1, first.at - Self.now))
    }
}

extension EventLoop {
    /// Calls once after a time; returns a number to cancel it with. Must not block.
    package func after(_ pause: Duration, _ call: @escaping @Sendable () -> Void) -> Int {
        startWorkers()
        return timers.add(after: pause, .call(call))
    }

    package func cancel(_ number: Int) { timers.cancel(number) }
}
