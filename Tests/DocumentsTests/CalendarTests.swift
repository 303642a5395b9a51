import Documents
import Testing

@Suite struct CalendarTests {
    /// Counts day by day with the rule as people say it, from 1600 to 2400: 292 194 days.
    @Test func everyDay_agreesWithASlowReader() {
        var (year, month, dayOfMonth): (Int64, Int64, Int64) = (1600, 1, 1)
        var wrong = 0
        for day in Int64(-135_140)..<157_054 {
            let date = Calendar.date(day: day)
            if date != (year, month, dayOfMonth) || Calendar.day(year: year, month: month, day: dayOfMonth) != day {
                wrong += 1
            }
            dayOfMonth += 1
            if dayOfMonth > length(of: month, in: year) {
                (month, dayOfMonth) = (month + 1, 1)
                if month > 12 { (year, month) = (year + 1, 1) }
            }
        }
        #expect(wrong == 0)
        #expect((year, month, dayOfMonth) == (2400, 1, 1))
    }

    @Test func datesThatDoNotExist_haveNoDay() {
        for year in Int64(1890)...2110 {
            for month in Int64(0)...13 {
                for day in Int64(0)...32 {
                    let exists = (1...12).contains(month) && day >= 1 && day <= length(of: month, in: year)
                    #expect(
                        (Calendar.day(year: year, month: month, day: day) != nil) == exists, "\(year)-\(month)-\(day)")
                }
            }
        }
    }

    private func length(of month: Int64, in year: Int64) -> Int64 {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        default: 31
        }
    }
}
