import CLinux
import Glibc
import SystemPackage

/// Where programs are looked for: the folders of `PATH`.
package struct ProgramSearch: Sendable, Equatable {
    package let folders: [FilePath]

    /// - Parameter path: as in the variable: folders with colons between them. Relative and empty ones are left out:
    ///   they would let the working directory decide which program runs.
    package init(path: [UInt8]) {
        folders = path.split(separator: UInt8(ascii: ":")).map { FilePath(bytes: $0) }.filter(\.isAbsolute)
    }

    /// What the shell takes when `PATH` is not set.
    package static let standard = ProgramSearch(path: Array("/usr/local/bin:/usr/bin:/bin".utf8))

    /// The absolute path of a program; nil when no folder has one of that name that may be executed.
    package func find(_ name: [UInt8]) -> FilePath? {
        guard let name = FileName(name) else { return nil }
        return folders.lazy.map { $0.appending(name) }.first { $0.isProgram }
    }

    package var description: String { folders.map(\.escaped).joined(separator: ":") }
}

extension FilePath {
    /// Whether this is a regular file, in the end, that we may execute.
    package var isProgram: Bool {
        withPlatformString { path in
            let opened = clinux_openat(AT_FDCWD, path, lookOnly | O_CLOEXEC, 0)
            guard opened >= 0 else { return false }
            guard let stamp = try? OpenFile(adopting: opened, subject: FileSubject(text: escaped)).stamp(), stamp.kind == .file else {
                return false
            }
            return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0
        }
    }
}
