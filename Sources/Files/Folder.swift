import CLinux
import Documents
import Glibc
import SystemPackage

/// An open folder. All work on what is inside goes through its descriptor, so it stays the same folder when its path
/// is renamed, replaced by a link or mounted over; whether that has happened is asked with `isStillAtPath`.
package final class Folder: Sendable {
    package let file: OpenFile
    /// Where the folder was when it was opened; for messages, and for programs that need a path.
    package let path: FilePath

    package var descriptor: Int32 { file.descriptor }

    private init(_ file: OpenFile, path: FilePath) {
        self.file = file
        self.path = path
    }

    /// Opens a folder; a symbolic link at the end of the path is followed only when `followingLink`.
    package static func open(_ path: FilePath, followingLink: Bool = true) throws(FileError) -> Folder {
        let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (followingLink ? 0 : O_NOFOLLOW)
        let opened = try call(.open, FileSubject(path)) {
            path.withPlatformString { clinux_openat(AT_FDCWD, $0, flags, 0) }
        }
        return Folder(OpenFile(adopting: opened, subject: FileSubject(path)), path: path)
    }

    /// Opens a folder below this one; a link is refused (ENOTDIR or ELOOP).
    package func folder(_ place: RelativePath) throws(FileError) -> Folder {
        let opened = try call(.open, shown(place)) {
            place.withCString { clinux_openat(descriptor, $0, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW, 0) }
        }
        return Folder(OpenFile(adopting: opened, subject: shown(place)), path: path.appending(place))
    }

    /// Makes a folder and those above it that are missing (`mkdir -p`), then opens it.
    package static func make(_ path: FilePath, mode: UInt32) throws(FileError) -> Folder {
        do throws(FileError) {
            return try open(path)
        } catch  where error.isMissing {
            let parent = path.removingLastComponent()
            if let name = path.name, parent != path {
                let above = parent.isEmpty ? try open(".") : try make(parent, mode: mode)
                try above.makeFolder(RelativePath(name), mode: mode)
            }
            return try open(path)
        }
    }

    func shown(_ place: RelativePath) -> FileSubject { FileSubject(path, place) }

    /// Whether the path still leads to this folder: false after a rename, a removal, a mount over it.
    package func isStillAtPath() -> Bool {
        guard let here = try? file.stamp(), let there = try? Folder.open(path).file.stamp() else { return false }
        return here.isSameFile(as: there)
    }

    // MARK: Looking

    /// The stamp of what has this name, a link itself rather than its target; nil when nothing has it.
    package func stamp(_ place: RelativePath) throws(FileError) -> Stamp? {
        var raw = clinux_stamp()
        do throws(FileError) {
            try call(.stamp, shown(place)) { place.withCString { clinux_stamp(descriptor, $0, &raw) } }
        } catch  where error.isMissing || error.code == .notDirectory {
            return nil
        }
        return Stamp(raw)
    }

    package func exists(_ place: RelativePath) -> Bool {
        if let stamp = try? stamp(place) { stamp.links >= 0 } else { false }
    }

    /// Whether nothing has this name, for certain: where the look itself fails, something may. The opposite of `exists`
    /// wherever taking a file for missing would lose it.
    package func isMissing(_ place: RelativePath) -> Bool {
        do throws(FileError) { return try stamp(place) == nil } catch { return false }
    }

    /// The kind of file system, by its magic number (statfs(2)).
    package var fileSystem: FileSystem { FileSystem(magic: clinux_filesystem(descriptor)) }

    /// Bytes that an ordinary user can still write here; nil when the file system does not tell.
    package var freeBytes: Int64? {
        let bytes = clinux_free_bytes(descriptor)
        return bytes < 0 ? nil : bytes
    }

    // MARK: Opening and making

    /// Opens what has this name, never through a link and never waiting for a pipe's other end.
    package func open(_ place: RelativePath, writing: Bool = false) throws(FileError) -> OpenFile {
        let flags = (writing ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
        let opened = try call(.open, shown(place)) {
            place.withCString { clinux_openat(descriptor, $0, flags, 0) }
        }
        return OpenFile(adopting: opened, subject: shown(place))
    }

    /// Creates a file that must not exist yet, opened for writing.
    package func create(_ place: RelativePath, mode: UInt32 = 0o600) throws(FileError) -> OpenFile {
        try create(place, flags: O_EXCL, mode: mode)
    }

    /// Opens for writing, emptying what is there or creating it.
    package func overwrite(_ place: RelativePath, mode: UInt32 = 0o600) throws(FileError) -> OpenFile {
        try create(place, flags: O_TRUNC, mode: mode)
    }

    /// Opens for writing what is there, and is empty, or creates it. Without O_TRUNC: ext4 writes a file that was emptied to
    /// the disk when it is closed (mount option auto_da_alloc), which takes as long as all the rest of a claim.
    package func makeOrOpen(_ place: RelativePath, mode: UInt32 = 0o600) throws(FileError) -> OpenFile {
        try create(place, flags: 0, mode: mode)
    }

    /// Opens for appending, creating the file when it is missing.
    package func append(to place: RelativePath, mode: UInt32 = 0o600) throws(FileError) -> OpenFile {
        try create(place, flags: O_APPEND, mode: mode)
    }

    private func create(_ place: RelativePath, flags: Int32, mode: UInt32) throws(FileError) -> OpenFile {
        let opened = try call(.create, shown(place)) {
            place.withCString { clinux_openat(descriptor, $0, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags, mode) }
        }
        let file = OpenFile(adopting: opened, subject: shown(place))
        #if DEBUG
            if let observe = Faults.plan?.observe { observe(.create(self, place, file, emptied: flags & O_TRUNC != 0)) }
        #endif
        return file
    }

    /// Makes a folder; false when it was there already.
    @discardableResult
    package func makeFolder(_ place: RelativePath, mode: UInt32 = 0o700) throws(FileError) -> Bool {
        do throws(FileError) {
            try call(.makeFolder, shown(place), changes: .makeFolder(self, place)) { place.withCString { mkdirat(descriptor, $0, mode) } }
            return true
        } catch  where error.code == .fileExists {
            return false
        }
    }

    /// Gives what is inside, a link itself rather than its target, to a user and a group; nil = as it is.
    package func setOwner(_ place: RelativePath, user: UInt32? = nil, group: UInt32? = nil) throws(FileError) {
        let (user, group) = (user.map(Int64.init) ?? -1, group.map(Int64.init) ?? -1)
        try call(.owner, shown(place)) { place.withCString { clinux_own(descriptor, $0, user, group) } }
    }

    /// Sets the permission bits of what is inside; needed where the umask must not decide.
    package func setMode(_ place: RelativePath, _ mode: UInt32) throws(FileError) {
        try call(.mode, shown(place)) { place.withCString { fchmodat(descriptor, $0, mode, 0) } }
    }
}
