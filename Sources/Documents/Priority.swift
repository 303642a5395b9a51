/// How much a line for the operator matters: written at its beginning, as a journal takes it (sd-daemon(3)). A line that
/// says nothing of it is a warning.
package enum Priority {
    /// The program cannot go on.
    package static let error = "<3>"
    package static let warning = "<4>"
    /// All is well; something has begun or is over.
    package static let info = "<6>"

    /// Takes the priority off a line.
    package static func split(_ line: String) -> (priority: String, text: Substring) {
        for priority in [error, warning, info] where line.hasPrefix(priority) { return (priority, line.dropFirst(priority.count)) }
        return (warning, line[...])
    }
}
