import Documents
import Hosting
import Scheduling

/// What is to be done for a schedule at one moment. Pure.
struct ScheduleLook {
    enum Action: Equatable {
        /// Make the item of this due time; others before it are not made good.
        case make(due: Instant)
        /// The item of an earlier due time is not done.
        case skip(due: Instant)
        /// Cancel the item of the earlier due time.
        case cancelEarlier
        case say(String)
    }

    /// In order.
    private(set) var actions: [Action] = []
    /// How the record is once they are done.
    private(set) var record: ScheduleRecord
    /// When to look again; nil when nothing will be due.
    private(set) var next: Instant?

    /// A due time that is found so late was not missed, only a little late.
    static let tolerance = Duration.seconds(10)
    /// A clock that was set by more than this makes a new plan; by less, what lies between was missed, or is waited for.
    static let longestStep = Duration.seconds(3 * 3600)

    /// - Parameters:
    ///   - known: what was recorded, nil when there is nothing.
    ///   - step: by how much the clock was set since the last look.
    ///   - isEarlierOpen: whether the item of an earlier due time waits, rests or runs. Asked only when that matters.
    init(
        _ rule: ScheduleRule, _ known: ScheduleRecord?, now: Instant, step: Duration, boot: String?, isEarlierOpen: () -> Bool
    ) {
        let isKnown = known?.identity == rule.identity
        record = known ?? ScheduleRecord(identity: rule.identity, base: now)
        if !isKnown {
            record.identity = rule.identity
            record.base = now
        } else if step > Self.longestStep || step < .zero - Self.longestStep || record.base - now > Self.longestStep {
            say("the clock was set by hours; the schedule goes on from \(now.rfc3339)")
            record.base = now
        } else if record.base > now, case .every = rule.schedule {
            // An interval is time that passes, whatever the clock shows.
            record.base = now
        }
        if case .reboot = rule.schedule {
            lookAtBoot(now, boot, rule, isEarlierOpen)
            return
        }
        let until = now + (.zero - rule.shift)
        let due = rule.catchUp.due(rule.schedule, after: record.base, now: until, tolerance: Self.tolerance, in: rule.zone)
        if due.missed > 0 {
            let count = "\(due.missed)\(due.isMissedMore ? " or more" : "") due \(due.missed == 1 ? "time was" : "times were")"
            say("\(count) missed and \(due.missed == 1 ? "is" : "are") not made good (catch_up is \(rule.catchUp.rawValue))")
        }
        if !due.times.isEmpty { act(on: due.times, rule, isEarlierOpen) } else if due.missed > 0 { record.base = until }
        next = rule.schedule.next(after: record.base, in: rule.zone).map { $0 + rule.shift }
    }

    private mutating func say(_ text: String) { actions.append(.say(text)) }

    /// `overlap` is about items of earlier looks: due times that are made good together wait for one another in the queue.
    private mutating func act(on due: [Instant], _ rule: ScheduleRule, _ isEarlierOpen: () -> Bool) {
        if let last = due.last { record.base = last }
        if rule.overlap != .queue, isEarlierOpen() {
            guard rule.overlap == .replace else {
                for time in due {
                    actions.append(.skip(due: time))
                    record.skipped += 1
                    record.lastSkipped = time
                }
                return
            }
            actions.append(.cancelEarlier)
        }
        for time in due { actions.append(.make(due: time)) }
        record.lastDue = due.last
    }

    private mutating func lookAtBoot(_ now: Instant, _ boot: String?, _ rule: ScheduleRule, _ isEarlierOpen: () -> Bool) {
        guard record.boot != boot || boot == nil && record.lastDue == nil else { return }
        record.boot = boot
        act(on: [now], rule, isEarlierOpen)
    }
}
