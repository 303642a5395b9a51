import Documents

/// When a job runs by the clock (contract §8), as its owner wrote it.
package enum Schedule: Hashable, Sendable {
    case cron(CronExpression)
    /// Again and again after so long, counted from the due time before.
    case every(Duration)
    case once(Instant)
    /// Once after each boot of the machine.
    case reboot

    /// Names for expressions, as crontab(5) has them.
    private static let names = [
        "@hourly": "0 0 * * * *", "@daily": "0 0 0 * * *", "@midnight": "0 0 0 * * *", "@weekly": "0 0 0 * * 0",
        "@monthly": "0 0 0 1 * *", "@yearly": "0 0 0 1 1 *", "@annually": "0 0 0 1 1 *",
    ]

    package static let shortestInterval = Duration.seconds(1)

    package init(_ text: String) throws(ScheduleError) {
        let trimmed = String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        if let expression = Self.names[trimmed] {
            self = .cron(try CronExpression(expression))
        } else if trimmed == "@reboot" {
            self = .reboot
        } else if trimmed.hasPrefix("@every ") {
            let interval = trimmed.dropFirst(7)
            guard let duration = DurationText.parse(String(interval)), duration >= Self.shortestInterval else {
                throw ScheduleError(interval, "expected a time of at least one second, such as \"90s\", \"5m\" or \"2h\"")
            }
            self = .every(duration)
        } else if trimmed.hasPrefix("@") {
            throw ScheduleError(
                trimmed, "expected @hourly, @daily, @weekly, @monthly, @yearly, @reboot or \"@every 90s\"")
        } else if let instant = Instant(rfc3339: trimmed) {
            self = .once(instant)
        } else {
            self = .cron(try CronExpression(trimmed))
        }
    }

    /// The first due time after an instant; nil when there is none, and for `reboot`, which no clock tells.
    ///
    /// - Parameter base: the due time before, or when the schedule was first seen.
    package func next(after base: Instant, in zone: Zone) -> Instant? {
        switch self {
        case .cron(let expression): expression.next(after: base, in: zone)
        case .every(let interval): base + interval
        case .once(let instant): instant > base ? instant : nil
        case .reboot: nil
        }
    }

    /// The due times after one instant and not after another, in order.
    package func dueTimes(after base: Instant, through end: Instant, in zone: Zone) -> some Sequence<Instant> {
        sequence(state: base) { last in
            guard let next = next(after: last, in: zone), next <= end else { return nil }
            last = next
            return next
        }
    }
}
