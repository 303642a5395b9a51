import ArgumentParser
import Documents
import Engine
import Files
import Hosting
import Spool
import SystemPackage

extension JobTemplate.Language: ExpressibleByArgument {}

struct NewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Make a job: a script that works, and its settings, explained.",
        discussion: """
            Makes jobs/triggered/NAME with a script and a settings.job to change, and the queue spool/NAME. Both run as \
            they are. Nothing that exists is overwritten: exit code 1.

            Example: bobbin new thumbnails --language py
            """)

    @OptionGroup var root: RootOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "The name of the job and of its queue.")
    var name: NameArgument

    @Option(help: "The script's language: \(JobTemplate.Language.allCases.map(\.rawValue).joined(separator: ", ")).")
    var language = JobTemplate.Language.sh

    func run() throws {
        guard let name = FileName(name.bytes), !name.hasPrefix(".") else {
            throw Failure(
                .usage,
                "\"\(name.escaped)\" can be no job's name: it must be a file name that does not begin with a dot")
        }
        let layout = root.layout
        let jobs = try Folder.make(layout.triggeredJobs, mode: 0o755)
        let path = layout.triggeredJobs.appending(name)
        guard !jobs.exists(RelativePath(name)) else {
            throw Failure(.negative, "\(path.escaped) exists already and is not overwritten")
        }
        // Made under a hidden name, so that a running orchestrator never sees half a job.
        guard let hidden = FileName(Array(".new-".utf8) + name.bytes.prefix(200)).map({ RelativePath($0) }) else {
            throw Failure(.usage, "\"\(name.escaped)\" is too long")
        }
        try jobs.removeTree(hidden)
        try jobs.makeFolder(hidden, mode: 0o755)
        let template = JobTemplate(name: name, language: language)
        for file in template.files { try jobs.write(file.content, toNew: hidden / file.name, mode: file.mode) }
        guard try jobs.move(hidden, to: jobs, as: RelativePath(name)) == .moved else {
            try jobs.removeTree(hidden)
            throw Failure(.negative, "\(path.escaped) exists already and is not overwritten")
        }
        _ = try QueueLayout.make(name, in: try Folder.make(layout.spool, mode: 0o755))
        say(path, template, name, layout)
    }

    private func say(_ path: FilePath, _ template: JobTemplate, _ name: FileName, _ layout: Layout) {
        let files = template.files.map { path.appending($0.name).escaped }
        let queue = layout.spool.appending(name).escaped
        if output.json {
            Terminal.say(
                .object(
                    named: name,
                    [
                        .init("folder", .string(path.escaped)), .init("files", .array(files.map(JSON.string))),
                        .init("queue", .string(queue)),
                    ]))
            return
        }
        for file in files { Terminal.say("made \(file)") }
        Terminal.say(
            """

            Next: put your work into the script, and see that it is fine with
              bobbin check
            Then serve the queues (a running orchestrator takes the job up by itself) and drop a file:
              bobbin run
              mv FILE \(queue)/        or: bobbin submit \(name.escaped) FILE --wait
            """)
    }
}
