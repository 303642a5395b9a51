import Documents
import Files
import Hosting
import Scheduling

/// A job's schedule, as it is in force.
package struct ScheduleRule: Sendable, Equatable {
    /// As its owner wrote it.
    package let text: String
    package let schedule: Schedule
    package let zone: Zone
    package let catchUp: CatchUp
    package let overlap: JobSettings.Overlap
    /// How long after a due time the job starts: always the same for a job.
    package let shift: Duration

    /// nil when the job has no schedule.
    package init?(_ settings: JobSettings, of job: FileName) {
        guard let text = settings.schedule, let schedule = try? Schedule(text) else { return nil }
        self.text = text
        self.schedule = schedule
        zone = settings.timeZone.flatMap { Zone.load($0) } ?? .system()
        catchUp = settings.catchUp
        overlap = settings.overlap
        shift = Self.shift(of: job, within: settings.jitter)
    }

    /// Whole seconds, from the job's name.
    private static func shift(of job: FileName, within jitter: Duration) -> Duration {
        let seconds = jitter.nanoseconds / 1_000_000_000
        guard seconds > 0 else { return .zero }
        var hash = ContentHash()
        hash.add(job.bytes)
        let number = hash.digest().prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return .seconds(Int64(number % UInt64(seconds)))
    }

    /// What due times belong to: with another schedule, or another zone, nothing of before was missed.
    var identity: String { "\(text) in \(zone.name)" }

    /// The id of the item of a due time: the same whoever makes it, and however often.
    func item(of due: Instant, job: FileName) -> ItemID {
        var hash = ContentHash()
        hash.add(job.bytes)
        hash.add("\n")
        hash.add(Array("\(identity)\n\(due.nanoseconds)".utf8))
        let bytes = hash.digest()
        let milliseconds = UInt64(max(0, due.nanoseconds)) / 1_000_000
        let high = milliseconds << 16 | 0x7000 | UInt64(bytes[0] & 0x0F) << 8 | UInt64(bytes[1])
        let low = bytes[2..<10].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return ItemID(high: high, low: low & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000)
    }

    package static func == (left: ScheduleRule, right: ScheduleRule) -> Bool {
        left.identity == right.identity && left.catchUp == right.catchUp && left.overlap == right.overlap && left.shift == right.shift
    }
}
