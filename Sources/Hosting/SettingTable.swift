import Documents

/// Every key of `settings.job` that works in this version (contract §4). Those of later versions are in
/// `SettingTable+Later.swift`.
package enum SettingTable {
    private static let year = Duration.seconds(365 * 86_400)
    private static let month = Duration.seconds(30 * 86_400)
    private static let shortest = Duration.milliseconds(1)

    /// All keys, in the order in which they are explained.
    package static let keys = available + later

    static let available = ofJobs + (ofItems + ofTime).map { $0.only(.triggered) }

    private static let ofJobs: [SettingKey] = [
        .flag(
            "is_in_place", \.isInPlace, otherNames: ["in_place"],
            "Run in the job's folder itself instead of a snapshot of it: an edit reaches runs that are under way."),
        .flag("disabled", \.isDisabled, "Hold the job: it starts nothing, and its queue fills."),
        .flag(
            "is_singleton", \.isSingleton, aliases: ["est_Singleton"], otherNames: ["singleton"],
            "One run at a time across all instances that share the root, whatever max_concurrency says."),
        SettingKey(
            "command", .list(.text(.argument), count: 1...4096, isUnique: false),
            "Program and arguments, instead of the script that Bobbin finds. A program with \"/\" in its name is relative to the job's folder, any other is looked up in PATH. Never a shell string.",
            otherNames: ["cmd", "exec", "args", "script", "run"],
            refusal: { value in
                if let text = value.string {
                    return
                        "expected a list of program and arguments, never a shell string, found \(SettingType.found(.string(text))); for a shell write [\"sh\", \"-c\", …]"
                }
                return value.array?.first?.string == "" ? "the program (the first of the list) is empty" : nil
            },
            show: { $0.command.map { .array($0.map(JSON.string)) } ?? .null },
            assign: { value, settings in settings.command = value.array?.compactMap(\.string) }),
        SettingKey(
            "environment", .map(keys: .variableName, values: .text(.template)),
            "Variables added to the script's environment. ${NAME} takes a value from the orchestrator's own environment when a run starts.",
            otherNames: ["env", "variables"],
            show: { .object($0.environment.map { JSON.Member($0.name, .string($0.text)) }) },
            assign: { value, settings in
                settings.environment = (value.members ?? []).map { EnvironmentVariable($0.key, $0.value.string ?? "") }
            }),
        SettingKey(
            "umask", .either([.text(.octal), .whole(0...777)]),
            "Permission bits that files made by the script do not get, in octal digits: \"027\". The digits of a number are octal too: 27 is \"027\".",
            refusal: { value in
                guard let number = value.integer, !TextForm.octal.accepts(String(number)) else { return nil }
                return "expected octal digits from 0 to 777 such as \"027\", found \(number)"
            },
            show: { JSON($0.umask.map { Self.octal($0) }) },
            assign: { value, settings in
                settings.umask = UInt32(value.string ?? value.integer.map(String.init) ?? "", radix: 8)
            }),
        account(
            "user", \.user, otherNames: ["run_as", "uid", "username"],
            "User to run the script as, by name or number; needs bobbin to run as root. HOME, USER and LOGNAME are that user's, and so are its groups."
        ),
        account(
            "group", \.group, otherNames: ["gid", "groupname"],
            "Group to run the script as, by name or number, instead of the user's own; needs bobbin to run as root."),
        limits,
        .whole(
            "nice", -20...19, \.nice,
            "Added to the orchestrator's own niceness: 19 runs only when nothing else wants to. Below 0 needs the right to do so."
        ),
        .duration(
            "stopping_wait_time", .zero ... .seconds(86_400), \.stoppingWaitTime, aliases: ["arrêt_attendre_temps"],
            otherNames: ["shutdownGraceTimeLimit", "grace", "stop_timeout", "stopping_timeout"],
            defaultWords: "5s for continuous jobs, 30s for triggered jobs",
            "How long a run may go on after Bobbin was asked to stop. Then it gets SIGTERM, and its item waits again without a used attempt."
        ),
        restartDelay,
    ]

    /// What becomes of items.
    private static let ofItems: [SettingKey] = [
        .word("accept", \.accept, "What is an item: regular files, folders that are moved in whole, or both."),
        .texts(
            "patterns", .glob, \.patterns, otherNames: ["include", "glob", "filter"],
            "Globs on the file name; a file is taken when one of them matches. None: every name."),
        .texts(
            "ignore", .ignoreGlob, \.ignore, otherNames: ["exclude", "ignored"],
            "Globs on the file name, added to the built-in list of temporary names. \"!*.new\" takes such names although the built-in list, or an entry before it, holds them. The last entry that matches decides."
        ),
        .duration(
            "settle_time", .zero ... .seconds(3600), \.settleTime,
            otherNames: ["stable_time", "quiet_time", "debounce"],
            "How long a file must have been left alone when nothing better proves that it is complete."),
        .texts(
            "inbox", .absolutePath, \.inbox, otherNames: ["inboxes", "folders"],
            "Further folders to take files from, on the same file system as the spool."),
        .whole(
            "max_concurrency", 1...1024, \.maxConcurrency,
            otherNames: ["concurrency", "workers", "parallel", "threads", "max_parallel"],
            defaultWords: "the number of processors",
            refusal: {
                $0.members == nil
                    ? nil
                    : "{\"min\", \"max\"} is not available yet in this version; give a whole number from 1 to 1024"
            },
            "Runs at a time in this instance."),
        .whole(
            "weight", 1...100, \.weight, otherNames: ["share", "cpu_weight"],
            "Where all jobs together may run only so many items at a time (bobbin run --max-runs): how many this job gets for each one of a job of weight 1, while both have some waiting."
        ),
        .whole(
            "max_attempts", 1...1000, \.maxAttempts, otherNames: ["retries", "max_retries", "attempts", "max_tries"],
            "Failed attempts after which an item goes to failed/."),
        retryDelay,
        .optionalDuration(
            "timeout", shortest...year, \.timeout, otherNames: ["max_time", "time_limit", "max_runtime"],
            "A run that takes longer is stopped and counts as failed."),
        .optionalDuration(
            "idle_timeout", shortest...year, \.idleTimeout, otherNames: ["stall_timeout", "no_output_timeout"],
            "A run that shows neither output nor progress for so long is stopped and counts as failed."),
        .exitCodes(
            "success_exit_codes", \.exitCodes.success,
            "Exit codes that mean done, besides 0: numbers and ranges such as \"10-19\"."),
        .exitCodes(
            "retry_exit_codes", \.exitCodes.retry,
            "Exit codes that mean failed for now, try again later, besides 75 and 111."),
        .exitCodes(
            "fail_exit_codes", \.exitCodes.fail,
            "Exit codes that mean the input is bad, to failed/ at once, besides 65, 66 and 100."),
        .word("on_success", \.onSuccess, "What becomes of the payload of a successful run: kept in done/, or deleted."),
        retention,
    ]

    private static func account(
        _ name: String, _ path: SettingKey.Path<String?>, otherNames: [String], _ meaning: String
    ) -> SettingKey {
        SettingKey(
            name, .either([.text(.account), .whole(0...4_294_967_294)]), meaning, otherNames: otherNames,
            show: { JSON($0[keyPath: path]) },
            assign: { value, settings in settings[keyPath: path] = value.string ?? value.integer.map(String.init) })
    }

    private static let limits: SettingKey = {
        let size = SettingType.either([.whole(ResourceLimits.sizes), .text(.size)])
        let count = SettingType.whole(1...1_000_000_000)
        return SettingKey(
            "limits",
            .object([
                SettingField("memory", size, "Bytes of data that each process may have (RLIMIT_DATA): a number, or \"512M\", \"2G\"."),
                SettingField("cpu", .duration(.seconds(1)...year), "Processor time of each process, in whole seconds; then SIGXCPU."),
                SettingField("open_files", count, "Descriptors that each process may have open."),
                SettingField("file_size", size, "Bytes of the largest file that may be written; beyond, SIGXFSZ."),
                SettingField("processes", count, "Processes of the user at a time, all its runs together; needs a user other than root."),
            ]),
            "Limits of each process of a run (setrlimit(2)).", otherNames: ["ulimit", "memory_limit", "rlimits"],
            show: { $0.limits.json }, assign: { value, settings in settings.limits = ResourceLimits(value) })
    }()

    private static let retryDelay = SettingKey(
        "retry_delay", delays,
        "Wait after a failed attempt: one duration, a list (one per failure, the last repeats), or growing between initial and max.",
        otherNames: ["backoff", "retry_interval", "retry_wait", "delay"], show: { $0.retryDelay.json },
        assign: { value, settings in settings.retryDelay = RetryDelay(value, standard: .standard) })

    private static let restartDelay = SettingKey(
        "restart_delay", delays,
        "Wait before a continuous job that has ended is started again: one duration, a list (one per short life, the last repeats), or growing between initial and max. A life of a minute begins it anew.",
        otherNames: ["restart_interval", "restart_sec", "RestartSec"], show: { $0.restartDelay.json },
        assign: { value, settings in settings.restartDelay = RetryDelay(value, standard: .ofRestarts) }
    ).only(.continuous)

    private static let delays: SettingType = {
        let one = SettingType.duration(.zero...month)
        return .either([
            one, .list(one, count: 1...100, isUnique: false),
            .object([
                SettingField("initial", one, "The first wait."),
                SettingField("factor", .number(1...100), "Each further wait is so many times the one before."),
                SettingField("max", one, "No wait is longer."),
                SettingField("jitter", .number(0...1), "Random part of each wait: 0.1 is up to 10 % more or less."),
            ]),
        ])
    }()

    private static let retention: SettingKey = {
        let count = SettingType.whole(0...1_000_000_000)
        let age = SettingType.either([.duration(.zero ... .seconds(3_155_760_000)), .word(["forever"])])
        let rule = SettingType.either([
            .duration(.zero ... .seconds(3_155_760_000)), .word(["forever"]),
            .object([
                SettingField("age", age, "Removed when older."),
                SettingField("count", count, "The newest so many are kept."),
            ]),
        ])
        return SettingKey(
            "retention",
            .object([
                SettingField("done", rule, "Items in done/."), SettingField("failed", rule, "Items in failed/."),
                SettingField("history", rule, "Rows of the history."),
                SettingField(
                    "count", count,
                    "The newest so many of done and of history are kept, where they give no count of their own."),
            ]),
            "How long finished items and the history are kept: an age, \"forever\", or {\"age\", \"count\"}.",
            otherNames: ["keep", "cleanup", "expire"], show: { $0.retention.json },
            assign: { value, settings in settings.retention = Retention(value) })
    }()

    static func octal(_ mask: UInt32) -> String {
        let digits = String(mask, radix: 8)
        return String(repeating: "0", count: max(0, 3 - digits.count)) + digits
    }

    /// The key of a name or of an alias.
    static func key(named name: String) -> SettingKey? {
        keys.first { $0.name == name || $0.aliases.contains(name) }
    }

    /// What to say of a key that is none: the nearest one, also by what other systems call it.
    static func unknown(_ name: String) -> String {
        let plain = name.lowercased().filter { $0 != "_" && $0 != "-" }
        if let key = keys.first(where: { key in
            key.otherNames.contains { $0.lowercased().filter { $0 != "_" } == plain }
        }) {
            return "unknown; did you mean \"\(key.name)\"?"
        }
        return SettingType.unknown(name, known: keys.flatMap { [$0.name] + $0.aliases })
    }
}
