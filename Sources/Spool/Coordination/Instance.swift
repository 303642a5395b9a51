import Documents

/// An orchestrator, as it says of itself.
package struct Instance: Sendable, Equatable {
    package let id: ItemID
    package var isAlive: Bool
    /// Host name of its machine.
    package var host: String?
    /// Of the machine's kernel: another one after each start of the machine.
    package var boot: String?
    package var processID: Int?
    package var startedAt: Instant?
    /// Of the program.
    package var version: String?

    init(id: ItemID, isAlive: Bool, facts: JSON?) {
        self.id = id
        self.isAlive = isAlive
        host = facts?["host"]?.string
        boot = facts?["boot"]?.string
        processID = facts?["pid"]?.integer.map { Int($0) }
        startedAt = facts?["started_at"]?.string.flatMap { Instant(rfc3339: $0) }
        version = facts?["version"]?.string
    }
}
