import CLinux
import Documents
import Glibc

/// What tells one state of a file from another: two equal stamps around a look mean nobody changed it in between.
package struct Stamp: Equatable, Sendable {
    package var device: UInt64
    package var inode: UInt64
    /// Bytes.
    package var size: UInt64
    /// Bytes that the file system has set aside; less than `size` for a sparse file, such as one whose writer reserved
    /// its length first (reference/peers.md §4.5).
    package var allocated: UInt64
    /// Set by whoever likes to (`cp -p`, `unzip`, `touch -d`): never evidence of age.
    package var modified: Instant
    /// Set by the kernel at each change of content, mode, owner, name or link: the measure of age.
    package var changed: Instant
    package var kind: Kind
    package var permissions: UInt32
    package var links: UInt32
    package var owner: UInt32

    package enum Kind: Sendable, Equatable {
        case file, folder, symbolicLink, pipe, socket, device

        /// As people say it, with the article.
        package var words: String {
            switch self {
            case .file: "a regular file"
            case .folder: "a folder"
            case .symbolicLink: "a symbolic link"
            case .pipe: "a named pipe"
            case .socket: "a socket"
            case .device: "a device"
            }
        }
    }

    init(_ raw: clinux_stamp) {
        device = raw.device
        inode = raw.inode
        size = raw.size
        allocated = raw.blocks * 512
        modified = Instant(seconds: raw.mtime_s, nanoseconds: Int64(raw.mtime_ns))
        changed = Instant(seconds: raw.ctime_s, nanoseconds: Int64(raw.ctime_ns))
        kind =
            switch raw.mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .folder
            case S_IFLNK: .symbolicLink
            case S_IFIFO: .pipe
            case S_IFSOCK: .socket
            default: .device
            }
        permissions = raw.mode & 0o7777
        links = raw.links
        owner = raw.owner
    }

    /// The same file, whatever its content.
    package func isSameFile(as other: Stamp) -> Bool { inode == other.inode && device == other.device }

    /// The same file, unchanged in content.
    package func isUnchanged(since other: Stamp) -> Bool {
        isSameFile(as: other) && size == other.size && modified == other.modified && changed == other.changed
    }
}
