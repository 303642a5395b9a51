import ArgumentParser
import Spool

struct RetryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Run failed items again, or resting ones at once.",
        discussion: """
            Puts items from failed/ back with their history; the count of attempts starts anew. An item that rests \
            between two attempts starts as soon as there is a place. Exits with 1 when an item cannot be retried (it \
            runs, or it succeeded), 66 when there is no such item.

            Examples: bobbin retry orders may.csv
                      bobbin retry orders --all
            """)

    @OptionGroup var root: RootOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "The queue.", completion: .queues)
    var queue: NameArgument

    @Argument(help: ArgumentHelp("Ids, or names: the newest failed item of that name.", valueName: "id|name"))
    var items: [NameArgument] = []

    @Flag(help: "All items in failed/.")
    var all = false

    func validate() throws {
        if all == !items.isEmpty { throw ValidationError("Name the items, or say --all.") }
    }

    func run() throws {
        let orders = Orders(try root.queue(queue))
        let done = "put back; it starts as soon as there is a place"
        let results =
            all
            ? try orders.queue.items(.failed).map { try orders.carryOut(.retry, on: $0, done: done) }
            : try orders.carryOut(.retry, on: items, in: [.failed, .retry], done: done)
        try OrderResult.report(results, order: "retry", queue: orders.queue.name, json: output.json)
    }
}
