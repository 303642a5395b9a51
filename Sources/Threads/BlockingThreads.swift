import CLinux
import DequeModule
import Glibc
import Synchronization

/// Threads for calls that may block for long (syncs, large listings, network file systems): made when there is none
/// free, ended when there was nothing to do for a while.
package final class BlockingThreads: Sendable {
    package static let shared = BlockingThreads()

    /// Beyond so many, calls wait: each thread costs memory, and a disk that is stuck does not get faster by more callers.
    private static let limit = 64
    /// How long a thread without work stays, in milliseconds.
    fileprivate static let patience: Int32 = 5000

    private struct State {
        var calls: Deque<@Sendable () -> Void> = []
        var threads = 0
        var free = 0
    }

    private let state = Mutex(State())
    /// Counts the calls that a free thread may take.
    private let bell: Semaphore

    private init() { bell = Semaphore() }

    package func perform(_ call: @escaping @Sendable () -> Void) {
        let isNewWanted = state.withLock { state in
            state.calls.append(call)
            guard state.free == 0, state.threads < Self.limit else {
                if state.free > 0 { state.free -= 1 }
                return false
            }
            state.threads += 1
            return true
        }
        if isNewWanted, startThread(self.work) != 0 {
            // No thread can be had: the caller's own has to do.
            state.withLock { $0.threads -= 1 }
            while let call = next() { call() }
            return
        }
        if !isNewWanted { bell.signal() }
    }

    private func next() -> (@Sendable () -> Void)? { state.withLock { $0.calls.popFirst() } }

    private func work() {
        while true {
            while let call = next() { call() }
            state.withLock { $0.free += 1 }
            if bell.wait() { continue }
            let isOver = state.withLock { state in
                guard state.free > 0 else { return false }
                state.free -= 1
                state.threads -= 1
                return true
            }
            if isOver { return }
            // Somebody has counted on this thread just now: the signal is on its way.
            while !bell.wait() {}
        }
    }
}

/// sem_t of POSIX.
private final class Semaphore: @unchecked Sendable {
    private let storage = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() { sem_init(storage, 0, 0) }

    func signal() { sem_post(storage) }

    /// False when nobody signalled within the time.
    func wait() -> Bool { clinux_wait(storage, BlockingThreads.patience) == 0 }
}
