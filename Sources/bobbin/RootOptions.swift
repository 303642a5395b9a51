import ArgumentParser
import Documents
import Engine
import Files
import Glibc
import Hosting
import Spool
import SystemPackage

/// Where Bobbin's folders are; shared by all commands.
struct RootOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The folder that holds jobs/, spool/ and data/.",
            discussion: "Default: $BOBBIN_ROOT, else the current folder.", valueName: "dir"),
        completion: .directory)
    var root: String?

    @Option(help: ArgumentHelp("Use another folder for jobs ($BOBBIN_JOBS).", valueName: "dir"), completion: .directory)
    var jobs: String?

    @Option(help: ArgumentHelp("Use another folder for the queues ($BOBBIN_SPOOL).", valueName: "dir"), completion: .directory)
    var spool: String?

    @Option(help: ArgumentHelp("Use another folder for Bobbin's own data ($BOBBIN_DATA).", valueName: "dir"), completion: .directory)
    var data: String?

    private func path(_ option: String?, _ variable: String) -> FilePath? {
        if let option { return FilePath(bytes: ArgumentBytes.bytes(option)) }
        guard let value = getenv(variable), value.pointee != 0 else { return nil }
        return FilePath(platformString: value)
    }

    var layout: Layout {
        Layout(
            root: path(root, "BOBBIN_ROOT") ?? ".", jobs: path(jobs, "BOBBIN_JOBS"), spool: path(spool, "BOBBIN_SPOOL"),
            data: path(data, "BOBBIN_DATA"))
    }

    /// All queues of the spool.
    func queues() throws -> [QueueReader] {
        guard let spool = try? Folder.open(layout.spool) else {
            throw Failure(
                .notFound, "there is no spool at \(layout.spool.escaped); name the root with --root or $BOBBIN_ROOT")
        }
        return try QueueReader.all(in: spool)
    }

    func queue(_ argument: NameArgument) throws -> QueueReader {
        let queues = try queues()
        guard let queue = argument.names.lazy.compactMap({ name in queues.first { $0.name == name } }).first else {
            let known = queues.map(\.name.escaped).joined(separator: ", ")
            throw Failure(
                .notFound,
                "there is no queue \"\(argument.escaped)\" in \(layout.spool.escaped)"
                    + (known.isEmpty ? "" : "; there are \(known)"))
        }
        return queue
    }
}

/// The form of the answer; shared by all commands that answer.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Answer in JSON.")
    var json = false
}

/// Exit codes of all commands (docs/commands.md): those of sysexits.h where one fits.
enum ExitStatus: Int32 {
    case success = 0
    /// The item failed, the check found problems, the order was refused.
    case negative = 1
    /// The command line is wrong; nothing was done.
    case usage = 64
    /// No such queue, job, item or file.
    case notFound = 66
    /// `run`: the surroundings do not allow it to start.
    case cannotStart = 69
    case internalError = 70
    case inputOutput = 74
    /// What was waited for has not come in time.
    case timedOut = 124

    /// Ends the command with this code and no further words.
    func end() throws {
        if self != .success { throw ExitCode(rawValue) }
    }
}

/// An error that ends a command: said on standard error, with its exit code.
struct Failure: Error, CustomStringConvertible {
    let status: ExitStatus
    let description: String

    init(_ status: ExitStatus, _ description: String) {
        self.status = status
        self.description = description
    }
}
