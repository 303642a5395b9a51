import TestSupport
import Testing

/// What a test waited for did not come.
struct WaitedInVain: Error, CustomStringConvertible {
    let what: String
    let limit: Duration
    var details = ""
    var description: String { "waited \(limit) in vain for \(what)\(details.isEmpty ? "" : "\n\(details)")" }
}

/// How long a test waits for what should come at once: other tests, and other people's builds, run beside it.
let usualLimit = Duration.seconds(20)

/// Waits until something holds.
func wait(
    for what: String, within limit: Duration = usualLimit, details: () -> String = { "" },
    until holds: () async throws -> Bool
) async throws { try await wait(for: what, every: .milliseconds(5), within: limit, details: details, until: holds) }

/// The same where the look itself is work, that must not be done too often.
func wait(
    for what: String, every pause: Duration, within limit: Duration = usualLimit, details: () -> String = { "" },
    until holds: () async throws -> Bool
) async throws {
    var patience = Patience(limit)
    while try await !holds() {
        if patience.isOver() { throw WaitedInVain(what: what, limit: limit, details: details()) }
        try await Task.sleep(for: pause)
    }
}

/// Waits until something is there.
func wait<Value>(
    for what: String, within limit: Duration = usualLimit, details: () -> String = { "" },
    _ find: () async throws -> Value?
) async throws -> Value {
    var found: Value?
    try await wait(for: what, within: limit, details: details) {
        found = try await find()
        return found != nil
    }
    return found!
}
