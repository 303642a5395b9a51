import ArgumentParser
import Documents
import Engine
import Files
import Hosting
import Spool
import SystemPackage

struct DeployCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deploy",
        abstract: "Put a new version of a job in the place of the old one, in one step.",
        discussion: """
            Takes a folder, a zip file or a single script, prepares it beside the job, checks it as `bobbin check` does, and \
            exchanges the two. Whatever is wrong leaves the old version as it was: exit code 1. The old version is kept, and \
            --rollback exchanges the two again. Runs that are under way end with what they were started from; a running \
            orchestrator takes the new version up by itself within two seconds. A continuous job that is stopped by \
            disable.job stays stopped.

            Example: bobbin deploy orders ./build/orders.zip
            """)

    @OptionGroup var root: RootOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "The name of the job.")
    var name: NameArgument

    @Argument(help: ArgumentHelp("A folder, a zip file, or a script.", valueName: "path"))
    var source: NameArgument?

    @Flag(help: "The job is a continuous one.")
    var continuous = false

    @Flag(help: "Go back to the version before.")
    var rollback = false

    func validate() throws {
        if rollback == (source != nil) {
            throw ValidationError(rollback ? "--rollback takes no path" : "name what to deploy: a folder, a zip file or a script")
        }
    }

    func run() throws {
        guard let name = FileName(name.bytes), !name.hasPrefix(".") else {
            throw Failure(
                .usage, "\"\(name.escaped)\" can be no job's name: it must be a file name that does not begin with a dot")
        }
        let layout = root.layout
        let upload = try JobUpload(JobKey(continuous ? .continuous : .triggered, name), jobs: layout.jobs)
        do {
            if let source { try deploy(source, with: upload, layout) } else { try rollBack(upload) }
        } catch let failure as JobUpload.Failure {
            switch failure {
            case .problems: throw Failure(.negative, "\(failure)\nNothing was changed.")
            case .failed(.file(let error)):
                throw Failure(error.isMissing ? .notFound : .inputOutput, "\(error). Nothing was changed.")
            case .failed: throw Failure(.inputOutput, "\(failure). Nothing was changed.")
            }
        }
    }

    private func deploy(_ source: NameArgument, with upload: JobUpload, _ layout: Layout) throws {
        let report = try upload.deploy(source.path)
        if upload.key.kind == .triggered { _ = try QueueLayout.make(upload.key.name, in: try Folder.make(layout.spool, mode: 0o755)) }
        if report.hasLostSettings {
            Terminal.complain("The new version has no settings.job, and the old one had: the job has the default settings now.")
        }
        answer(
            upload,
            [
                .init("files", JSON(report.files)), .init("previous", .bool(report.hasPrevious)),
                .init("disabled", .bool(report.isStillDisabled)),
            ],
            "deployed \(upload.key): \(report.files) file\(report.files == 1 ? "" : "s")"
                + (report.isStillDisabled ? "; it stays stopped (disable.job)" : "")
                + (report.hasPrevious ? "; the version before is kept (--rollback)" : ""))
    }

    private func rollBack(_ upload: JobUpload) throws {
        guard try upload.rollBack() else {
            throw Failure(.notFound, "there is no version of \(upload.key) before the one in force")
        }
        answer(upload, [.init("previous", .bool(true))], "\(upload.key) is what it was before; --rollback once more undoes that")
    }

    private func answer(_ upload: JobUpload, _ members: [JSON.Member], _ text: String) {
        if output.json {
            Terminal.say(
                .object(
                    named: upload.key.name,
                    [.init("kind", .string(upload.key.kind.rawValue)), .init("folder", .string(upload.path.escaped))] + members))
        } else {
            Terminal.say(text)
        }
    }
}
