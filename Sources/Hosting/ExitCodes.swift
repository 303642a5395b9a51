import Documents

/// The exit codes to which a job gives a meaning of its own (contract §5 gives the meaning of all others). The three
/// sets have no code in common, and 0 always means done.
package struct ExitCodes: Sendable, Equatable {
    package var success = ExitCodeSet()
    package var retry = ExitCodeSet()
    package var fail = ExitCodeSet()

    package init() {}

    package enum Meaning: Sendable, Equatable {
        /// The item is done.
        case success
        /// The attempt failed; again after the back-off, while attempts are left.
        case retry
        /// The input is bad: to `failed/` at once.
        case fail
    }

    /// What the job's settings say of a code; nil: nothing, contract §5 decides.
    package func meaning(of code: Int32) -> Meaning? {
        if success.contains(code) { return .success }
        if retry.contains(code) { return .retry }
        return fail.contains(code) ? .fail : nil
    }
}

/// Some of the exit codes 0...255.
package struct ExitCodeSet: Sendable, Equatable {
    /// In the order given, possibly overlapping.
    private var ranges: [ClosedRange<Int32>] = []

    package init() {}

    package func contains(_ code: Int32) -> Bool { ranges.contains { $0.contains(code) } }

    /// The lowest code that is in both sets.
    func common(with other: ExitCodeSet) -> Int32? { (0...255).first { contains($0) && other.contains($0) } }

    /// Takes a value whose form has been checked: a number, `"3, 10-19"`, or a list of such.
    init(_ value: JSON) {
        for part in value.array ?? [value] {
            if let code = part.integer { ranges.append(Int32(code)...Int32(code)) }
            ranges += part.string.flatMap(Self.ranges) ?? []
        }
    }

    /// The ranges that a text like `3, 10-19` names; nil when it is none.
    static func ranges(_ text: String) -> [ClosedRange<Int32>]? {
        var ranges: [ClosedRange<Int32>] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Self.code($0) }
            switch (ends.count, ends.first ?? nil, ends.last ?? nil) {
            case (1, let code?, _): ranges.append(code...code)
            case (2, let low?, let high?) where low <= high: ranges.append(low...high)
            default: return nil
            }
        }
        return ranges
    }

    private static func code(_ text: Substring) -> Int32? {
        let digits = text.drop { $0 == " " }.prefix { $0 != " " }
        guard text.allSatisfy({ $0 == " " || ("0"..."9").contains($0) }), digits.count <= 3,
            text.split(separator: " ").count == 1,
            let code = Int32(digits), code <= 255
        else { return nil }
        return code
    }

    var json: JSON {
        .array(
            ranges.map { $0.count == 1 ? .integer(Int64($0.lowerBound)) : .string("\($0.lowerBound)-\($0.upperBound)") }
        )
    }
}
