import Files
import SystemPackage

/// A limit of inotify(7): what is in force, and the sysctl that raises it.
package struct InotifyLimit: Sendable, Equatable {
    package let inForce: Int
    package let sysctl: String

    /// A kernel knows the limit for all its users; a user namespace (a container) may have a lower one of its own.
    private init?(_ global: String, namespace: String? = nil) {
        let limits = ([global] + [namespace].compactMap { $0 }).compactMap { name in Self.read(name).map { (name, $0) } }
        guard let lowest = limits.min(by: { $0.1 < $1.1 }) else { return nil }
        (sysctl, inForce) = lowest
    }

    /// Watches that one user may hold in all programs together; nil where /proc does not tell, as for the others.
    package static var watches: InotifyLimit? {
        InotifyLimit("fs.inotify.max_user_watches", namespace: "user.max_inotify_watches")
    }

    /// Programs of one user that may be told of changes.
    static var instances: InotifyLimit? {
        InotifyLimit("fs.inotify.max_user_instances", namespace: "user.max_inotify_instances")
    }

    /// Events that wait for one program.
    static var queuedEvents: InotifyLimit? { InotifyLimit("fs.inotify.max_queued_events") }

    /// The command that raises it, at least to twice what is in force.
    package func raised(to wanted: Int) -> String { "sysctl \(sysctl)=\(max(wanted, inForce * 2))" }

    private static func read(_ sysctl: String) -> Int? {
        let path = FilePath("/proc/sys").appending(sysctl.split(separator: ".").joined(separator: "/"))
        guard let name = path.name, let folder = try? Folder.open(path.removingLastComponent()),
            let bytes = try? folder.read(RelativePath(name))
        else { return nil }
        return Int(String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }
}
