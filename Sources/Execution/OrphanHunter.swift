import Documents
import Files
import Glibc
import SystemPackage

/// Ends what still runs of orchestrators that are gone, by the normal stop protocol: SIGTERM, a grace, SIGKILL.
package struct OrphanHunter: Sendable {
    package struct Prey: Sendable {
        package var run: ItemID
        package var payloadPath: FilePath
        /// Time between SIGTERM and SIGKILL.
        package var grace: Duration

        package init(run: ItemID, payloadPath: FilePath, grace: Duration) {
            self.run = run
            self.payloadPath = payloadPath
            self.grace = grace
        }
    }

    private let clocks: Clocks

    package init(clocks: Clocks = .system) { self.clocks = clocks }

    /// Returns when none of the runs has a process left, or when what is left cannot be killed (uninterruptible sleep,
    /// another user's): then its item's lock or its environment still tells, and recovery comes again.
    ///
    /// - Returns: the processes that were found, for the log.
    package func end(_ prey: [Prey]) async -> [pid_t] {
        let began = clocks.uptime()
        var told: Set<pid_t> = []
        var pause = Duration.milliseconds(5)
        let longest = prey.map(\.grace).max() ?? .zero
        while true {
            let tree = ProcessTree()
            let age = clocks.uptime() - began
            var isAnyLeft = false
            for run in prey {
                for process in tree.members(run: run.run, payloadPath: run.payloadPath) {
                    isAnyLeft = true
                    if age >= run.grace {
                        kill(process.pid, SIGKILL)
                    } else if told.insert(process.pid).inserted {
                        kill(process.pid, SIGTERM)
                        kill(process.pid, SIGCONT)
                    }
                    told.insert(process.pid)
                }
            }
            if !isAnyLeft || age > longest + .seconds(5) { return told.sorted() }
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .milliseconds(200))
        }
    }
}
