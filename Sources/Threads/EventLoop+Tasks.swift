import Glibc
@_spi(ExperimentalCustomExecutors) @_spi(ExperimentalScheduling) import _Concurrency

/// Swift's tasks on the workers of the loop.
///
/// The interface for this is experimental in Swift 6.3 (the pitch "Custom Main and Global Executors"); the older hooks
/// of the runtime do not cover `Task.sleep` any more.
extension EventLoop {
    /// From now on all tasks of this program run on the loop. To be called before the first one is made.
    package static func takeTasks() { _createExecutors(factory: Executors.self) }

    /// Runs a program: `body` as a task, while this thread waits for the end of the process. Never returns.
    package static func serve(_ body: @escaping @Sendable () async -> Never) -> Never {
        takeTasks()
        Task { await body() }
        while true { pause() }
    }

    /// Has a task go on after a time.
    fileprivate func sleep(_ job: UnownedJob, _ time: Duration) {
        startWorkers()
        _ = timers.add(after: time, .job(job))
    }

    func run(_ job: UnownedJob) { unsafe job.runSynchronously(on: TaskWorkers.shared.asUnownedTaskExecutor()) }
}

private struct Executors: ExecutorFactory {
    static var mainExecutor: any MainExecutor { MainThread.shared }
    static var defaultExecutor: any TaskExecutor { TaskWorkers.shared }
}

private final class TaskWorkers: TaskExecutor, SchedulingExecutor {
    static let shared = TaskWorkers()

    func enqueue(_ job: consuming ExecutorJob) { EventLoop.shared.add(.job(UnownedJob(job))) }

    func enqueue<C: Clock>(_ job: consuming ExecutorJob, after delay: C.Duration, tolerance: C.Duration?, clock: C) {
        sleep(UnownedJob(job), delay as? Duration)
    }

    func enqueue<C: Clock>(_ job: consuming ExecutorJob, at instant: C.Instant, tolerance: C.Duration?, clock: C) {
        sleep(UnownedJob(job), clock.now.duration(to: instant) as? Duration)
    }

    private func sleep(_ job: UnownedJob, _ pause: Duration?) {
        // A clock of another measure is not used here; its sleepers wake at once and look at their clock again.
        EventLoop.shared.sleep(job, pause ?? .zero)
    }
}

/// There is no code that is bound to the main thread.
private final class MainThread: MainExecutor {
    static let shared = MainThread()
    func run() throws { preconditionFailure("the main thread runs no tasks") }
    func stop() {}
    func enqueue(_ job: consuming ExecutorJob) { preconditionFailure("nothing is bound to the main actor") }
}
