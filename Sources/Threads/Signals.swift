import CLinux
import Glibc

/// Signals as a sequence (signalfd(2)).
package enum Signals {
    /// Keeps signals from ending the program, in this thread and those it starts. To be called before other threads
    /// are started; `sequence` then tells of them.
    package static func hold(_ signals: [Int32]) {
        var set = set(of: signals)
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Those of the signals that come, also what has come since `hold`. One reader.
    package static func sequence(_ signals: [Int32]) -> AsyncStream<Int32> {
        var set = set(of: signals)
        let descriptor = clinux_signals(&set)
        return AsyncStream { stream in
            let token = EventLoop.shared.watch(descriptor) {
                while case let signal = clinux_next_signal(descriptor), signal > 0 { stream.yield(signal) }
            }
            stream.onTermination = { _ in
                if let token { EventLoop.shared.unwatch(token) }
                close(descriptor)
            }
        }
    }

    private static func set(of signals: [Int32]) -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in signals { sigaddset(&set, signal) }
        return set
    }
}
