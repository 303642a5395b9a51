import Glibc

/// What runs on the machine, as /proc tells it.
enum ProcessTable {
    /// Living processes whose environment holds a text. Zombies have none.
    static func carrying(_ text: String) -> [pid_t] {
        let mark = Array(text.utf8)
        return all.filter { pid in
            guard pid != getpid(), let environment = Path("/proc/\(pid)/environ").content else { return false }
            return environment.contains(mark) && isAlive(pid)
        }
    }

    static var all: [pid_t] { Path("/proc").names.compactMap { pid_t(String(decoding: $0, as: UTF8.self)) } }

    /// A zombie does not live.
    static func isAlive(_ pid: pid_t) -> Bool {
        state(Path("/proc/\(pid)")).map { !["Z", "X"].contains($0) } ?? false
    }

    /// Whether every thread has come to rest after a SIGSTOP.
    static func isStopped(_ pid: pid_t) -> Bool {
        let threads = Path("/proc/\(pid)/task").children
        return !threads.isEmpty && threads.allSatisfy { state($0) == "T" }
    }

    private static func state(_ process: Path) -> Character? {
        let text = (process / "stat").string
        return text.lastIndex(of: ")").flatMap { text[$0...].dropFirst(2).first }
    }

    static func children(of parent: pid_t) -> [pid_t] {
        all.filter { pid in
            let text = Path("/proc/\(pid)/stat").string
            guard let end = text.lastIndex(of: ")") else { return false }
            return text[end...].split(separator: " ").dropFirst(2).first.flatMap { pid_t($0) } == parent
        }
    }

    static func program(of pid: pid_t) -> String {
        Path("/proc/\(pid)/cmdline").content.map { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) } ?? ""
    }
}

extension [UInt8] {
    func contains(_ part: [UInt8]) -> Bool {
        guard let first = part.first, part.count <= count else { return part.isEmpty }
        return withUnsafeBytes { all in
            part.withUnsafeBytes { part in
                var from = 0
                while let hit = memchr(all.baseAddress! + from, Int32(first), all.count - part.count - from + 1) {
                    if memcmp(hit, part.baseAddress!, part.count) == 0 { return true }
                    from = hit - UnsafeMutableRawPointer(mutating: all.baseAddress!) + 1
                    if from > all.count - part.count { return false }
                }
                return false
            }
        }
    }
}
