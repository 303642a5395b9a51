import Execution
import Files
import Glibc
import Spool
import SystemPackage

@testable import Engine

/// A fresh folder, and what a dispatcher needs around it.
final class Place: Sendable {
    let folder: Folder

    init() throws {
        var template = Array("/tmp/bobbin-engine-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw FileError(.makeFolder, "/tmp", Errno(rawValue: errno)) }
        folder = try Folder.open(FilePath(platformString: template))
        try folder.write(Array("payload".utf8), toNew: RelativePath("payload"))
    }

    deinit {
        if let parent = try? Folder.open("/tmp"), let name = folder.path.name { try? parent.removeTree(RelativePath(name)) }
    }

    func job(_ command: String, limit: Int, environment: [String] = [], backoff: Backoff = Backoff()) -> Job {
        var rules = QueueRules()
        rules.limits.backoff = backoff
        return Job(
            name: FileName("q" as StaticString), path: folder.path, scriptFolder: folder, changed: Clocks.system.now(),
            command: ["/bin/sh", "-c", command, "sh"].map { Array($0.utf8) },
            environment: environment.map { Array($0.utf8) }, rules: rules, policy: ExitPolicy(), inboxes: [], maxConcurrency: limit,
            grace: .seconds(5), nice: 0, isDisabled: false)
    }
}
