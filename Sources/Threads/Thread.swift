import CLinux
import Glibc

/// Starts a detached thread of the operating system; returns 0, or the errno that tells why not.
///
/// It takes no signals but SIGCHLD, which means nothing here: the kernel drops it at once where it is not blocked, and
/// otherwise keeps it and wakes another thread for it.
@discardableResult
func startThread(_ body: @escaping @Sendable () -> Void) -> Int32 {
    final class Box {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    // The new thread inherits the mask.
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    sigdelset(&all, SIGCHLD)
    pthread_sigmask(SIG_SETMASK, &all, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    var thread = pthread_t()
    let box = Unmanaged.passRetained(Box(body))
    let answer = pthread_create(
        &thread, nil,
        { argument in
            if let argument { Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body() }
            return nil
        }, box.toOpaque())
    if answer == 0 { pthread_detach(thread) } else { box.release() }
    return answer
}
