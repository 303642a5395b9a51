import Files

/// What a name in an inbox says about the file that bears it, before anything is known of the file itself.
///
/// Only `.item` is ever taken. Everything else stays where it is, and `reason` is what `bobbin why` shows for it.
package enum NameVerdict: Equatable, Sendable {
    /// An ordinary name: the file is an item as soon as it is ready.
    case item
    /// Begins with a dot. Never taken, whatever the settings say: dot names are how most tools hide a file that they
    /// still write, Bobbin among them.
    case hidden
    /// The name of a file that its writer is going to rename or delete.
    case temporary(NameRule)
    /// The name of a file that no person dropped: a desktop's, a file server's, another consumer's marker.
    case noise(NameRule)
    /// The companion of a real file, which is incomplete or in use while the companion exists. The partner is nil
    /// when the companion's name does not tell it in full.
    case sideFile(of: FileName?)
    /// `NAME.envelope`: belongs to the file it is named after (contract §9).
    case envelope(of: FileName)
    /// An entry of the job's `ignore` matches; the entry.
    case ignored(by: String)
    /// The job has `patterns` and none of them matches.
    case unmatched

    package var isItem: Bool { self == .item }

    /// Whether the file is expected to go away or to get its final name by itself, so that one that lies unchanged
    /// for a day is worth a report (contract §3: a stalled upload).
    package var isInProgress: Bool {
        switch self {
        case .temporary, .sideFile: true
        case .item, .hidden, .noise, .envelope, .ignored, .unmatched: false
        }
    }

    /// Why the file is not taken, and what to do when it should be; nil for an item.
    package var reason: String? {
        switch self {
        case .item: nil
        case .hidden: "hidden: a name that begins with a dot is never taken; rename it when it is complete"
        case .temporary(let rule):
            "held: temporary name \(rule.pattern) (\(rule.who)); rename it when it is complete, or add \"!\(rule.pattern)\" to the job's ignore"
        case .noise(let rule):
            "not a job: name \(rule.pattern) (\(rule.who)); rename it, or add \"!\(rule.pattern)\" to the job's ignore"
        case .sideFile(let partner?): "not a job: marks \(partner.escaped) as incomplete or in use"
        case .sideFile(nil): "not a job: marks another file as incomplete or in use"
        case .envelope(let partner): "envelope of \(partner.escaped): waits for that file and is claimed with it"
        case .ignored(let entry): "ignored: the job's ignore has \"\(entry)\""
        case .unmatched: "ignored: none of the job's patterns matches the name"
        }
    }
}

/// One line of the built-in list: which names, and who makes them.
package struct NameRule: Equatable, Sendable {
    /// The names, as a glob that `ignore` accepts after a `!`.
    package let pattern: String
    /// The programs or the kind of file, for people.
    package let who: String

    init(_ pattern: String, _ who: String) {
        self.pattern = pattern
        self.who = who
    }
}
