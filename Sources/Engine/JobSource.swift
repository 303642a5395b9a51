import Files

/// Where Engine learns which jobs there are. Hosting's folders in the program, a list in tests.
package protocol JobSource: Sendable {
    /// Reads all jobs anew. Blocks.
    func load() -> FoundJobs

    /// Folders whose changes mean that jobs should be read anew.
    func watchedFolders() -> [String]
}

/// All jobs there are, by their names; a triggered and a continuous job may share one.
package struct FoundJobs: Sendable {
    package var triggered: [FileName: JobState<Job>]
    package var continuous: [FileName: JobState<ContinuousJob>]

    package init(triggered: [FileName: JobState<Job>] = [:], continuous: [FileName: JobState<ContinuousJob>] = [:]) {
        self.triggered = triggered
        self.continuous = continuous
    }
}

/// One job as it was found.
package enum JobState<Job: Sendable>: Sendable {
    /// Good to run. Problems, if any, are those of newer settings that are not in force: the last good ones are.
    case ready(Job, problems: [String])
    /// Cannot run, and never could: shown, with what to do.
    case broken([String])
}

extension JobState<Job> {
    var schedule: ScheduleRule? {
        if case .ready(let job, _) = self { job.schedule } else { nil }
    }
}
