import Documents
import Hosting
import TestSupport
import Testing

/// What the values do, once read.
@Suite struct SettingValueTests {
    private func settings(_ text: String) throws -> JobSettings { try SettingsTests.read(text).get() }

    @Test func environment_takesValuesFromTheOrchestratorsOwn() throws {
        let settings = try settings(
            #"{"environment": {"PATH": "/opt/x:${PATH}", "PLAIN": "$PATH $$ ${PATH}$", "B": "", "RAW": "${RAW}"}}"#)
        let own: [String: [UInt8]] = ["PATH": Array("/bin".utf8), "RAW": [0xFF]]
        let resolved = try settings.resolvedEnvironment { own[$0] }
        #expect(resolved.map(\.name) == ["PATH", "PLAIN", "B", "RAW"])
        #expect(resolved.map(\.value) == [Array("/opt/x:/bin".utf8), Array("$PATH $$ /bin$".utf8), [], [0xFF]])
    }

    @Test func environmentWithAnUnknownReference_isAnErrorThatNamesBoth() throws {
        let settings = try settings(#"{"environment": {"A": "1", "TOKEN": "x${SECRET_TOKEN}"}}"#)
        let error = try #require(throws: EnvironmentVariable.Unresolved.self) {
            try settings.resolvedEnvironment { _ in nil }
        }
        #expect(error.variable == "TOKEN" && error.reference == "SECRET_TOKEN")
        #expect("\(error)".contains("environment.TOKEN") && "\(error)".contains("no SECRET_TOKEN"))
    }

    @Test func umask_isOctalHoweverItIsWritten() throws {
        #expect(try settings(#"{"umask": "027"}"#).umask == 0o27)
        #expect(try settings(#"{"umask": 27}"#).umask == 0o27)
        #expect(try settings(#"{"umask": "7"}"#).umask == 0o7)
    }

    @Test func standardRetryDelay_doublesFrom15SecondsToAnHour() {
        let delays = (1...12).map { RetryDelay.standard.delay(afterFailure: $0, random: 0.5) }
        #expect(delays == [15, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600].map { .seconds($0) })
        #expect(RetryDelay.standard.delay(afterFailure: 1, random: 0) == .milliseconds(13_500))
        #expect(RetryDelay.standard.delay(afterFailure: 1, random: 1) == .milliseconds(16_500))
        #expect(RetryDelay.standard.delay(afterFailure: .max, random: 0.5) == .seconds(3600))
    }

    @Test func retryDelays_areNeverNegativeNorBeyondTheMaximumAndItsJitter() {
        var dice = Dice(seed: 7)
        for _ in 0..<2000 {
            let initial = Duration.milliseconds(Int.random(in: 0...100_000, using: &dice))
            let maximum = initial + .milliseconds(Int.random(in: 0...1_000_000, using: &dice))
            let rule = RetryDelay.growing(
                initial: initial, factor: .random(in: 1...100, using: &dice), maximum: maximum,
                jitter: .random(in: 0...1, using: &dice))
            let delay = rule.delay(
                afterFailure: .random(in: -1...1000, using: &dice), random: .random(in: 0..<1, using: &dice))
            #expect(delay >= .zero && delay <= maximum * 2 + .milliseconds(1), "\(rule)")
        }
    }

    @Test func listOfRetryDelays_repeatsItsLast() throws {
        let rule = try settings(#"{"retry_delay": [1, "1m"]}"#).retryDelay
        #expect(
            (1...4).map { rule.delay(afterFailure: $0, random: 0.9) } == [
                .seconds(1), .seconds(60), .seconds(60), .seconds(60),
            ])
        #expect(try settings(#"{"retry_delay": 5}"#).retryDelay.delay(afterFailure: 9, random: 0) == .seconds(5))
    }

    @Test func exitCodes_haveTheMeaningGiven() throws {
        let codes = try settings(
            #"{"success_exit_codes": "1,10-19", "retry_exit_codes": [2], "fail_exit_codes": ["200-255", 3]}"#
        ).exitCodes
        #expect([1, 10, 19].allSatisfy { codes.meaning(of: $0) == .success })
        #expect(codes.meaning(of: 2) == .retry)
        #expect([3, 200, 255].allSatisfy { codes.meaning(of: $0) == .fail })
        #expect([0, 4, 9, 20, 75, 199].allSatisfy { codes.meaning(of: $0) == nil })
    }
}
