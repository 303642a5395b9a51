import Documents
import Hosting
import TestSupport
import Testing

@Suite struct SettingsTests {
    static func read(_ text: String, kind: JobKind = .triggered) -> Result<JobSettings, SettingsProblems> {
        JobSettings.read(Array(text.utf8), file: "settings.job", kind: kind)
    }

    private func problems(_ text: String, kind: JobKind = .triggered) -> [SettingsProblem] {
        guard case .failure(let problems) = Self.read(text, kind: kind) else { return [] }
        return problems.all
    }

    /// The kind of job that has a key.
    private func kind(of key: String) -> JobKind { SettingTable.keys.first { $0.name == key }?.kind ?? .triggered }

    @Test(arguments: SettingCases.good.indices)
    func goodValue_isTaken(_ index: Int) throws {
        let (key, value, shown) = SettingCases.good[index]
        let name = SettingTable.keys.first { $0.aliases.contains(key) }?.name ?? key
        let settings = try Self.read("{\"\(key)\": \(value)}", kind: kind(of: key)).get()
        #expect(settings.json[name]?.compact == shown, "\(key): \(value)")
    }

    @Test(arguments: SettingCases.bad.indices)
    func badValue_isRefusedAtItsLineWithWhatWasExpected(_ index: Int) throws {
        let (key, value, place, message) = SettingCases.bad[index]
        let found = problems("{\n\n\"\(key)\": \(value)}", kind: kind(of: key))
        #expect(found.count == 1, "\(key): \(value): \(found)")
        let problem = try #require(found.first)
        #expect(problem.key == place && problem.line == 3 && problem.message.contains(message), "\(problem)")
    }

    @Test(arguments: SettingCases.later.indices)
    func keyOfALaterVersion_isRefusedUnlessItAsksForWhatHappensToday(_ index: Int) throws {
        let (key, accepted, refused) = SettingCases.later[index]
        #expect(throws: Never.self) { try Self.read("{\"\(key)\": \(accepted)}").get() }
        let problem = try #require(problems("{\n\"\(key)\": \(refused)}").first)
        #expect(
            problem.line == 2 && problem.key == key && problem.message.hasPrefix("not available yet in this version"),
            "\(problem)")
    }

    /// Each key that only one kind of jobs has, in a job of the other kind.
    @Test func keyOfTheOtherKind_isRefusedAtItsLine() throws {
        let keys = SettingTable.keys.filter { $0.kind != nil }
        #expect(keys.contains { $0.name == "max_attempts" } && keys.contains { $0.name == "restart_delay" })
        for key in keys {
            let other = try #require(JobKind.allCases.first { $0 != key.kind })
            let value = SettingCases.good.first { $0.key == key.name }?.value ?? "null"
            let problem = try #require(problems("{\n\"\(key.name)\": \(value)}", kind: other).first, "\(key.name)")
            #expect(problem.line == 2 && problem.key == key.name && problem.message.contains("and this job is \(other)"), "\(problem)")
        }
        #expect(JobSettings(kind: .continuous).json["max_attempts"] == nil)
        #expect(JobSettings(kind: .continuous).json["restart_delay"]?.compact == #"{"initial":"1s","factor":2.0,"max":"1m","jitter":0.0}"#)
    }

    @Test func everyKey_hasCases() {
        let tested = Set(SettingCases.good.map(\.key)).intersection(SettingCases.bad.map(\.key)).union(
            SettingCases.later.map(\.key))
        #expect(Set(SettingTable.keys.flatMap { [$0.name] + $0.aliases }).subtracting(tested) == [])
    }

    /// The table of contract §4, its keys in its order.
    @Test func everyKeyOfTheContract_isKnown() {
        let contract = """
            is_singleton stopping_wait_time is_in_place schedule disabled command environment user group umask nice limits inbox patterns ignore
            accept settle_time max_concurrency max_attempts retry_delay timeout idle_timeout mode lanes session session_on_failure deduplicate rate
            success_exit_codes retry_exit_codes fail_exit_codes on_success retention results forward_to reply_to callback catch_up overlap time_zone
            jitter restart_delay est_Singleton arrêt_attendre_temps batch_size watch
            """
        let known = Set(SettingTable.keys.flatMap { [$0.name] + $0.aliases })
        #expect(Set(contract.split { $0 == " " || $0 == "\n" }.map(String.init)).subtracting(known) == [])
    }

    @Test(arguments: [
        "", " \r\n\t", "\u{FEFF}", "// nothing\n", "/* nothing */", "// no line end", "null", "{}",
        "\u{FEFF}{\r\n}\r\n", "{ // c\n /* d */ }",
    ])
    func emptyFile_isTheDefaults(_ text: String) throws {
        #expect(try Self.read(text).get() == JobSettings(kind: .triggered))
    }

    @Test func defaults_areThoseOfTheContract() {
        let settings = JobSettings(kind: .triggered)
        #expect(settings.stoppingWaitTime == .seconds(30))
        #expect(JobSettings(kind: .continuous).stoppingWaitTime == .seconds(5))
        #expect(
            !settings.isDisabled && settings.command == nil && settings.environment.isEmpty && settings.umask == nil
                && settings.nice == 0)
        #expect(settings.accept == .files && settings.accept.takesFiles && !settings.accept.takesFolders)
        #expect(settings.patterns.isEmpty && settings.ignore.isEmpty && settings.inbox.isEmpty)
        #expect(
            settings.settleTime == .milliseconds(100) && settings.maxAttempts == 5
                && settings.maxConcurrency == JobSettings.processors)
        #expect(settings.retryDelay == .growing(initial: .seconds(15), factor: 2, maximum: .seconds(3600), jitter: 0.1))
        #expect(
            settings.timeout == nil && settings.idleTimeout == nil && settings.exitCodes == ExitCodes()
                && settings.onSuccess == .keep)
        #expect(
            settings.retention.done == .init(age: .seconds(604_800)) && settings.retention.failed == .forever
                && settings.retention.history == .init(age: .seconds(2_592_000)))
    }

    @Test func commentsTrailingCommasCRLFAndMark_areRead() throws {
        let text =
            "\u{FEFF}{\r\n  // five is too many\r\n  \"max_attempts\": 3, /* here */\r\n  \"patterns\": [\"*.csv\",],\r\n}\r\n"
        let settings = try Self.read(text).get()
        #expect(settings.maxAttempts == 3 && settings.patterns == ["*.csv"])
        #expect(problems(text.replacing("3", with: "0")).first?.line == 3)
    }

    @Test func schemaAddress_isAcceptedForEditors() throws {
        #expect(try Self.read(#"{"$schema": "../settings.schema.json"}"#).get() == JobSettings(kind: .triggered))
        #expect(problems(#"{"$schema": 1}"#).count == 1)
    }

    @Test(
        arguments: [
            ("maxattempts", "max_attempts"), ("max_atempts", "max_attempts"), ("MAX_ATTEMPTS", "max_attempts"),
            ("maxAttempts", "max_attempts"), ("max-attempts", "max_attempts"),
            ("timeuot", "timeout"), ("Disabled", "disabled"), ("enviroment", "environment"), ("pattern", "patterns"),
            ("comand", "command"), ("stoping_wait_time", "stopping_wait_time"),
            ("is_singelton", "is_singleton"), ("shedule", "schedule"), ("retries", "max_attempts"),
            ("concurrency", "max_concurrency"), ("env", "environment"), ("cron", "schedule"),
            ("shutdownGraceTimeLimit", "stopping_wait_time"), ("exclude", "ignore"), ("backoff", "retry_delay"),
            ("sucess_exit_codes", "success_exit_codes"),
        ] as [(String, String)])
    func unknownKey_suggestsTheNearest(_ typed: String, _ meant: String) throws {
        #expect(problems("{\"\(typed)\": 1}").map(\.message) == ["unknown; did you mean \"\(meant)\"?"])
    }

    @Test(arguments: ["xyzzy", "", "q", "ключ", String(repeating: "long", count: 1000)])
    func unknownKeyNearNothing_saysWhereToLook(_ typed: String) {
        #expect(
            problems("{\"\(typed)\": 1}").map(\.message) == ["unknown; remove it, or see all keys with: bobbin schema"])
    }

    @Test func problems_readAsFileLineKey() {
        #expect(
            problems("{\n\"maxattempts\": 3,\n\"max_attempts\": \"five\"\n}").map(\.description) == [
                #"settings.job:2: key "maxattempts": unknown; did you mean "max_attempts"?"#,
                #"settings.job:3: key "max_attempts": expected a whole number from 1 to 1000, found text "five""#,
            ])
        #expect(problems("{\"a\u{202E}\": 1}").first?.description.contains(#"key "a\u{202E}""#) == true)
        #expect(
            problems("{\"max_attempts\": 3").first?.description
                == #"settings.job:1: column 19: expected ',' or '}' after the value of "max_attempts", but the text ended"#
        )
        #expect(
            problems("[]").first?.description
                == #"settings.job:1: expected an object, {"key": value, …}, found an empty list"#)
    }

    /// What no pattern of the schema can tell.
    @Test(arguments: [
        (#"{"schedule": "0 0 0 31 2 *"}"#, "would never be due"), (#"{"schedule": "0 0 25 * * *"}"#, "the hour is from 0 to 23"),
        (#"{"schedule": "* * * *"}"#, "has 4 fields"), (#"{"schedule": "@fortnightly"}"#, "expected @hourly"),
        (#"{"time_zone": "Europe/Atlantis"}"#, "there is no zone"),
        (#"{"schedule": "@daily", "accept": "directories"}"#, "a due time makes a file"),
    ])
    func schedule_thatCannotBe_isRefused(_ text: String, _ words: String) throws {
        #expect(try #require(problems(text).first, "\(text)").message.contains(words))
    }

    @Test func allProblems_areCollectedInTheOrderOfLines() {
        let text = """
            {
              "timeout": "1m", "idle_timeout": "2m",
              "retry_delay": {"initial": "2h"},
              "nice": 99,
              "bogus": 1,
              "success_exit_codes": [3],
              "retry_exit_codes": "1-5",
              "schedule": "0 * * * * 7",
              "environment": {
                "OK": "1",
                "9": "x"
              }
            }
            """
        #expect(problems(text).map(\.line) == [2, 3, 4, 5, 7, 8, 11])
    }

    @Test(
        arguments: [
            (#"{"idle_timeout": 61, "timeout": 60}"#, "would never act"),
            (#"{"retry_delay": {"initial": "2h"}}"#, "longer than \"max\" (1h)"),
            (#"{"retry_delay": {"max": 1}}"#, "longer than \"max\""),
            (#"{"success_exit_codes": 3, "fail_exit_codes": "1-5"}"#, "exit code 3 is in \"success_exit_codes\" too"),
            (#"{"retry_exit_codes": [9], "fail_exit_codes": [9]}"#, "exit code 9 is in \"retry_exit_codes\" too"),
            (#"{"retry_exit_codes": [0]}"#, "0 always means done"),
            (#"{"fail_exit_codes": "0-3"}"#, "0 always means done"),
            (
                #"{"stopping_wait_time": 1, "arrêt_attendre_temps": 1}"#,
                "the same setting is given as \"stopping_wait_time\" in line 1"
            ), (#"{"is_singleton": false, "est_Singleton": false}"#, "the same setting"),
            (#"{"nice": 1, "nice": 2}"#, "given twice"),
        ] as [(String, String)])
    func valuesThatContradictEachOther_areRefused(_ text: String, _ message: String) throws {
        let found = problems(text)
        #expect(found.count == 1 && found[0].message.contains(message), "\(found)")
    }

    @Test func equalTimeouts_areFine() throws {
        #expect(throws: Never.self) { try Self.read(#"{"idle_timeout": 60, "timeout": 60}"#).get() }
    }

    @Test func secretsInEnvironment_areNotRepeatedInMessages() {
        #expect(problems(#"{"environment": {"A": "hunter2${"}}"#).allSatisfy { !$0.description.contains("hunter2") })
    }

    @Test func hugeFile_isRefused() {
        #expect(problems("{" + String(repeating: " ", count: 1 << 20) + "}").first?.message.contains("1 MiB") == true)
    }

    @Test(arguments: UInt64(1)...20) func randomSettings_neverCrashAndAlwaysAnswer(_ seed: UInt64) {
        var dice = Dice(seed: seed)
        let keys = SettingTable.keys.flatMap { [$0.name] + $0.aliases } + ["bogus", "$schema"]
        let values =
            SettingCases.good.map(\.value) + SettingCases.bad.map(\.value) + [
                "1e300", "-9223372036854775808", "[[[]]]", #"{"min":1}"#,
            ]
        for _ in 0..<500 {
            var text = "{"
            for _ in 0..<Int.random(in: 0...6, using: &dice) {
                text += "\"\(keys.randomElement(using: &dice)!)\": \(values.randomElement(using: &dice)!),"
            }
            var bytes = Array((text + "}").utf8)
            for _ in 0..<Int.random(in: 0...2, using: &dice) {
                bytes[Int.random(in: bytes.indices, using: &dice)] = UInt8.random(in: .min ... .max, using: &dice)
            }
            switch JobSettings.read(bytes, file: "f", kind: .triggered) {
            case .success(let settings):
                // What is in force can be written down and read back.
                let again = JobSettings.read(settings.json.prettyBytes, file: "f", kind: .triggered)
                #expect((try? again.get())?.json == settings.json, "seed \(seed): \(again)")
            case .failure(let problems):
                #expect(!problems.all.isEmpty && problems.all.allSatisfy { $0.line >= 1 && !$0.message.isEmpty })
            }
        }
    }
}
