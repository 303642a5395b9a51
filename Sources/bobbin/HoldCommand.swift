import ArgumentParser
import Documents
import Engine
import Files

struct HoldCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hold",
        abstract: "Have a job take nothing until it is released.",
        discussion: """
            A triggered job finishes what runs and starts nothing more; its queue fills, across restarts too. A continuous \
            job is stopped, as by bobbin stop. Exits with 66 when there is no such job.

            Example: bobbin hold orders
            """)

    @OptionGroup var root: RootOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "The job; of two that share a name, the triggered one.", completion: .jobs)
    var job: NameArgument

    func run() async throws {
        try await HoldOrder(job: job, root: root, output: output).give(.stop, "hold", "held; its queue fills until: bobbin release") {
            try $0.hold($1)
            return true
        }
    }
}

struct ReleaseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release",
        abstract: "Have a held job work again.",
        discussion: """
            The opposite of bobbin hold; a continuous job is started, as by bobbin start. Exits with 1 when a triggered job \
            was not held, 66 when there is no such job.

            Example: bobbin release orders
            """)

    @OptionGroup var root: RootOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "The job; of two that share a name, the triggered one.", completion: .jobs)
    var job: NameArgument

    func run() async throws {
        try await HoldOrder(job: job, root: root, output: output).give(.start, "release", "released") { try $0.release($1) }
    }
}

/// What hold and release have in common.
private struct HoldOrder {
    let job: NameArgument
    let root: RootOptions
    let output: OutputOptions

    /// - Parameter carryOut: false when there was nothing to do.
    func give(
        _ kind: JobOrders.Order.Kind, _ word: String, _ done: String, _ carryOut: (JobOrders, FileName) throws -> Bool
    ) async throws {
        let look = try JobsLook(root.layout)
        guard let name = job.names.first(where: { look.job($0) != nil }) else {
            let continuous = try ContinuousOrder.job(job, in: look)
            return try await ContinuousOrder(kind: kind, job: continuous, look: look).run(waits: true, json: output.json)
        }
        let hasChanged = try carryOut(try JobOrders(look.layout), name)
        let text = hasChanged ? done : "it is not held"
        if output.json {
            Terminal.say(
                JSON.object([
                    .init("order", .string(word)), .init("job", .string(name.escaped)),
                    .init("result", .string(hasChanged ? "done" : "refused")), .init("message", .string(text)),
                ]))
        } else if hasChanged {
            Terminal.say("\(name.escaped): \(text)")
        } else {
            Terminal.complain("bobbin: \(name.escaped): \(text)")
        }
        try (hasChanged ? ExitStatus.success : .negative).end()
    }
}
