import Documents
import TestSupport
import Testing

@Suite struct InstantTests {
    /// Seconds from `date -u -d TEXT +%s` (GNU coreutils).
    @Test(
        arguments: [
            ("1970-01-01T00:00:00.000Z", 0), ("1969-12-31T23:59:59.000Z", -1),
            ("2000-02-29T12:00:00.000Z", 951_825_600),
            ("2026-11-23T18:25:02.000Z", 1_795_458_302), ("1900-03-01T00:00:00.000Z", -2_203_891_200),
            ("2038-01-19T03:14:08.000Z", 2_147_483_648),
            ("2100-02-28T23:59:59.000Z", 4_107_542_399), ("2100-03-01T00:00:00.000Z", 4_107_542_400),
            ("1678-01-01T00:00:00.000Z", -9_214_560_000),
            ("2262-01-01T00:00:00.000Z", 9_214_646_400), ("2024-12-31T23:59:59.000Z", 1_735_689_599),
        ] as [(String, Int64)])
    func knownInstant_isWrittenAndRead(_ text: String, _ seconds: Int64) {
        #expect(Instant(seconds: seconds).rfc3339 == text)
        #expect(Instant(rfc3339: text) == Instant(seconds: seconds))
        #expect(Instant(seconds: seconds).day == String(text.prefix(10)))
    }

    @Test(
        arguments: [
            ("2026-11-23 20:25:02+02:00", 1_795_458_302, 0), ("2026-11-23t18:25:02z", 1_795_458_302, 0),
            ("2026-11-23T12:55:02-05:30", 1_795_458_302, 0), ("2026-11-23T18:25:02.5Z", 1_795_458_302, 500_000_000),
            ("2026-11-23T18:25:02.123456789Z", 1_795_458_302, 123_456_789),
            ("2026-11-23T18:25:02.1234567899Z", 1_795_458_302, 123_456_789),
            ("2016-12-31T23:59:60Z", 1_483_228_800, 0), ("1970-01-01T00:00:00-00:00", 0, 0),
            ("1969-12-31T23:59:59.250Z", -1, 250_000_000),
        ] as [(String, Int64, Int64)])
    func formsOfRFC3339_areRead(_ text: String, _ seconds: Int64, _ nanoseconds: Int64) {
        #expect(Instant(rfc3339: text) == Instant(seconds: seconds, nanoseconds: nanoseconds))
    }

    @Test(arguments: [
        "", "2026", "2026-11-23", "2026-11-23T18:25", "2026-11-23T18:25:02", "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z", "2026-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z", "2026-11-31T00:00:00Z", "2026-11-00T00:00:00Z", "2026-11-23T24:00:00Z",
        "2026-11-23T18:60:02Z", "2026-11-23T18:25:61Z",
        "2026-11-23T18:25:02.Z", "2026-11-23T18:25:02,5Z", "2026-11-23T18:25:02+0200", "2026-11-23T18:25:02+24:00",
        "2026-11-23T18:25:02+02:60",
        "2026-11-23T18:25:02Zx", " 2026-11-23T18:25:02Z", "26-11-23T18:25:02Z", "2026-1-23T18:25:02Z",
        "2026-11-23_18:25:02Z", "２026-11-23T18:25:02Z",
        "-026-11-23T18:25:02Z", "2026-11-23T18:25:02.5", "2026-11-23T18:25:02+",
    ])
    func anythingElse_isNone(_ text: String) {
        #expect(Instant(rfc3339: text) == nil)
    }

    @Test func milliseconds_areCutNotRounded() {
        #expect(Instant(seconds: 0, nanoseconds: 999_999_999).rfc3339 == "1970-01-01T00:00:00.999Z")
        #expect(Instant(nanoseconds: -1).rfc3339 == "1969-12-31T23:59:59.999Z")
    }

    /// Showing the earliest instant trapped: its day begins before what 64 bits hold.
    @Test func extremes_areShownAndClamped() {
        #expect(Instant(nanoseconds: .min).rfc3339 == "1677-09-21T00:12:43.145Z")
        #expect(Instant(nanoseconds: .max).rfc3339 == "2262-04-11T23:47:16.854Z")
        #expect(Instant(seconds: .max) == Instant(nanoseconds: .max))
        #expect(Instant(seconds: .min) == Instant(nanoseconds: .min))
        #expect(Instant(rfc3339: "0000-01-01T00:00:00Z") == Instant(nanoseconds: .min))
        #expect(Instant(rfc3339: "9999-12-31T23:59:59Z") == Instant(nanoseconds: .max))
        #expect(Instant(nanoseconds: .max) + .seconds(1) == Instant(nanoseconds: .max))
        #expect(Instant(nanoseconds: .min) + .seconds(-1) == Instant(nanoseconds: .min))
        #expect((Instant(nanoseconds: .max) - Instant(nanoseconds: .min)).nanoseconds == .max)
        #expect(Duration.seconds(Int64.max).nanoseconds == .max)
        #expect(Duration.seconds(Int64.min).nanoseconds == .min)
    }

    @Test func arithmetic_countsNanoseconds() {
        let start = Instant(seconds: 10)
        #expect(start + .milliseconds(1500) == Instant(seconds: 11, nanoseconds: 500_000_000))
        #expect(start + .seconds(2) - start == .seconds(2))
        #expect(Instant(seconds: 1) < Instant(seconds: 2))
        #expect(Duration.milliseconds(1500).seconds == 1.5)
    }

    @Test(arguments: UInt64(1)...10) func randomInstant_survivesARoundTripToTheMillisecond(_ seed: UInt64) {
        var dice = Dice(seed: seed)
        for _ in 0..<1000 {
            let milliseconds = Int64.random(in: -9_223_372_036_854...9_223_372_036_854, using: &dice)
            let instant = Instant(seconds: milliseconds / 1000, nanoseconds: milliseconds % 1000 * 1_000_000)
            #expect(Instant(rfc3339: instant.rfc3339) == instant, "seed \(seed): \(milliseconds)")
        }
    }
}
