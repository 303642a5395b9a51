import Files

/// Where Engine learns which triggered jobs there are. Hosting's folders in the program, a list in tests.
package protocol JobSource: Sendable {
    /// Reads all jobs anew. Blocks.
    func load() -> [FileName: JobState]

    /// Folders whose changes mean that jobs should be read anew.
    func watchedFolders() -> [String]
}

/// One job as it was found.
package enum JobState: Sendable {
    /// Good to run. Problems, if any, are those of newer settings that are not in force: the last good ones are.
    case ready(Job, problems: [String])
    /// Cannot run, and never could: shown, with what to do.
    case broken([String])
}
