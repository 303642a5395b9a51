import Files
import SystemPackage

/// What could not be done with the file of past runs, and why.
package struct HistoryError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable, CaseIterable {
        /// There is no such file yet.
        case missing
        /// It is not a database, or its content contradicts itself.
        case damaged
        /// It cannot be read or written, by its mode or by what it is.
        case refused
        /// A later Bobbin wrote it, in a form that this one does not know.
        case newer
        /// It was opened for reading only.
        case readOnly
        /// Somebody else held it for longer than five seconds.
        case busy
        /// The machine is the trouble: no space, no descriptors, a failing disk.
        case shortage
        /// Anything else; the text tells.
        case other

        var isMendedByStartingAnew: Bool {
            switch self {
            case .damaged, .refused, .newer: true
            case .missing, .readOnly, .busy, .shortage, .other: false
            }
        }
    }

    package let code: Code
    /// The path as it may be shown.
    package let subject: String
    /// What the system said.
    package let reason: String

    init(_ code: Code, _ path: FilePath, _ reason: String) {
        self.code = code
        subject = path.escaped
        self.reason = reason
    }

    package var description: String {
        let what =
            switch code {
            case .missing: "There is no history at \(subject) yet"
            case .damaged: "The history \(subject) is damaged"
            case .refused: "The history \(subject) cannot be opened"
            case .newer: "The history \(subject) was written by a later version of Bobbin"
            case .readOnly: "The history \(subject) cannot be changed"
            case .busy: "The history \(subject) is in use by another program"
            case .shortage: "The history \(subject) cannot be used now"
            case .other: "The history \(subject) cannot be used"
            }
        return "\(what) (\(reason))."
    }
}
