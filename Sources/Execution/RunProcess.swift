import Documents
import Files
import Glibc
import SystemPackage

/// A living process of a run, as `/proc` tells by the environment that it was given.
///
/// One that has emptied its environment is not seen; nor is one of another user, except
/// by root.
package struct RunProcess: Sendable, Hashable {
    package let pid: pid_t
    package let item: ItemID
    package let run: ItemID
    /// As the run was given it: the item may have moved since.
    package let payload: FilePath

    /// All that can be seen, but this process.
    package static func all() -> [RunProcess] {
        let own = getpid()
        return ProcessTree.allPIDs().compactMap { pid in
            guard pid != own, let process = RunProcess(pid),
                // The environment of a zombie is empty; it may have become one since.
                ProcessTree.look(pid)?.isZombie == false
            else { return nil }
            return process
        }
    }

    private init?(_ pid: pid_t) {
        let environment = ProcessTree.environment(of: pid)
        func value(_ name: StaticString) -> [UInt8]? {
            let key = name.withUTF8Buffer(Array.init)
            return environment.first { $0.starts(with: key) }.map { Array($0.dropFirst(key.count)) }
        }
        guard let payload = value("BOBBIN_FILE="), let item = value("BOBBIN_ID=").flatMap({ ItemID(bytes: $0) }),
            let run = value("BOBBIN_RUN_ID=").flatMap({ ItemID(bytes: $0) })
        else { return nil }
        self.pid = pid
        self.item = item
        self.run = run
        self.payload = FilePath(bytes: payload)
    }
}
