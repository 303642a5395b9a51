import Documents
import Files
import Synchronization
import SystemPackage

/// How often the kernel has ended a process of our control group for want of memory: the one trace that this leaves beside
/// the SIGKILL. Runs live in the group of the orchestrator.
///
/// Read when a run fails, never before. What was counted since the last failure is laid to the one that ends now by SIGKILL
/// (or by 137, as a shell reports that of its child).
final class MemoryKills: Sendable {
    private let counter: (file: FilePath, key: String)?
    private let known = Mutex(0)

    convenience init() { self.init(counter: Self.find()) }

    init(counter: (file: FilePath, key: String)?) {
        self.counter = counter
        let count = read() ?? 0
        known.withLock { $0 = count }
    }

    /// Our group of cgroup v2 (`memory.events`) or v1 (`memory.oom_control`), by cgroups(7).
    private static func find() -> (FilePath, String)? {
        let lines =
            text("/proc/self/cgroup")?.split(separator: "\n").map {
                $0.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            } ?? []
        let candidates: [(path: Substring, mount: String, file: String)] = lines.flatMap { fields -> [(Substring, String, String)] in
            guard fields.count == 3 else { return [] }
            if fields[0] == "0" {
                return [(fields[2], "/sys/fs/cgroup", "memory.events"), (fields[2], "/sys/fs/cgroup/unified", "memory.events")]
            }
            return fields[1].split(separator: ",").contains("memory") ? [(fields[2], "/sys/fs/cgroup/memory", "memory.oom_control")] : []
        }
        for candidate in candidates {
            let file = FilePath("\(candidate.mount)\(candidate.path == "/" ? "" : candidate.path)/\(candidate.file)")
            if count(in: file) != nil { return (file, "oom_kill") }
        }
        return nil
    }

    private func read() -> Int? { counter.flatMap { Self.count(in: $0.file) } }

    private static func count(in file: FilePath) -> Int? {
        for line in text(file)?.split(separator: "\n") ?? [] {
            let words = line.split(separator: " ")
            if words.count == 2, words[0] == "oom_kill" { return Int(words[1]) }
        }
        return nil
    }

    private static func text(_ path: FilePath) -> String? {
        guard let name = path.name, let folder = try? Folder.open(path.removingLastComponent()),
            let bytes = try? folder.read(RelativePath(name), limit: 64 * 1024)
        else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Says of a run that has ended whether memory was the reason.
    func judge(_ result: inout ScriptResult) {
        guard result.end != .exited(0), result.cutOff == nil else { return }
        let isKill = result.end == .signalled(9) || result.end == .exited(137)
        guard let count = read() else {
            if isKill {
                result.add("ended by SIGKILL, which Bobbin has not sent: by hand, or by the kernel for want of memory (see dmesg)")
            }
            return
        }
        let isNew = known.withLock { known in
            let isNew = count > known
            known = isKill && isNew ? known + 1 : count
            return isNew
        }
        guard isKill else { return }
        result.isMemoryKill = isNew
        result.add(
            isNew
                ? "ended by the kernel because memory was used up"
                : "ended by SIGKILL, which neither Bobbin nor the kernel's memory killer has sent")
    }
}

extension ScriptResult {
    /// Behind the last words of the script.
    fileprivate mutating func add(_ text: String) { errorTail += errorTail.isEmpty ? text : "\n\(text)" }
}
