import Documents
import Execution
import Files
import Glibc
import Synchronization
import Threads

/// Keeps the service manager informed: when the program serves, reads anew and stops, and one line of what goes on.
///
/// The line follows a change within a second. While nothing changes nothing is told, and nothing wakes up for it.
actor ServiceReport {
    /// What the line tells.
    struct Numbers: Sendable, Equatable {
        var jobs = 0
        /// Jobs that cannot run, or not with their newest settings.
        var troubled = 0
        var runs = 0
        /// The longest time that a run may take to stop.
        var grace = Duration.zero

        static func + (left: Numbers, right: Numbers) -> Numbers {
            Numbers(
                jobs: left.jobs + right.jobs, troubled: left.troubled + right.troubled, runs: left.runs + right.runs,
                grace: max(left.grace, right.grace))
        }
    }

    private enum Phase { case starting, serving, stopping }

    private static let lineTime = Duration.seconds(1)
    /// While it stops it asks for so much more time, so often: should it hang, the manager waits no longer than that.
    private static let extensions = (each: Duration.seconds(30), every: Duration.seconds(10))
    /// For what comes after the last run: SIGKILL, orphans, outcomes.
    private static let aftermath = Duration.seconds(60)

    private let manager: ServiceManager
    private let clocks: Clocks
    private let isLineDue = Mutex(false)
    private var look: @Sendable () async -> Numbers = { Numbers() }
    private var phase = Phase.starting
    private var line = ""
    private var extending: Task<Void, Never>?

    init(_ manager: ServiceManager, clocks: Clocks) {
        self.manager = manager
        self.clocks = clocks
    }

    /// Where the numbers come from.
    func follow(_ look: @escaping @Sendable () async -> Numbers) { self.look = look }

    /// It serves, or serves again after a reload.
    func ready() async {
        let numbers = await look()
        guard phase != .stopping else { return }
        phase = .serving
        line = Self.line(numbers, phase)
        manager.tell("READY=1", "STATUS=\(line)")
    }

    /// Something that the line tells may have changed.
    nonisolated func changed() {
        let isFirst = isLineDue.withLock { isDue in
            defer { isDue = true }
            return !isDue
        }
        // The task ends with the line that it tells.
        if isFirst { _ = EventLoop.shared.after(Self.lineTime) { Task { await self.showLine() } } }
    }

    private func showLine() async {
        isLineDue.withLock { $0 = false }
        guard phase != .starting else { return }
        let new = Self.line(await look(), phase)
        guard new != line else { return }
        line = new
        manager.tell("STATUS=\(line)")
    }

    /// It reads the jobs anew; `ready` tells when it has (systemd.service(5), Type=notify-reload).
    func reloading() {
        guard phase == .serving else { return }
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        manager.tell("RELOADING=1", "MONOTONIC_USEC=\(Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1000)")
    }

    /// It stops. Asks for more time until `end`, but not longer than the longest grace allows.
    func stop() async {
        phase = .stopping
        let numbers = await look()
        line = Self.line(numbers, phase)
        manager.tell("STOPPING=1", "STATUS=\(line)")
        let limit = clocks.uptime() + numbers.grace + Self.aftermath
        // Ended by `end`; the stop itself must not wait for it.
        extending = Task { [manager, clocks] in
            while clocks.uptime() < limit, !Task.isCancelled {
                manager.tell("EXTEND_TIMEOUT_USEC=\(Self.extensions.each.nanoseconds / 1000)")
                try? await Task.sleep(for: Self.extensions.every)
            }
        }
    }

    func end() { extending?.cancel() }

    /// Gives signs of life, if they are wanted, until it is cancelled.
    nonisolated func feedWatchdog() async {
        guard let time = manager.watchdogTime else { return }
        while !Task.isCancelled {
            manager.tell("WATCHDOG=1")
            try? await Task.sleep(for: time / 2)
        }
    }

    private static func line(_ numbers: Numbers, _ phase: Phase) -> String {
        func count(_ number: Int, _ word: String) -> String { "\(number) \(word)\(number == 1 ? "" : "s")" }
        let runs = "\(count(numbers.runs, "run")) under way"
        guard phase != .stopping else { return "stopping, \(runs)" }
        let trouble = numbers.troubled > 0 ? " (\(numbers.troubled) with problems)" : ""
        return "\(count(numbers.jobs, "job"))\(trouble), \(runs)"
    }
}

extension JobBoard {
    /// What the status line tells of these jobs.
    var numbers: ServiceReport.Numbers {
        ServiceReport.Numbers(
            jobs: Set(seats.keys).union(problems.keys).union(absentees.keys).count,
            troubled: Set(problems.filter { !$0.value.isEmpty }.keys).union(absentees.keys).count,
            runs: runner.count,
            grace: (seats.values + retired).map(\.job.grace).max() ?? .zero)
    }
}

extension ContinuousBoard {
    /// What the status line tells of these jobs, besides their runs, which the runner counts with all others.
    var numbers: ServiceReport.Numbers {
        get async {
            var sum = ServiceReport.Numbers()
            for supervisor in supervisors.values { sum = sum + (await supervisor.numbers) }
            return sum
        }
    }
}

extension Supervisor {
    fileprivate var numbers: ServiceReport.Numbers {
        rest == .removed
            ? ServiceReport.Numbers()
            : ServiceReport.Numbers(jobs: 1, troubled: report.problems.isEmpty ? 0 : 1, grace: job?.grace ?? .zero)
    }
}
