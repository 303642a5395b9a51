import Documents
import Files
import Glibc
import SystemPackage

/// What must hold before anything is started; each refusal names the path and the mend (contract §12).
package enum StartCheck {
    package struct Refusal: Error, CustomStringConvertible {
        package let description: String
        init(_ text: String) { description = text }
    }

    /// Makes what is missing of the layout, and proves that items can be moved as the design needs it.
    package static func run(_ layout: Layout) throws(Refusal) -> Folder {
        for path in [layout.jobs, layout.spool, layout.data] {
            // Making a whole tree would turn a mistyped root into a new, empty one.
            let parent = path.removingLastComponent()
            guard (try? Folder.open(parent)) != nil else {
                throw Refusal(
                    "\(parent.escaped) does not exist or cannot be entered; create it, or name another place (--root, --jobs, --spool, --data)"
                )
            }
            do throws(FileError) {
                _ = try Folder.make(path, mode: path == layout.data ? 0o750 : 0o755)
            } catch {
                throw Refusal("\(path.escaped) cannot be used: \(error). Create it, or name another place (--jobs, --spool, --data)")
            }
        }
        let spool = try writable(layout.spool, "--spool")
        _ = try writable(layout.data, "--data")
        try checkMove(spool)
        if geteuid() == 0 { try checkOwners(layout) }
        return spool
    }

    private static func writable(_ path: FilePath, _ option: String) throws(Refusal) -> Folder {
        do throws(FileError) {
            let folder = try Folder.open(path)
            let probe = RelativePath(FileName(".bobbin-check-\(getpid())") ?? FileName(".bobbin-check" as StaticString))
            try folder.remove(probe)
            _ = try folder.create(probe)
            try folder.remove(probe)
            return folder
        } catch {
            // A full disk is no reason to stay away: what is there can still be looked after.
            if error.code == .noSpace || error.code == .diskQuotaExceeded, let folder = try? Folder.open(path) { return folder }
            throw Refusal(
                "\(path.escaped) is not writable for user \(geteuid()): \(error). Make it writable (chown, chmod, mount -o remount,rw) or name another place (\(option))"
            )
        }
    }

    /// A queue must lie on one file system, since only a rename moves items.
    private static func checkMove(_ spool: Folder) throws(Refusal) {
        do throws(FileError) {
            for name in try spool.names() where !name.hasPrefix(".") {
                guard let queue = try? spool.folder(RelativePath(name)), let device = try? queue.file.stamp().device else { continue }
                for inside in ["claimed", "retry", "done", "failed", "results", "status"] {
                    guard let place = FileName(inside).map({ RelativePath($0) }), let stamp = try queue.stamp(place) else { continue }
                    guard stamp.kind == .folder else {
                        throw FileError(.open, queue.path.escaped + "/" + inside, .notDirectory)
                    }
                    if stamp.device != device {
                        throw FileError(.move, queue.path.escaped + "/" + inside, Errno.improperLink)
                    }
                }
            }
        } catch {
            let mend =
                error.code == .improperLink
                ? "it lies on another file system than its queue, and items are moved by rename; unmount it, or mount the whole queue"
                : "it must be a folder of Bobbin's own; move it away"
            throw Refusal("\(error): \(mend)")
        }
    }

    /// Root must not run what others can change. What is in a job's folder is looked at with the job.
    private static func checkOwners(_ layout: Layout) throws(Refusal) {
        for path in [layout.jobs, layout.triggeredJobs, layout.continuousJobs, layout.data, layout.deployments] {
            guard let stamp = try? Folder.open(path).file.stamp() else { continue }
            guard stamp.permissions & 0o022 != 0 || stamp.owner != 0 else { continue }
            let mend = stamp.owner == 0 ? "chmod go-w" : "chown root \(path.escaped) && chmod go-w"
            throw Refusal(
                "\(path.escaped) can be changed by others than root (owner \(stamp.owner), mode \(String(stamp.permissions, radix: 8))), and Bobbin runs as root: \(mend) \(path.escaped)"
            )
        }
    }
}
