/// What is wrong with a schedule, in words for its owner.
package struct ScheduleError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    /// - Parameter part: what was read, as it stands in the text.
    init(_ part: some StringProtocol, _ expectation: String) { description = "\"\(part)\": \(expectation)" }
}
