/// Values of every key, good and bad, one by one. `SettingsTests` reads them, `SchemaTests` holds the published schema
/// against the same.
enum SettingCases {
    /// Key, value as written, and the value in force as `JobSettings.json` shows it.
    static let good: [(key: String, value: String, shown: String)] = [
        ("disabled", "true", "true"), ("disabled", "false", "false"),
        ("command", #"["ls"]"#, #"["ls"]"#), ("command", #"["./tool", "", "-x", "a b"]"#, #"["./tool","","-x","a b"]"#), ("command", "null", "null"),
        ("environment", "{}", "{}"), ("environment", #"{"B": "1", "A_2": "${HOME}/x$$ $5", "_": "${A}${B}"}"#, #"{"B":"1","A_2":"${HOME}/x$$ $5","_":"${A}${B}"}"#),
        ("umask", #""027""#, #""027""#), ("umask", #""0""#, #""000""#), ("umask", "27", #""027""#), ("umask", "777", #""777""#), ("umask", "0", #""000""#), ("umask", "null", "null"),
        ("nice", "-20", "-20"), ("nice", "0", "0"), ("nice", "19", "19"),
        ("stopping_wait_time", "60", #""1m""#), ("stopping_wait_time", "0", #""0s""#), ("stopping_wait_time", "2.5", #""2s500ms""#), ("stopping_wait_time", #""24h""#, #""1d""#),
        ("arrêt_attendre_temps", "60", #""1m""#),
        ("accept", #""files""#, #""files""#), ("accept", #""directories""#, #""directories""#), ("accept", #""both""#, #""both""#),
        ("patterns", "[]", "[]"), ("patterns", #"["*.csv", "[a-z]?.txt", "\\[x", "[]x]", "ä*"]"#, #"["*.csv","[a-z]?.txt","\\[x","[]x]","ä*"]"#),
        ("ignore", "[]", "[]"), ("ignore", #"["*.log", "!*.new"]"#, #"["*.log","!*.new"]"#),
        ("settle_time", "0", #""0s""#), ("settle_time", "0.1", #""100ms""#), ("settle_time", #""1h""#, #""1h""#),
        ("inbox", "[]", "[]"), ("inbox", #"["/srv/in", "/"]"#, #"["/srv/in","/"]"#),
        ("max_concurrency", "1", "1"), ("max_concurrency", "1024", "1024"),
        ("max_attempts", "1", "1"), ("max_attempts", "1000", "1000"),
        ("retry_delay", "5", #"["5s"]"#), ("retry_delay", #""1m""#, #"["1m"]"#), ("retry_delay", #"[1, "1m", "30d"]"#, #"["1s","1m","30d"]"#),
        ("retry_delay", "{}", #"{"initial":"15s","factor":2.0,"max":"1h","jitter":0.1}"#),
        ("retry_delay", #"{"initial": 1, "factor": 1.5, "max": "10s", "jitter": 0}"#, #"{"initial":"1s","factor":1.5,"max":"10s","jitter":0.0}"#),
        ("retry_delay", #"{"initial": "1h"}"#, #"{"initial":"1h","factor":2.0,"max":"1h","jitter":0.1}"#),
        ("timeout", "null", "null"), ("timeout", "0.001", #""1ms""#), ("timeout", #""365d""#, #""365d""#), ("timeout", #""2h""#, #""2h""#),
        ("idle_timeout", "null", "null"), ("idle_timeout", #""5m""#, #""5m""#), ("idle_timeout", "0.001", #""1ms""#), ("idle_timeout", #""365d""#, #""365d""#),
        ("success_exit_codes", "3", "[3]"), ("success_exit_codes", "[0, 255]", "[0,255]"), ("success_exit_codes", #"[1, "10-19", "20,21"]"#, #"[1,"10-19",20,21]"#),
        ("success_exit_codes", #""1, 30 - 39""#, #"[1,"30-39"]"#), ("retry_exit_codes", #"["10-19"]"#, #"["10-19"]"#), ("retry_exit_codes", "[]", "[]"), ("fail_exit_codes", #""2-255""#, #"["2-255"]"#), ("fail_exit_codes", "1", "[1]"),
        ("on_success", #""keep""#, #""keep""#), ("on_success", #""delete""#, #""delete""#),
        ("retention", "{}", #"{"done":"7d","failed":"forever","history":"30d"}"#),
        ("retention", #"{"done": "1d", "failed": {"age": "90d", "count": 10}, "history": "forever"}"#, #"{"done":"1d","failed":{"age":"90d","count":10},"history":"forever"}"#),
        ("retention", #"{"count": 5}"#, #"{"done":{"age":"7d","count":5},"failed":"forever","history":{"age":"30d","count":5}}"#),
        ("retention", #"{"done": {"count": 0}, "failed": 3600, "history": {"age": "forever"}, "count": 7}"#, #"{"done":{"age":"forever","count":0},"failed":"1h","history":{"age":"forever","count":7}}"#),
    ]

    /// Key, value as written, the key in the message, and a part of the message.
    static let bad: [(key: String, value: String, place: String, message: String)] = [
        ("disabled", #""true""#, "disabled", #"expected true or false, found text "true""#), ("disabled", "1", "disabled", "found 1"), ("disabled", "null", "disabled", "found null"),
        ("command", #""ls -l""#, "command", "never a shell string"), ("command", "[]", "command", "expected 1 to 4096 values, found 0"), ("command", "[1]", "command[0]", "expected text"),
        ("command", #"[""]"#, "command", "is empty"), ("command", #"["a\u0000"]"#, "command[0]", "NUL"), ("command", "{}", "command", "found an object"), ("command", #"["ls", null]"#, "command[1]", "found null"),
        ("environment", "[]", "environment", "found an empty list"), ("environment", #""A=1""#, "environment", "expected an object"), ("environment", #"{"A": 1}"#, "environment.A", "found 1"),
        ("environment", #"{"1A": "x"}"#, "environment.1A", "variable name"), ("environment", #"{"": "x"}"#, "environment.", "variable name"), ("environment", #"{"A=B": "x"}"#, "environment.A=B", "variable name"),
        ("environment", #"{"BOBBIN_ID": "x"}"#, "environment.BOBBIN_ID", "BOBBIN_"), ("environment", #"{"WEBJOBS_NAME": "x"}"#, "environment.WEBJOBS_NAME", "WEBJOBS_"),
        ("environment", #"{"A": "${HOME"}"#, "environment.A", "closed"), ("environment", #"{"A": "${}"}"#, "environment.A", "variable name"), ("environment", #"{"A": "${a-b}"}"#, "environment.A", "other text"),
        ("environment", #"{"A": "x\u0000"}"#, "environment.A", "expected text"), ("environment", #"{"A": null}"#, "environment.A", "found null"),
        ("umask", #""088""#, "umask", "octal"), ("umask", "28", "umask", "octal"), ("umask", "1000", "umask", "octal digits"), ("umask", "-1", "umask", "octal"), ("umask", #""0o27""#, "umask", "octal"),
        ("umask", "true", "umask", "found true"), ("umask", #""""#, "umask", "octal"), ("umask", #""1777""#, "umask", "octal"),
        ("nice", "-21", "nice", "expected a whole number from -20 to 19, found -21"), ("nice", "20", "nice", "found 20"), ("nice", "1.5", "nice", "found 1.5"), ("nice", #""5""#, "nice", "found text"), ("nice", "null", "nice", "found null"),
        ("stopping_wait_time", "-1", "stopping_wait_time", "expected a duration from 0s to 1d"), ("stopping_wait_time", "86401", "stopping_wait_time", "found 86401"), ("stopping_wait_time", #""60""#, "stopping_wait_time", #"found text "60""#),
        ("stopping_wait_time", #""25h""#, "stopping_wait_time", "found text"), ("stopping_wait_time", "true", "stopping_wait_time", "found true"), ("stopping_wait_time", "[5]", "stopping_wait_time", "found a list"),
        ("arrêt_attendre_temps", "-1", "arrêt_attendre_temps", "expected a duration"),
        ("accept", #""file""#, "accept", #"expected "files" or "directories" or "both", found text "file""#), ("accept", "1", "accept", "found 1"), ("accept", #"["files"]"#, "accept", "found a list"),
        ("patterns", #""*.csv""#, "patterns", "expected a list"), ("patterns", #"["a/b"]"#, "patterns[0]", #"no "/""#), ("patterns", #"["*", ""]"#, "patterns[1]", "not empty"), ("patterns", #"["[a"]"#, "patterns[0]", "closed"), ("patterns", #"["[]"]"#, "patterns[0]", "closed"),
        ("patterns", #"["a\\"]"#, "patterns[0]", "glob"), ("patterns", "[1]", "patterns[0]", "found 1"), ("patterns", #"["a", "a"]"#, "patterns[1]", "listed twice"), ("patterns", "{}", "patterns", "found an object"),
        ("ignore", #"["!"]"#, "ignore[0]", "not empty"), ("ignore", #"["!a/b"]"#, "ignore[0]", "glob"), ("ignore", #""x""#, "ignore", "expected a list"), ("ignore", "[[]]", "ignore[0]", "found an empty list"),
        ("settle_time", "-0.1", "settle_time", "from 0s to 1h"), ("settle_time", "3601", "settle_time", "found 3601"), ("settle_time", #""2h""#, "settle_time", "found text"), ("settle_time", "null", "settle_time", "found null"), ("settle_time", #""soon""#, "settle_time", #""90s""#),
        ("inbox", #""/srv/in""#, "inbox", "expected a list"), ("inbox", #"["srv/in"]"#, "inbox[0]", "absolute path"), ("inbox", #"[""]"#, "inbox[0]", "absolute"), ("inbox", #"["/a", "/a"]"#, "inbox[1]", "listed twice"), ("inbox", "[1]", "inbox[0]", "found 1"),
        ("max_concurrency", "0", "max_concurrency", "expected a whole number from 1 to 1024, found 0"), ("max_concurrency", "1025", "max_concurrency", "found 1025"), ("max_concurrency", #"{"min": 1, "max": 4}"#, "max_concurrency", "not available yet"), ("max_concurrency", #""auto""#, "max_concurrency", "found text"),
        ("max_attempts", "0", "max_attempts", "from 1 to 1000, found 0"), ("max_attempts", "1001", "max_attempts", "found 1001"), ("max_attempts", #""five""#, "max_attempts", #"expected a whole number from 1 to 1000, found text "five""#), ("max_attempts", "2.5", "max_attempts", "found 2.5"), ("max_attempts", "1e300", "max_attempts", "found 1e+300"),
        ("retry_delay", "-1", "retry_delay", "expected a duration from 0s to 30d"), ("retry_delay", #""31d""#, "retry_delay", "expected a duration"), ("retry_delay", "[]", "retry_delay", "expected 1 to 100 values"), ("retry_delay", #"[1, "x"]"#, "retry_delay[1]", "expected a duration"), ("retry_delay", "true", "retry_delay", "found true"),
        ("retry_delay", #"{"initail": 1}"#, "retry_delay.initail", #"did you mean "initial"?"#), ("retry_delay", #"{"factor": 0.5}"#, "retry_delay.factor", "expected a number from 1 to 100"), ("retry_delay", #"{"factor": 101}"#, "retry_delay.factor", "found 101"), ("retry_delay", #"{"jitter": 1.1}"#, "retry_delay.jitter", "from 0 to 1"), ("retry_delay", #"{"jitter": -0.1}"#, "retry_delay.jitter", "from 0 to 1"),
        ("retry_delay", #"{"max": "x"}"#, "retry_delay.max", "expected a duration"), ("retry_delay", #"{"max": 2592001}"#, "retry_delay.max", "found 2592001"), ("retry_delay", #"{"zzzzzz": 1}"#, "retry_delay.zzzzzz", "the keys here are initial, factor, max, jitter"),
        ("timeout", "0", "timeout", "from 1ms to 365d"), ("timeout", #""366d""#, "timeout", "found text"), ("timeout", #""never""#, "timeout", "found text"), ("timeout", "false", "timeout", "found false"), ("timeout", "-5", "timeout", "found -5"),
        ("idle_timeout", "0", "idle_timeout", "from 1ms"), ("idle_timeout", "31536001", "idle_timeout", "found 31536001"), ("idle_timeout", "[]", "idle_timeout", "found an empty list"),
        ("success_exit_codes", "256", "success_exit_codes", "0 to 255"), ("success_exit_codes", "-1", "success_exit_codes", "0 to 255"), ("success_exit_codes", #""10-""#, "success_exit_codes", "10-19"), ("success_exit_codes", #""1,,2""#, "success_exit_codes", "exit codes"), ("success_exit_codes", #"["a"]"#, "success_exit_codes[0]", "exit codes"), ("success_exit_codes", "true", "success_exit_codes", "found true"), ("success_exit_codes", "[1, 1]", "success_exit_codes[1]", "listed twice"),
        ("retry_exit_codes", "[256]", "retry_exit_codes[0]", "found 256"), ("retry_exit_codes", #""1-256""#, "retry_exit_codes", "exit codes"), ("fail_exit_codes", "[1.5]", "fail_exit_codes[0]", "found 1.5"), ("fail_exit_codes", #""""#, "fail_exit_codes", "exit codes"), ("fail_exit_codes", "{}", "fail_exit_codes", "found an object"),
        ("on_success", #""remove""#, "on_success", #"expected "keep" or "delete""#), ("on_success", "true", "on_success", "found true"),
        ("retention", #""7d""#, "retention", "expected an object"), ("retention", #"{"done": "seven days"}"#, "retention.done", "forever"), ("retention", #"{"done": -1}"#, "retention.done", "found -1"), ("retention", #"{"success": 1}"#, "retention.success", "the keys here are done, failed, history, count"),
        ("retention", #"{"failed": {"age": "x"}}"#, "retention.failed.age", "forever"), ("retention", #"{"failed": {"count": -1}}"#, "retention.failed.count", "found -1"), ("retention", #"{"count": "5"}"#, "retention.count", "found text"), ("retention", #"{"history": {"cuont": 1}}"#, "retention.history.cuont", #"did you mean "count"?"#), ("retention", #"{"done": null}"#, "retention.done", "found null"),
    ]

    /// Forms that the schema cannot tell from good ones.
    static let beyondSchema: Set<String> = [
        #"command [""]"#, #"umask 28"#, #"stopping_wait_time "25h""#, #"settle_time "2h""#, #"retry_delay "31d""#, #"timeout "366d""#,
    ]

    /// Keys of later versions with a value that asks for what happens today, and one that does not.
    static let later: [(key: String, accepted: String, refused: String)] = [
        ("is_singleton", "false", "true"), ("est_Singleton", "false", "true"), ("is_in_place", "true", "false"), ("schedule", "null", #""0 */5 * * * *""#),
        ("time_zone", "null", #""Europe/Paris""#), ("catch_up", #""latest""#, #""all""#), ("overlap", #""skip""#, #""queue""#), ("jitter", "0", #""10s""#),
        ("watch", "[]", #"["/etc"]"#), ("user", "null", #""nobody""#), ("group", "null", #""nogroup""#), ("limits", "{}", #"{"memory": "1G"}"#),
        ("mode", #""file""#, #""worker""#), ("batch_size", "1", "100"), ("batch_wait", "null", #""5s""#), ("lanes", "[]", #"["high"]"#), ("session", "null", #""(?<session>.*)""#),
        ("session_on_failure", #""block""#, #""skip""#), ("deduplicate", "null", #"{"by": "name"}"#), ("rate", "null", #""100/m""#), ("results", "null", #""/srv/out""#),
        ("forward_to", "null", #""next""#), ("reply_to", "null", #""replies""#), ("callback", "null", #""https://example.org/""#), ("restart_delay", "null", "1"),
    ]
}
