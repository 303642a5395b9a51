import Documents

/// A status file or `outcome.json`, as any program would read it.
struct Status: Sendable {
    enum State: String, Sendable { case running, retrying, succeeded, failed, cancelled, held }

    let json: JSON
    let id: String
    let state: State

    init?(_ bytes: [UInt8]) {
        guard let json = try? JSONParser.parse(bytes), let id = json["id"]?.string,
            let state = json["state"]?.string.flatMap(State.init)
        else { return nil }
        self.json = json
        self.id = id
        self.state = state
    }

    private func text(_ key: String) -> String? { json[key]?.string }
    private func number(_ key: String) -> Int? { json[key]?.integer.map(Int.init) }

    var name: String? { text("name") }
    var attempt: Int { number("attempt") ?? -1 }
    var interruptions: Int { number("interruptions") ?? -1 }
    var size: Int { number("size") ?? -1 }
    var exitCode: Int? { number("exit_code") }
    var signal: String? { text("signal") }
    var reason: String? { text("reason") }
    var instance: String? { text("instance") }
    var error: String { text("error") ?? "" }
    var log: String? { text("log") }
    var percent: Double? { json["progress"]?["percent"]?.double }
    var progressMessage: String? { json["progress"]?["message"]?.string }
    var results: [String] { json["results"]?.array?.compactMap(\.string) ?? [] }
    func output(_ name: String) -> String? { json["outputs"]?[name]?.string }

    /// Seconds between two of its times; nil when one is missing.
    func seconds(from: String, to: String) -> Double? {
        guard let start = text(from).flatMap({ Instant(rfc3339: $0) }),
            let end = text(to).flatMap({ Instant(rfc3339: $0) })
        else { return nil }
        return (end - start) / Duration.seconds(1)
    }
}
