import ArgumentParser
import Spool

struct DiscardCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "discard",
        abstract: "Remove items for good, with their log, results and status.",
        discussion: """
            For what has failed, rests between two attempts, or is done. What runs must be cancelled first (exit code 1); \
            a file that still waits in the inbox is simply removed with rm. There is no way back.

            Examples: bobbin discard orders may.csv
                      bobbin discard orders --all-failed
            """)

    @OptionGroup var root: RootOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "The queue.", completion: .queues)
    var queue: NameArgument

    @Argument(help: ArgumentHelp("Ids, or names: the newest such item of that name.", valueName: "id|name"))
    var items: [NameArgument] = []

    @Flag(help: "All items in failed/.")
    var allFailed = false

    func validate() throws {
        if allFailed == !items.isEmpty { throw ValidationError("Name the items, or say --all-failed.") }
    }

    func run() throws {
        let orders = Orders(try root.queue(queue))
        let results =
            allFailed
            ? try orders.queue.items(.failed).map { try orders.carryOut(.discard, on: $0, done: "removed") }
            : try orders.carryOut(.discard, on: items, in: [.failed, .retry, .claimed, .done], done: "removed")
        try OrderResult.report(results, order: "discard", queue: orders.queue.name, json: output.json)
    }
}
