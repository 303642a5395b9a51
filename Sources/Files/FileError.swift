import Glibc
import SystemPackage

/// A file-system call that failed: what was attempted, on what, and why.
package struct FileError: Error, Equatable, Sendable, CustomStringConvertible {
    package let operation: FileOperation
    package let subject: FileSubject
    package let code: Errno

    package init(_ operation: FileOperation, _ subject: FileSubject, _ code: Errno) {
        self.operation = operation
        self.subject = subject
        self.code = code
    }

    package init(_ operation: FileOperation, _ subject: String, _ code: Errno) {
        self.init(operation, FileSubject(text: subject), code)
    }

    package var description: String { "\(operation.attempt) \(subject): \(code) (errno \(code.rawValue))" }

    /// The name is not there (any more): for a claim, somebody else was faster.
    package var isMissing: Bool { code == .noSuchFileOrDirectory }

    /// The file system has no hard links, or none across what was asked for.
    var meansNoLinks: Bool { operation == .link && [.notPermitted, .noFunction, .notSupported, .tooManyLinks].contains(code) }

    /// The file may be read, but not be opened for writing.
    package var meansReadOnly: Bool { [.permissionDenied, .notPermitted, .readOnlyFileSystem].contains(code) }

    /// The machine, not the file, is the trouble: no space, no descriptors, no memory, read-only. Work stops, the
    /// operator is told, and it is tried again later.
    package var isShortage: Bool {
        [.noSpace, .diskQuotaExceeded, .tooManyOpenFiles, .tooManyOpenFilesInSystem, .noMemory, .readOnlyFileSystem, .ioError]
            .contains(code)
    }
}

/// The calls Files makes, by the name under which tests force an errno on them.
package enum FileOperation: String, Sendable, CaseIterable {
    case open, create, read, write, stamp, list, makeFolder, move, link, remove, removeFolder, lease, lock, sync, mode, owner

    /// "could not …", for error messages.
    var attempt: String {
        switch self {
        case .open: "could not open"
        case .create: "could not create"
        case .read: "could not read"
        case .write: "could not write"
        case .stamp: "could not examine"
        case .list: "could not list"
        case .makeFolder: "could not make the folder"
        case .move: "could not move"
        case .link: "could not link"
        case .remove: "could not remove"
        case .removeFolder: "could not remove the folder"
        case .lease: "could not ask for a lease on"
        case .lock: "could not lock"
        case .sync: "could not sync"
        case .mode: "could not set the mode of"
        case .owner: "could not set the owner of"
        }
    }
}
