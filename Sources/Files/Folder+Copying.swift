import CLinux
import Documents
import Glibc
import SystemPackage

/// What copying a tree needs besides reading and making files.
extension Folder {
    /// The content of a new, empty file becomes that of another: by reference where the file system can (FICLONE), else
    /// byte by byte. Blocks.
    package static func fill(_ target: OpenFile, from source: OpenFile) throws(FileError) {
        if clinux_clone(source.descriptor, target.descriptor) == 0 { return }
        var offset = 0
        while true {
            let piece = try source.read(at: offset, count: 256 * 1024)
            if piece.isEmpty { return }
            try target.write(piece)
            offset += piece.count
        }
    }

    /// What a symbolic link says, whether anything is there or not.
    package func readLink(_ place: RelativePath) throws(FileError) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = try call(.read, shown(place)) {
            buffer.withUnsafeMutableBytes { buffer in
                place.withCString { readlinkat(descriptor, $0, buffer.baseAddress!.assumingMemoryBound(to: CChar.self), buffer.count) }
            }
        }
        return Array(buffer[..<count])
    }

    package func makeLink(_ place: RelativePath, to target: [UInt8]) throws(FileError) {
        let terminated = target + [0]
        try call(.link, shown(place)) {
            terminated.withUnsafeBytes { target in
                place.withCString { symlinkat(target.baseAddress!.assumingMemoryBound(to: CChar.self), descriptor, $0) }
            }
        }
    }

    /// Two names are exchanged in one step: whoever looks finds the one or the other, never nothing.
    ///
    /// - Throws: EINVAL where the file system cannot (NFS, some of FUSE).
    package func exchange(_ place: RelativePath, with other: Folder, _ otherPlace: RelativePath) throws(FileError) {
        try call(.move, shown(place)) {
            place.withCString { old in
                otherPlace.withCString { new in clinux_rename_exchange(descriptor, old, other.descriptor, new) }
            }
        }
    }

    /// Waits until everything on this file system is on the disk: for trees of many files. Blocks.
    package func syncFileSystem() throws(FileError) { try call(.sync, FileSubject(path)) { clinux_sync_all(descriptor) } }
}

extension OpenFile {
    /// Sets the time of the last change of the content: of a copy to that of its original.
    package func setModified(_ stamp: Stamp) throws(FileError) {
        let nanoseconds = stamp.modified.nanoseconds
        let rest = (nanoseconds % 1_000_000_000 + 1_000_000_000) % 1_000_000_000
        let modified = timespec(tv_sec: Int((nanoseconds - rest) / 1_000_000_000), tv_nsec: Int(rest))
        let times = [timespec(tv_sec: 0, tv_nsec: omitted), modified]
        try call(.mode, subject) { futimens(descriptor, times) }
    }

    package func setMode(_ mode: UInt32) throws(FileError) { try call(.mode, subject) { fchmod(descriptor, mode) } }
}

/// UTIME_OMIT of sys/stat.h, a macro that Swift does not see.
private let omitted = (1 << 30) - 2
