import CLinux
import Glibc
import SystemPackage

/// Reads the names in a folder a buffer at a time, so that a folder of a million files costs no more memory than one
/// of ten. Entries added or removed while reading may or may not appear (readdir(3)): one listing is never the truth.
package final class Listing {
    package struct Entry: Sendable {
        package let name: FileName
        /// False only when the file system says that it is something else.
        package let mayBeFolder: Bool
        /// False only when the file system says that it is something else.
        package let mayBeFile: Bool
    }

    private let stream: OpaquePointer
    private let subject: FileSubject

    fileprivate init(_ stream: OpaquePointer, subject: FileSubject) {
        self.stream = stream
        self.subject = subject
    }

    deinit { closedir(stream) }

    /// The next entry except `.` and `..`; nil at the end.
    package func next() throws(FileError) -> Entry? {
        while true {
            var found: UnsafeMutablePointer<dirent>?
            try call(.list, subject) { () -> Int32 in
                errno = 0
                found = readdir(stream)
                return found == nil && errno != 0 ? -1 : 0
            }
            guard let found else { return nil }
            let length = strlen(found.namePointer)
            let bytes = UnsafeRawBufferPointer(start: found.namePointer, count: length)
            guard let name = FileName(bytes) else { continue }
            let type = Int32(found.pointee.d_type)
            let unknown = type == Int32(DT_UNKNOWN)
            return Entry(name: name, mayBeFolder: unknown || type == Int32(DT_DIR), mayBeFile: unknown || type == Int32(DT_REG))
        }
    }
}

extension UnsafeMutablePointer<dirent> {
    /// `d_name` is longer than its declaration: read it in place, never through a copy of the struct.
    fileprivate var namePointer: UnsafePointer<CChar> {
        let offset = MemoryLayout<dirent>.offset(of: \.d_name)!
        return UnsafeRawPointer(self).advanced(by: offset).assumingMemoryBound(to: CChar.self)
    }
}

extension Folder {
    /// Starts reading the names from the beginning, on a descriptor of its own.
    package func listing() throws(FileError) -> Listing {
        let copy = try call(.open, FileSubject(path)) {
            clinux_openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
        }
        guard let stream = fdopendir(copy) else {
            let code = Errno(rawValue: errno)
            close(copy)
            throw FileError(.list, FileSubject(path), code)
        }
        return Listing(stream, subject: FileSubject(path))
    }

    /// All names at once: for folders that are small by design, never for an inbox.
    package func names() throws(FileError) -> [FileName] {
        let listing = try listing()
        var names: [FileName] = []
        while let entry = try listing.next() { names.append(entry.name) }
        return names
    }

    /// The names of a folder inside; none when it does not exist.
    package func names(in place: RelativePath) throws(FileError) -> [FileName] {
        do throws(FileError) {
            return try folder(place).names()
        } catch  where error.isMissing {
            return []
        }
    }

    /// Whether anything is in this folder. Not for use from two tasks at once: it moves the descriptor's position.
    package func hasEntries() throws(FileError) -> Bool {
        try call(.list, FileSubject(path)) { clinux_has_entries(descriptor) } > 0
    }

    /// True when the folder inside is missing or has no entries.
    package func isEmpty(_ place: RelativePath) throws(FileError) -> Bool {
        do throws(FileError) {
            return try folder(place).listing().next() == nil
        } catch  where error.isMissing {
            return true
        }
    }
}
