import Documents
import Files

/// Names of the files that Bobbin itself drops into a queue, so that `patterns` and `ignore` do not hold them back.
package enum OwnName {
    private static let due: StaticString = "bobbin-due-"

    /// The file of a due time: `bobbin-due-2026-11-25T13-00-00Z`.
    package static func ofDueTime(_ time: Instant) -> FileName {
        let text = String(time.rfc3339.prefix(19)).map { $0 == ":" ? "-" : $0 }
        return FileName("\(due)\(String(text))Z") ?? FileName(due)
    }

    static func isOwn(_ name: FileName) -> Bool { name.hasPrefix(due) }
}
