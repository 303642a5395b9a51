import Scheduling
import Testing

/// `2015-01-01 00:00:00`
func wall(_ text: String) -> WallTime {
    let numbers = text.split { "-: ".contains($0) }.compactMap { Int64($0) }
    guard numbers.count == 6,
        let time = WallTime(
            year: numbers[0], month: numbers[1], day: numbers[2], hour: numbers[3], minute: numbers[4], second: numbers[5])
    else { fatalError("\(text) is no time") }
    return time
}

struct CronExpressionTests {
    /// The original's own vectors, and what its documentation and its tests say (reference/webjobs.md §4.6, §4.7).
    @Test(arguments: [
        ("10 * * * * *", "2015-01-01 00:00:00", "2015-01-01 00:00:10"),
        ("5 1 * * * *", "2015-01-01 00:00:00", "2015-01-01 00:01:05"),
        ("0 0 2 * * *", "2015-01-01 00:00:00", "2015-01-01 02:00:00"),
        ("* * * 3 * *", "2015-01-01 00:00:00", "2015-01-03 00:00:00"),
        ("* * * * 2 *", "2015-01-01 00:00:00", "2015-02-01 00:00:00"),
        ("0 */5 * * * *", "2014-12-31 23:00:00", "2014-12-31 23:05:00"),
        ("45 16 1 * Mon", "2003-01-01 17:00:00", "2003-01-06 16:45:00"),
        ("0 45 16 1 * Mon", "2003-01-01 12:00:00", "2003-09-01 16:45:00"),
        ("*/10 5 * * * *", "2015-01-01 00:00:05", "2015-01-01 00:05:00"),
        ("0,40 5 * * * *", "2015-01-01 00:00:30", "2015-01-01 00:05:00"),
        ("0 0 22-2 * * *", "2015-01-01 00:00:00", "2015-01-01 02:00:00"),
        ("0 50/4 * * * *", "2015-01-01 00:54:00", "2015-01-01 00:58:00"),
        ("0 0 0 1 Augu *", "2015-01-01 00:00:00", "2015-08-01 00:00:00"),
        ("0 0 0 1 SEPT *", "2015-01-01 00:00:00", "2015-09-01 00:00:00"),
        ("0 0 0 * * tues", "2015-01-01 00:00:00", "2015-01-06 00:00:00"),
        ("0 0 0 * J *", "2015-06-01 00:00:00", "2016-01-01 00:00:00"),
        ("0 0 0 * * S", "2015-01-01 00:00:00", "2015-01-04 00:00:00"),
        ("0 0 0 29 2 *", "2015-01-01 00:00:00", "2016-02-29 00:00:00"),
        ("0 0 0 29 2 Mon", "2016-01-01 00:00:00", "2016-02-29 00:00:00"),
        ("0 0 0 29 2 Mon", "2016-02-29 00:00:00", "2044-02-29 00:00:00"),
        ("0 0 0 29 2 *", "2097-01-01 00:00:00", "2104-02-29 00:00:00"),
        ("59 59 23 31 12 *", "2015-12-31 23:59:58", "2015-12-31 23:59:59"),
        ("59 59 23 31 12 *", "2015-12-31 23:59:59", "2016-12-31 23:59:59"),
        ("*/5 * * * *", "2015-01-01 23:57:00", "2015-01-02 00:00:00"),
        ("0 12 * * 7", "2015-01-01 00:00:00", "2015-01-04 12:00:00"),
        ("0 0 1 */2 1", "2015-01-02 00:00:00", "2015-01-05 00:00:00"),
        ("0 0 13 * 5", "2015-01-01 00:00:00", "2015-01-02 00:00:00"),
        ("0 0 */13 * 5", "2015-01-02 00:00:00", "2015-02-27 00:00:00"),
    ])
    func next_isTheFirstMatchAfterTheBase(_ text: String, _ base: String, _ expected: String) throws {
        #expect(try CronExpression(text).next(after: wall(base)) == wall(expected))
    }

    @Test(arguments: [
        ("0 0 0 31 2 *", "would never be due"), ("0 0 31 4,6,9,11 *", "would never be due"), ("0 0 0 30 Feb *", "would never be due"),
        ("60 * * * * *", "\"60\": the second is from 0 to 59"), ("0 0 24 * * *", "the hour is from 0 to 23"),
        ("0 0 0 0 * *", "the day is from 1 to 31"), ("0 0 0 * 13 *", "the month is from 1 to 12"),
        ("0 0 0 * * 7", "Sunday is 0"), ("0 0 0 * * 8", "the weekday is from 0 to 6"), ("0 0 * * 8", "from 0 to 7"),
        ("*/0 * * * * *", "a step is a number from 1"), ("*/x * * * * *", "a step"), ("*/-1 * * * * *", "a step"), ("1- * * * * *", "\"\""),
        ("? * * * * *", "expected *"), ("0 0 0 L * *", "expected *"), ("0 0 0 1W * *", "expected *"), ("0 0 0 * * 1#2", "expected *"),
        ("1,,2 * * * * *", "\"\""), ("+1 * * * * *", "\"+1\""), ("١ * * * * *", "expected *"),
        ("* * * *", "has 4 fields"), ("* * * * * * *", "has 7 fields"), ("", "has 0 fields"), ("0 0 0 * M *", "ok"),
    ])
    func text_thatIsNoExpression_isRefusedWithThePlace(_ text: String, _ words: String) {
        if words == "ok" {
            #expect(throws: Never.self) { try CronExpression(text) }
            return
        }
        let error = #expect(throws: ScheduleError.self) { try CronExpression(text) }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }

    /// A slow way to the same: second by second.
    @Test func next_isWhatASecondBySecondSearchFinds() throws {
        let expression = try CronExpression("*/7 3,59 0-23/5 1-3,29 * 1-5")
        var found: [WallTime] = []
        var at = wall("2024-02-27 00:00:00")
        let end = wall("2024-03-05 00:00:00")
        while let next = expression.next(after: at), next < end {
            found.append(next)
            at = next
        }
        var expected: [WallTime] = []
        for seconds in wall("2024-02-27 00:00:01").seconds..<end.seconds {
            let (second, minute, hour) = (seconds % 60, seconds / 60 % 60, seconds / 3600 % 24)
            let day = seconds / 86_400
            // 2024-02-27 was a Tuesday, day 19780 of the epoch; 2024 is a leap year.
            let dayOfMonth = day - 19_780 + 27 <= 29 ? day - 19_780 + 27 : day - 19_780 + 27 - 29
            let weekday = (day - 19_780 + 2) % 7
            if second % 7 == 0, [3, 59].contains(minute), hour % 5 == 0, [1, 2, 3, 29].contains(dayOfMonth), (1...5).contains(weekday) {
                expected.append(WallTime(seconds: seconds))
            }
        }
        #expect(found == expected && !found.isEmpty)
    }
}
