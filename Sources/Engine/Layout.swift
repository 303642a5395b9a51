import Files
import SystemPackage

/// Where a root keeps what (contract §1). Each part can be placed elsewhere.
package struct Layout: Sendable, Equatable {
    package var root: FilePath
    package var jobs: FilePath
    package var spool: FilePath
    package var data: FilePath

    /// - Parameters: nil parts lie below the root under their own names. Relative paths count from the current folder.
    package init(root: FilePath, jobs: FilePath? = nil, spool: FilePath? = nil, data: FilePath? = nil) {
        let root = Self.absolute(root)
        self.root = root
        self.jobs = jobs.map(Self.absolute) ?? root.appending("jobs")
        self.spool = spool.map(Self.absolute) ?? root.appending("spool")
        self.data = data.map(Self.absolute) ?? root.appending("data")
    }

    package var triggeredJobs: FilePath { jobs.appending("triggered") }
    package var continuousJobs: FilePath { jobs.appending("continuous") }
    /// How far each schedule has been acted on.
    package var schedules: FilePath { data.appending("schedules") }
    package var deployments: FilePath { data.appending("deployments") }
    package var history: FilePath { data.appending("history.sqlite") }

    /// `WEBJOBS_DATA_PATH`: where a triggered job may keep what it likes, and where Bobbin tells its state.
    package func jobData(_ name: FileName) -> FilePath {
        data.appending("jobs").appending("triggered").appending(name)
    }

    /// `WEBJOBS_DATA_PATH` of a continuous job, where its log and its status are, too.
    package func continuousData(_ name: FileName) -> FilePath {
        data.appending("jobs").appending("continuous").appending(name)
    }

    /// What belongs to the runs of continuous jobs that are under way.
    package var runs: FilePath { data.appending("runs") }

    private static func absolute(_ path: FilePath) -> FilePath {
        var path = path
        if !path.isAbsolute { path = CurrentFolder.path.pushing(path) }
        return path.lexicallyNormalized()
    }
}
