import Documents

import Execution
import Files
import Spool
import SystemPackage

package struct JobFolders: JobSource {
    let layout: Layout; package init(layout: Layout) { self.layout = layout }
    package func watchedFolders() -> [String] { [String(decoding: layout.triggeredJobs.bytes, as: UTF8.self)] }
    package func load() -> [FileName: JobState] {
        var out: [FileName: JobState] = [:]
        guard let f = try? Folder.open(layout.triggeredJobs), let names = try? f.names() else { return [:] }
        for n in names {
            guard let jf = try? f.folder(RelativePath(n)) else { continue }
            let j = ((try? jf.read(RelativePath("settings.job"))).flatMap { $0 }).flatMap { try? JSONParser.parse($0) }
            let cmd: [[UInt8]] = j?["command"]?.array?.compactMap { $0.string.map { Array($0.utf8) } } ?? [Array("/bin/bash".utf8), Array("run.sh".utf8)]
            let env = j?["environment"]?.members?.map { Array("\($0.key)=\($0.value.string ?? "")".utf8) } ?? []
            out[n] = .ready(Job(name: n, path: jf.path, scriptFolder: jf, command: cmd, environment: env, rules: QueueRules(), policy: ExitPolicy(), inboxes: [], maxConcurrency: Int(j?["max_concurrency"]?.integer ?? 2), timeout: nil, idleTimeout: nil, grace: .seconds(30), umask: nil, nice: 0, isDisabled: false, historyAge: nil), problems: [])
        }
        return out
    }
}
