import Files
import Hosting

/// Where Engine learns which jobs there are. Hosting's folders in the program, a list in tests.
package protocol JobSource: Sendable {
    /// Looks at jobs anew: at those named, at those that are due, at those that came or went. Blocks.
    ///
    /// - Parameter changed: in whose folders something may have happened; nil = in all.
    func load(_ changed: Set<JobKey>?) -> FoundJobs

    /// Folders in which something that happens concerns one job, or the list of them.
    func watchedFolders() -> [(path: String, job: JobKey?)]
}

/// All jobs there are, by their names; a triggered and a continuous job may share one.
package struct FoundJobs: Sendable {
    package var triggered: [FileName: JobState<Job>]
    package var continuous: [FileName: JobState<ContinuousJob>]
    /// Something is different from the load before.
    package var hasNews = true
    /// Jobs are on their way that are not complete yet.
    package var hasMore = false
    /// When to look again, on the clock that counts from boot; nil = when something happens.
    package var lookAgainAt: Duration?

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
