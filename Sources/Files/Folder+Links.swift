import CLinux
import Glibc
import SystemPackage

/// Looks that follow a symbolic link. For what the operator owns – job folders, scripts, settings, which stow, nix and
/// Kubernetes deploy as links – and never for what a user dropped.
extension Folder {
    /// The stamp of what a name leads to in the end; nil when that is nothing (no such name, a dangling or a circular
    /// link). Opens nothing, so a pipe or a device is safe to ask for.
    package func target(_ place: RelativePath) throws(FileError) -> Stamp? {
        do throws(FileError) {
            let opened = try call(.stamp, shown(place)) {
                place.withCString { clinux_openat(descriptor, $0, lookOnly | O_CLOEXEC, 0) }
            }
            return try OpenFile(adopting: opened, subject: shown(place)).stamp()
        } catch  where error.isMissing || error.code == .notDirectory || error.code == .tooManySymbolicLinkLevels {
            return nil
        }
    }

    /// The content of the regular file that a name leads to, at most `limit` bytes; nil when there is none.
    package func readTarget(_ place: RelativePath, limit: Int) throws(FileError) -> [UInt8]? {
        guard try target(place)?.kind == .file else { return nil }
        do throws(FileError) {
            let opened = try call(.open, shown(place)) {
                place.withCString { clinux_openat(descriptor, $0, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0) }
            }
            return try OpenFile(adopting: opened, subject: shown(place)).readAll(limit: limit)
        } catch  where error.isMissing {
            return nil
        }
    }
}

/// O_PATH of asm-generic/fcntl.h: a descriptor to ask with, not to read from. Glibc's Swift module lacks it, since it
/// is declared for _GNU_SOURCE only.
let lookOnly: Int32 = 0o10_000_000
