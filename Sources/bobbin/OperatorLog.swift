import Documents
import Files
import Glibc
import Synchronization
import SystemPackage

/// Where `bobbin run` tells the operator what goes on: standard error, or a file.
///
/// A line begins with the time; in the journal of systemd, which knows the time, with its priority instead.
final class OperatorLog: Sendable {
    /// nil = standard error.
    private let path: FilePath?
    private let file: Mutex<OpenFile?>

    /// - Parameter path: a file to append to, made when it is missing; not a link.
    init(_ path: FilePath?) throws(FileError) {
        self.path = path
        if let path { file = Mutex(try Self.open(path)) } else { file = Mutex(nil) }
    }

    private static func open(_ path: FilePath) throws(FileError) -> OpenFile {
        guard let name = path.bytes.split(separator: UInt8(ascii: "/")).last.flatMap({ FileName($0) }) else {
            throw FileError(.open, path.escaped, .isDirectory)
        }
        let parent = path.removingLastComponent()
        return try Folder.open(parent.isEmpty ? "." : parent).append(to: RelativePath(name), mode: 0o640)
    }

    /// A line, which may begin with a `Priority`.
    func write(_ line: String) {
        let (priority, text) = Priority.split(line)
        let timed = "\(Clocks.system.now().rfc3339) \(text)"
        if path == nil { return Terminal.complain(Terminal.isJournal ? String(text) : timed, priority) }
        // A line that cannot be written, for want of room, is lost: nothing may wait for it.
        file.withLock { try? $0?.write(Array(timed.utf8) + [UInt8(ascii: "\n")]) }
    }

    /// After the file was renamed: the next line goes to a new one of the old name.
    func reopen() {
        guard let path else { return }
        do throws(FileError) {
            let fresh = try Self.open(path)
            file.withLock { $0 = fresh }
        } catch {
            write("\(error); the log goes on in the file that was open")
        }
    }

    /// What ended the program, where the lines before it are; standard error is told in any case.
    func writeEnd(_ error: any Error) { if path != nil { write(Priority.error + "\(error)") } }
}
