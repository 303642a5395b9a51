import CLinux
import Documents
import Glibc

/// The clocks, as one value that tests replace.
package struct Clocks: Sendable {
    /// The wall clock: what is written into files. It can jump.
    package var now: @Sendable () -> Instant
    /// Time since boot, counting suspension: what back-offs and ages are measured with. It never jumps.
    package var uptime: @Sendable () -> Duration

    package init(now: @escaping @Sendable () -> Instant, uptime: @escaping @Sendable () -> Duration) {
        self.now = now
        self.uptime = uptime
    }

    package static let system = Clocks(
        now: {
            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            return Instant(seconds: Int64(time.tv_sec), nanoseconds: Int64(time.tv_nsec))
        },
        uptime: {
            var time = timespec()
            clock_gettime(CLOCK_BOOTTIME, &time)
            return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
        })
}
