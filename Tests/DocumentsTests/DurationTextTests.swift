import Documents
import TestSupport
import Testing

@Suite struct DurationTextTests {
    @Test(
        arguments: [
            ("90s", .seconds(90)), ("5m", .seconds(300)), ("2h", .seconds(7200)), ("7d", .seconds(604_800)),
            ("1w", .seconds(604_800)),
            ("250ms", .milliseconds(250)), ("1h30m", .seconds(5400)), ("1.5h", .seconds(5400)), ("0s", .zero),
            ("0.1s", .milliseconds(100)),
            ("1d2h3m4s5ms", .milliseconds(93_784_005)), ("36524d", .seconds(36_524 * 86_400)),
        ] as [(String, Duration)])
    func goodText_isRead(_ text: String, _ expected: Duration) {
        #expect(DurationText.parse(text) == expected)
    }

    @Test(arguments: [
        "", " ", "5", "s", "m5", "-5s", "+5s", "5 s", " 5s", "5s ", "5x", "5S", "5sec", "1h30", "1..5s", ".s", "1e3s",
        "∞", "five", "５s", "36526d",
        String(repeating: "9", count: 400) + "s",
    ])
    func anythingElse_isNone(_ text: String) {
        #expect(DurationText.parse(text) == nil)
    }

    @Test func seconds_areBounded() {
        #expect(DurationText.duration(seconds: 0.1) == .milliseconds(100))
        #expect(DurationText.duration(seconds: 3_155_760_000) != nil)
        for seconds in [-0.001, 3_155_760_001, .infinity, -.infinity, .nan] {
            #expect(DurationText.duration(seconds: seconds) == nil)
        }
    }

    @Test(
        arguments: [
            (.zero, "0s"), (.seconds(-1), "0s"), (.microseconds(10), "0s"), (.milliseconds(250), "250ms"),
            (.seconds(90), "1m30s"),
            (.seconds(5400), "1h30m"), (.seconds(86_400 * 7), "7d"), (.milliseconds(86_400_001), "1d1ms"),
        ] as [(Duration, String)])
    func duration_isWrittenShort(_ duration: Duration, _ text: String) {
        #expect(DurationText.text(duration) == text)
    }

    @Test(arguments: UInt64(1)...5) func randomDuration_survivesARoundTrip(_ seed: UInt64) {
        var dice = Dice(seed: seed)
        for _ in 0..<1000 {
            let duration = Duration.milliseconds(Int64.random(in: 0...(90 * 86_400_000), using: &dice))
            #expect(DurationText.parse(DurationText.text(duration)) == duration, "seed \(seed): \(duration)")
        }
    }
}
