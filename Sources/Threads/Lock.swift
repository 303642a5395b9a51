import CLinux
import Glibc

/// A value that one thread at a time may use.
///
/// `Synchronization.Mutex` hands its lock from thread to thread in the order of their priorities and of their coming
/// (futex(2), FUTEX_LOCK_PI): two workers that meet at one again and again then change places at each step. Here who is
/// awake goes first.
final class Lock<Value>: @unchecked Sendable {
    private var value: Value
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

    init(_ value: Value) {
        self.value = value
        clinux_mutex(mutex)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&value)
    }
}
