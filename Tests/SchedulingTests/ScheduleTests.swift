import Documents
import Scheduling
import Testing

func instant(_ text: String) -> Instant { Instant(rfc3339: text)! }

struct ScheduleTests {
    @Test(arguments: [
        ("@hourly", "2026-11-25T14:00:00Z"), ("@daily", "2026-11-26T00:00:00Z"), ("@midnight", "2026-11-26T00:00:00Z"),
        ("@weekly", "2026-11-29T00:00:00Z"), ("@monthly", "2026-12-01T00:00:00Z"), ("@yearly", "2027-01-01T00:00:00Z"),
        ("@annually", "2027-01-01T00:00:00Z"), ("@every 90s", "2026-11-25T13:01:30.500Z"), ("  @every 1h30m ", "2026-11-25T14:30:00.500Z"),
        ("2026-12-24T18:00:00+01:00", "2026-12-24T17:00:00Z"), ("0 30 13 * * *", "2026-11-25T13:30:00Z"),
        ("30 13 * * *", "2026-11-25T13:30:00Z"), ("0 0 13 * * *", "2026-11-26T13:00:00Z"), ("@reboot", nil),
        ("2020-01-01T00:00:00Z", nil),
    ])
    func next_isAfterTheBase(_ text: String, _ expected: String?) throws {
        #expect(try Schedule(text).next(after: instant("2026-11-25T13:00:00.500Z"), in: .utc) == expected.map(instant))
    }

    @Test(arguments: ["@never", "@every", "@every 0s", "@every 999ms", "@every day", "every 5m", "tomorrow", "2026-13-01T00:00:00Z", ""])
    func text_thatIsNoSchedule_isRefused(_ text: String) {
        #expect(throws: ScheduleError.self) { try Schedule(text) }
    }

    // MARK: Missed due times

    private func due(_ catchUp: CatchUp, _ schedule: String = "0 * * * * *", downFor minutes: Int) throws -> CatchUp.Due {
        let last = instant("2026-11-25T13:00:00Z")
        return catchUp.due(
            try Schedule(schedule), after: last, now: last + .seconds(minutes * 60 + 1), tolerance: .seconds(10), in: .utc)
    }

    @Test(arguments: [0, 1, 99, 100, 101, 10_000], ["0 * * * * *", "@every 1m"])
    func catchUp_actsOnWhatItsPolicySays(_ minutes: Int, _ schedule: String) throws {
        let times = (0...minutes).dropFirst().map { instant("2026-11-25T13:00:00Z") + .seconds($0 * 60) }
        let all = try due(.all, schedule, downFor: minutes)
        #expect(all.times == Array(times.suffix(100)))
        #expect(all.isMissedMore ? minutes > 100 && all.missed > 0 : all.missed == max(0, minutes - 100))
        let latest = try due(.latest, schedule, downFor: minutes)
        #expect(latest.times == Array(times.suffix(1)))
        #expect(latest.isMissedMore ? minutes > 1 && latest.missed > 0 : latest.missed == max(0, minutes - 1))
        // The last one came a second ago: nobody missed it.
        #expect(try due(.none, schedule, downFor: minutes).times == Array(times.suffix(1)))
    }

    @Test func catchUp_ofEverySecondOfAYear_doesNotCountThemAll() throws {
        let last = instant("2025-11-25T13:00:00Z")
        let now = instant("2026-11-25T13:00:00Z")
        let found = CatchUp.all.due(try Schedule("* * * * * *"), after: last, now: now, tolerance: .seconds(10), in: .utc)
        #expect(found.times == (0..<100).map { now + .seconds($0 - 99) } && found.isMissedMore && found.missed < 10_000)
    }

    @Test func catchUpNone_leavesOutWhatIsOlderThanTheTolerance() throws {
        let last = instant("2026-11-25T13:00:00Z")
        let found = CatchUp.none.due(
            try Schedule("@hourly"), after: last, now: last + .seconds(3600 + 11), tolerance: .seconds(10), in: .utc)
        #expect(found.times == [] && found.missed == 1 && !found.isMissedMore)
    }
}
