/// The promises of contract §2, which hold at any instant and after every fault.
package enum Invariant: String, Sendable, CaseIterable, Comparable {
    case i1 = "I1"
    case i2 = "I2"
    case i3 = "I3"
    case i4 = "I4"
    case i5 = "I5"
    case i6 = "I6"
    case i7 = "I7"
    case i8 = "I8"
    case i9 = "I9"
    case i10 = "I10"
    case i11 = "I11"
    case i12 = "I12"

    package static func < (left: Invariant, right: Invariant) -> Bool { left.number < right.number }

    private var number: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    package var promise: String {
        switch self {
        case .i1: "the payload exists at exactly one path; nothing is overwritten"
        case .i2: "one final state, decided once"
        case .i3: "at most one live process tree per item"
        case .i4: "failed attempts and interruptions keep their limits"
        case .i5: "within a session items start in order, one after the other"
        case .i6: "nothing starts before its time or after its expiry"
        case .i7: "a run is given the bytes that were accepted"
        case .i8: "no lower lane starts before a higher one that is ready"
        case .i9: "a status file agrees with the folders"
        case .i10: "no process without an owner, no stray temporary file"
        case .i11: "descriptors, watches, memory and log bytes are bounded"
        case .i12: "each due time of a schedule yields what its policy says"
        }
    }

    /// What the judgement of this invariant rests on.
    package enum Reach: Sendable, Equatable {
        /// Judged; the text says from what.
        case judged(String)
        /// Judged in part; the text says what would tell the rest.
        case part(String)
        /// Not judged, and why.
        case none(String)
    }

    package func reach(_ given: Evidence) -> Reach {
        switch self {
        case .i1: given.ledger != nil ? .judged("folders, ledger") : .part("folders; --ledger tells of files that are gone or doubled")
        case .i2:
            given.finals != nil ? .judged("folders, earlier outcomes") : .part("folders; --finals tells of outcomes that changed since")
        case .i3: given.runs != nil ? .judged("/proc, run log") : .part("/proc at this moment; --runs tells of the past")
        case .i4: given.runs != nil ? .judged("item.json, run log") : .part("item.json; --runs tells of runs that it does not know")
        case .i5: given.runs != nil ? .judged("run log") : .none("needs --runs with session= and sequence=")
        case .i6: given.isUntouched ? .judged("item.json, settings.job") : .part("item.json; --untouched judges back-offs as well")
        case .i7:
            given.runs != nil && given.ledger != nil
                ? .judged("ledger, run log") : .part("size; --ledger and --runs with sum= tell of the bytes")
        case .i8: given.runs != nil ? .judged("run log") : .none("needs --runs with lane= and the event ready")
        case .i9: .judged("folders, looked at twice")
        case .i10: given.isSettled ? .judged("folders, /proc") : .part("folders, /proc; --settled takes what is left over for a fault")
        case .i11: .none("one look at a root cannot tell growth; tests and benchmarks do")
        case .i12: .none("this version has no schedules")
        }
    }
}

extension Invariant.Reach {
    package var word: String {
        switch self {
        case .judged: "judged"
        case .part: "in part"
        case .none: "not judged"
        }
    }

    package var text: String {
        switch self {
        case .judged(let text), .part(let text), .none(let text): text
        }
    }
}
