import CLinux
import DequeModule
import Documents
import Glibc
import SystemPackage

/// The workers that wait for descriptors and times, and run what is to be done.
///
/// One worker at a time, the leader, waits for events; the others rest on the bench. The leader runs what its events
/// bring, and what comes of that. When something is still to be done after `patience`, because there is much or because
/// a slow disk keeps the worker, a timer calls one more from the bench, who takes over. So a chain of small steps costs
/// no change of thread, and a long step costs the others a delay of `patience` at most.
package final class EventLoop: Sendable {
    package static let shared = EventLoop()

    enum Work {
        case job(UnownedJob)
        case call(@Sendable () -> Void)
    }

    private struct State {
        var work: Deque<Work> = []
        /// Workers that do something, and will look for more when they have done it.
        var active = 0
        var benched = 0
        /// Calls from the bench that nobody has heard yet.
        var calls = 0
        var hasLeader = false
        var isBenchTimerSet = false
        var isLeaderTimerSet = false
        var handlers: [UInt64: Source] = [:]
        var lastToken: UInt64 = 3
    }

    private struct Source {
        let descriptor: Int32
        let interest: Interest
        let handler: @Sendable () -> Void
    }

    /// How long work waits for those who are active before another worker is called: from the bench, or away from its
    /// waiting for events, which only helps where the active one is really kept.
    private static let patience = (bench: Duration.microseconds(100), leader: Duration.milliseconds(1))
    /// Tokens of the loop's own descriptors.
    private static let bell: UInt64 = 0
    private static let clock: UInt64 = 1
    private static let reminder: UInt64 = 2
    /// Events taken at a time.
    private static let batch = 32

    private let state = Lock(State())
    /// What the leader waits for.
    private let events: Int32
    private let leaderBell: Int32
    private let leaderTimer: Int32
    let timers: Timers
    /// What the bench waits for.
    private let bench: Int32
    private let benchBell: Int32
    private let benchTimer: Int32
    private let areWorkersStarted = Lock(false)

    private init() {
        events = clinux_poller()
        leaderBell = clinux_bell()
        leaderTimer = clinux_timer()
        bench = clinux_poller()
        benchBell = clinux_bell()
        benchTimer = clinux_timer()
        timers = Timers(descriptor: clinux_timer())
        // Made once, at the start of a program that has its descriptors still before it.
        let all = [events, leaderBell, leaderTimer, bench, benchBell, benchTimer, timers.descriptor]
        precondition(all.allSatisfy { $0 >= 0 }, "no descriptors are left")
        _ = clinux_poller_watch(events, leaderBell, Self.bell, CLINUX_EDGE)
        _ = clinux_poller_watch(events, timers.descriptor, Self.clock, CLINUX_EDGE)
        _ = clinux_poller_watch(events, leaderTimer, Self.reminder, CLINUX_EDGE)
        _ = clinux_poller_watch(bench, benchBell, Self.bell, CLINUX_EDGE)
        _ = clinux_poller_watch(bench, benchTimer, Self.clock, CLINUX_EDGE)
    }

    // MARK: What there is to do

    /// Has a worker do something, soon.
    package func perform(_ call: @escaping @Sendable () -> Void) { add(.call(call)) }

    func add(_ work: Work) {
        startWorkers()
        help(
            state.withLock { state in
                state.work.append(work)
                return wanted(&state)
            })
    }

    private enum Help { case none, callBench, callLeader, callBenchLater, callLeaderLater }

    /// Who is to do what was just added. Those who are active will come for it; should something keep them, a timer
    /// calls another.
    private func wanted(_ state: inout State) -> Help {
        guard state.active + state.calls == 0 else { return later(&state) }
        if state.benched > 0 {
            state.calls += 1
            return .callBench
        }
        return state.hasLeader ? .callLeader : .none
    }

    private func later(_ state: inout State) -> Help {
        if state.benched > 0 {
            defer { state.isBenchTimerSet = true }
            return state.isBenchTimerSet ? .none : .callBenchLater
        }
        guard state.hasLeader, !state.isLeaderTimerSet else { return .none }
        state.isLeaderTimerSet = true
        return .callLeaderLater
    }

    /// Outside the lock: these are calls of the kernel. A timer is not stopped when nobody was kept after all; it fires
    /// for nothing, once per time of activity.
    private func help(_ help: Help) {
        switch help {
        case .none: break
        case .callBench: Self.ring(benchBell)
        case .callLeader: Self.ring(leaderBell)
        case .callBenchLater: clinux_timer_set(benchTimer, Self.patience.bench.nanoseconds)
        case .callLeaderLater: clinux_timer_set(leaderTimer, Self.patience.leader.nanoseconds)
        }
    }

    private static func ring(_ bell: Int32) {
        var one: UInt64 = 1
        _ = write(bell, &one, 8)
    }

    // MARK: Descriptors

    package enum Interest {
        case reading, writing
        /// An exceptional condition, where the descriptor has one (poll(2), POLLPRI).
        case urgent
    }

    /// Calls the handler whenever the descriptor can be read (or what else is wanted of it), or its other end is gone;
    /// never twice at a time. Handlers must not block. Returns what `unwatch` wants; nil when the kernel refuses (errno tells why).
    package func watch(_ descriptor: Int32, for interest: Interest = .reading, _ handler: @escaping @Sendable () -> Void) -> UInt64? {
        startWorkers()
        return state.withLock { state in
            state.lastToken += 1
            let token = state.lastToken
            guard clinux_poller_watch(events, descriptor, token, Self.once(interest)) == 0 else { return nil }
            state.handlers[token] = Source(descriptor: descriptor, interest: interest, handler: handler)
            return token
        }
    }

    /// Ends the watch; a call of the handler may be under way. Before the descriptor is closed.
    package func unwatch(_ token: UInt64) {
        state.withLock { state in
            guard let source = state.handlers.removeValue(forKey: token) else { return }
            clinux_poller_unwatch(events, source.descriptor)
        }
    }

    private static func once(_ interest: Interest) -> Int32 {
        switch interest {
        case .reading: CLINUX_ONCE
        case .writing: CLINUX_ONCE | CLINUX_WRITING
        case .urgent: CLINUX_ONCE | CLINUX_URGENT
        }
    }

    private func handle(_ token: UInt64) {
        switch token {
        case Self.bell: break
        case Self.reminder: state.withLock { $0.isLeaderTimerSet = false }
        case Self.clock:
            for work in timers.takeDue() {
                switch work {
                case .call(let call): call()
                case .job: add(work)
                }
            }
        default:
            guard let source = state.withLock({ $0.handlers[token] }) else { return }
            source.handler()
            // Under the lock: once it is unwatched, its number may belong to another descriptor.
            state.withLock { state in
                guard state.handlers[token] != nil else { return }
                _ = clinux_poller_again(events, source.descriptor, token, Self.once(source.interest))
            }
        }
    }

    // MARK: Workers

    /// As many as there are processors; two at least, so that one that blocks is not alone.
    private static let workers = min(max(2, sysconf(Int32(_SC_NPROCESSORS_ONLN))), 8)

    func startWorkers() {
        let isFirst = areWorkersStarted.withLock { isStarted in
            defer { isStarted = true }
            return !isStarted
        }
        guard isFirst else { return }
        for _ in 0..<Self.workers { startThread { [self] in work() } }
    }

    private enum Step {
        case run(Work)
        case lead, bench
    }

    private func work() {
        var tokens = [UInt64](repeating: 0, count: Self.batch)
        state.withLock { $0.active += 1 }
        while true {
            switch state.withLock({ next(&$0) }) {
            case .run(.job(let job)): run(job)
            case .run(.call(let call)): call()
            case .lead: lead(&tokens)
            case .bench: waitOnBench(&tokens)
            }
        }
    }

    private func next(_ state: inout State) -> Step {
        if let work = state.work.popFirst() { return .run(work) }
        state.active -= 1
        if state.hasLeader {
            state.benched += 1
            return .bench
        }
        state.hasLeader = true
        return .lead
    }

    private func lead(_ tokens: inout [UInt64]) {
        let count = clinux_poller_wait(events, &tokens, Int32(Self.batch), -1)
        help(
            state.withLock { state in
                state.hasLeader = false
                state.active += 1
                return later(&state)
            })
        for token in tokens.prefix(Int(max(count, 0))) { handle(token) }
    }

    private func waitOnBench(_ tokens: inout [UInt64]) {
        let count = clinux_poller_wait(bench, &tokens, 1, -1)
        help(
            state.withLock { state in
                state.benched -= 1
                state.active += 1
                guard count == 1 else { return .none }
                if tokens[0] == Self.bell { state.calls -= 1 } else { state.isBenchTimerSet = false }
                // This one takes one piece of work, or leads; what is left wants others.
                return state.work.count > 1 ? later(&state) : .none
            })
    }
}
