import Documents
import Scheduling
import Testing

/// Where clocks are put forward and back (contract §8).
struct DaylightTests {
    private func times(_ text: String, _ zone: String, _ from: String, _ to: String) throws -> [String] {
        Array(try Schedule(text).dueTimes(after: instant(from), through: instant(to), in: Zones.named(zone))).map(\.rfc3339)
            .map { String($0.dropLast(5)) }
    }

    /// Berlin: at 02:00 it is 03:00 (01:00Z). New York: at 02:00 it is 03:00 (07:00Z). Lord Howe: at 02:00 it is 02:30 (15:30Z).
    @Test(arguments: [
        // A time that does not exist is due when it would have been shown: at the change.
        ("0 30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z", ["2026-03-29T01:00:00", "2026-03-30T00:30:00"]),
        ("30 2 * * *", "America/New_York", "2026-03-08T05:00:00Z", "2026-03-09T12:00:00Z", ["2026-03-08T07:00:00", "2026-03-09T06:30:00"]),
        ("0 0 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z", ["2026-03-29T01:00:00"]),
        ("0 15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00:00Z", "2026-10-04T12:00:00Z", ["2026-10-03T15:30:00"]),
        // Several of them are one.
        ("0 0,30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z", ["2026-03-29T01:00:00"]),
        ("0 */20 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z", ["2026-03-29T01:00:00"]),
        // And one with what is due then anyway.
        ("0 0 2,3 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z", ["2026-03-29T01:00:00"]),
        // Every hour is every hour.
        (
            "0 30 * * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", "2026-03-29T03:00:00Z",
            ["2026-03-29T00:30:00", "2026-03-29T01:30:00", "2026-03-29T02:30:00"]
        ),
        // A time that comes twice is due the first time.
        ("0 30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z", ["2026-10-25T00:30:00", "2026-10-26T01:30:00"]),
        ("30 1 * * *", "America/New_York", "2026-11-01T00:00:00Z", "2026-11-02T12:00:00Z", ["2026-11-01T05:30:00", "2026-11-02T06:30:00"]),
        ("0 0 3 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z", ["2026-10-25T02:00:00"]),
        ("0 0 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z", ["2026-10-25T00:00:00"]),
        // What steps through the hour goes through it twice.
        (
            "0 30 * * * *", "Europe/Berlin", "2026-10-24T23:00:00Z", "2026-10-25T02:00:00Z",
            ["2026-10-24T23:30:00", "2026-10-25T00:30:00", "2026-10-25T01:30:00"]
        ),
        (
            "0 */30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z",
            ["2026-10-25T00:00:00", "2026-10-25T00:30:00", "2026-10-25T01:00:00", "2026-10-25T01:30:00"]
        ),
        // A day that the calendar leaves out.
        ("0 0 12 30 12 *", "Pacific/Apia", "2011-12-29T00:00:00Z", "2012-01-02T00:00:00Z", ["2011-12-30T10:00:00"]),
        // Midnight that does not exist: Cairo goes from 00:00 to 01:00 on a Friday in April.
        ("@daily", "Africa/Cairo", "2026-04-23T12:00:00Z", "2026-04-25T12:00:00Z", ["2026-04-23T22:00:00", "2026-04-24T21:00:00"]),
    ])
    func due_whereClocksChange(_ text: String, _ zone: String, _ from: String, _ to: String, _ expected: [String]) throws {
        #expect(try times(text, zone, from, to) == expected)
    }

    /// What is due, told minute by minute from the words of the contract; nothing of the program's search is in it.
    private struct Slow {
        let text: String
        let hasFixedHours: Bool
        let isFixedTime: Bool
        let matches: @Sendable (_ hour: Int64, _ minute: Int64) -> Bool

        func due(from start: Int64, to end: Int64, in zone: Zone) -> [Int64] {
            func isMatch(_ wall: Int64) -> Bool { matches(wall / 3600 % 24, wall / 60 % 60) }
            var due: [Int64] = []
            var shown: Set<Int64> = []
            var before = zone.offset(at: start - 86_400)
            for at in stride(from: start - 86_400, through: end, by: 60) {
                let offset = zone.offset(at: at)
                let wall = at + offset
                var isDue = isMatch(wall) && !(isFixedTime && shown.contains(wall))
                if offset > before, hasFixedHours, stride(from: at + before, to: wall, by: 60).contains(where: isMatch) { isDue = true }
                if isDue, at > start { due.append(at) }
                shown.insert(wall)
                before = offset
            }
            return due
        }
    }

    private static let expressions = [
        Slow(text: "30 2 * * *", hasFixedHours: true, isFixedTime: true) { $0 == 2 && $1 == 30 },
        Slow(text: "0 0,1,2,3,23 * * *", hasFixedHours: true, isFixedTime: true) { [0, 1, 2, 3, 23].contains($0) && $1 == 0 },
        Slow(text: "15,45 0,1,2,3,22,23 * * *", hasFixedHours: true, isFixedTime: true) {
            [0, 1, 2, 3, 22, 23].contains($0) && [15, 45].contains($1)
        },
        Slow(text: "*/10 0,1,2,3,23 * * *", hasFixedHours: true, isFixedTime: false) { [0, 1, 2, 3, 23].contains($0) && $1 % 10 == 0 },
        Slow(text: "20 * * * *", hasFixedHours: false, isFixedTime: false) { $1 == 20 },
        Slow(text: "5 0-4 * * *", hasFixedHours: false, isFixedTime: false) { (0...4).contains($0) && $1 == 5 },
        Slow(text: "*/15 */2 * * *", hasFixedHours: false, isFixedTime: false) { $0 % 2 == 0 && $1 % 15 == 0 },
    ]

    /// All zones, all changes from 2026 to 2036; those that are alike (same change at the same wall time) once.
    @Test func due_aroundEveryChangeOfTenYears_isWhatASlowSearchFinds() throws {
        var seen: Set<[Int64]> = []
        var compared = 0
        for zone in Zones.all {
            var at = instant("2026-01-01T00:00:00Z").nanoseconds / 1_000_000_000
            let end = instant("2036-01-01T00:00:00Z").nanoseconds / 1_000_000_000
            while let change = zone.nextChange(after: at), change < end {
                at = change
                let (before, after) = (zone.offset(at: change - 1), zone.offset(at: change))
                guard seen.insert([(change + before) % 86_400, after - before]).inserted else { continue }
                for slow in Self.expressions {
                    let (from, to) = (change - 36_000, change + 100_000)
                    let found = try Schedule(slow.text).dueTimes(after: Instant(seconds: from), through: Instant(seconds: to), in: zone)
                        .map { $0.nanoseconds / 1_000_000_000 }
                    #expect(found == slow.due(from: from, to: to, in: zone), "\(slow.text) in \(zone.name) around \(change)")
                    compared += 1
                }
            }
        }
        #expect(compared >= 50 && seen.contains { $0[1] == 1800 } && seen.contains { $0[1] == -3600 })
    }
}
