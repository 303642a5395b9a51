import CLinux
import Documents
import Glibc

/// Tells whose a process is where its environment does not: the processes of a run carry this number as their soft limit
/// of file locks (RLIMIT_LOCKS).
///
/// Linux has not asked for that limit since 2.4 (getrlimit(2)), but keeps it, hands it on, and shows it to everybody in
/// `/proc/PID/limits`. Emptied environments, new sessions, closed descriptors and other programs change nothing about it;
/// whoever wants to be rid of it can (`ulimit -x`).
struct RunMark: Hashable {
    private let value: UInt64

    /// Beyond what anybody sets by hand, and below "unlimited"; then 30 bits of the orchestrator and 32 of the run, from
    /// the parts of their ids that are random.
    init(run: ItemID, of instance: ItemID) { value = 1 << 62 | (instance.low % (1 << 30)) << 32 | run.low % (1 << 32) }

    /// The mark of a process; nil when it has none, or is gone.
    init?(of pid: pid_t) {
        guard let limits = ProcessTree.read("/proc/\(pid)/limits", limit: 4096), let value = Self.lockLimit(in: limits),
            value >> 62 == 1
        else { return nil }
        self.value = value
    }

    private static func lockLimit(in limits: [UInt8]) -> UInt64? {
        let title = Array("Max file locks".utf8)
        guard let line = limits.split(separator: UInt8(ascii: "\n")).first(where: { $0.starts(with: title) }) else { return nil }
        return line.dropFirst(title.count).split(separator: UInt8(ascii: " ")).first.flatMap { UInt64(String(decoding: $0, as: UTF8.self)) }
    }

    func isOf(run: ItemID) -> Bool { value % (1 << 32) == run.low % (1 << 32) }
    func isOf(instance: ItemID) -> Bool { (value >> 32) % (1 << 30) == instance.low % (1 << 30) }

    /// What a process is to be started with. nil where it may not carry a mark: somebody has lowered the limit for good.
    var limit: clinux_limit? { Self.hardLimit >> 63 == 1 ? clinux_limit(resource: Self.resource, soft: value, hard: Self.hardLimit) : nil }

    private static let resource = Int32(__RLIMIT_LOCKS.rawValue)
    private static let hardLimit: UInt64 = {
        var limit = rlimit()
        return getrlimit(resource, &limit) == 0 ? UInt64(limit.rlim_max) : 0
    }()
}
