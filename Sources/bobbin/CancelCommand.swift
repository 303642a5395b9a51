import ArgumentParser
import Documents
import Files
import Spool

struct CancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Stop an item: it goes to failed/ as cancelled.",
        discussion: """
            A file that waits, or rests between two attempts, is put away at once. A run is asked to stop by the stop \
            protocol (SIGTERM, then SIGKILL); the command waits up to 10 seconds for its end and says what happened. \
            Exits with 1 when the item has ended otherwise, 66 when there is no such item, 124 when a run has not ended \
            yet. bobbin retry puts a cancelled item back.

            Example: bobbin cancel encode film.mkv
            """)

    @OptionGroup var root: RootOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "The queue.", completion: .queues)
    var queue: NameArgument

    @Argument(
        help: ArgumentHelp(
            "Names or ids. Of a name, the file that waits comes first, then the newest item.", valueName: "id|name"))
    var items: [NameArgument]

    @Flag(help: "Do not wait for the end of runs.")
    var noWait = false

    func validate() throws {
        if items.isEmpty { throw ValidationError("Name the items.") }
    }

    func run() async throws {
        let orders = Orders(try root.queue(queue))
        var results: [OrderResult] = []
        for item in items { results.append(try cancel(item, orders)) }
        if !noWait { results = try await results.asyncMap { try await end(of: $0, orders) } }
        try OrderResult.report(results, order: "cancel", queue: orders.queue.name, json: output.json)
    }

    private func cancel(_ item: NameArgument, _ orders: Orders) throws -> OrderResult {
        let lookup = ItemLookup(orders.queue)
        for name in try names(item, lookup) where try lookup.inInbox(name) != nil {
            if let id = try orders.orders.cancelWaiting(name) {
                return OrderResult(shown: item.escaped, id: id, outcome: .done("cancelled before it started"))
            }
            // Claimed at this moment: it is an item now.
        }
        guard let id = try orders.id(of: item, in: [.claimed, .retry, .failed]) else {
            return OrderResult(shown: item.escaped, id: nil, outcome: .notFound)
        }
        return try orders.carryOut(.cancel, on: id, shown: item.escaped, done: "cancelled")
    }

    /// An id may be the one that a waiting file's envelope asks for.
    private func names(_ item: NameArgument, _ lookup: ItemLookup) throws -> [FileName] {
        if let id = item.id, case .waiting(let name, _, _)? = try lookup.find(id) { return [name] }
        return item.names
    }

    private func end(of result: OrderResult, _ orders: Orders) async throws -> OrderResult {
        guard case .pending = result.outcome, let id = result.id else { return result }
        func answer(_ outcome: OrderResult.Outcome) -> OrderResult {
            OrderResult(shown: result.shown, id: id, outcome: outcome)
        }
        guard try JobsLook(root.layout).isServed else {
            return answer(.pending("no orchestrator is running here; the item is cancelled as soon as one starts"))
        }
        var waiting = Waiting(for: id, in: orders.queue)
        switch try await waiting.run(timeout: .seconds(10), waitsForArrival: false) {
        case .final(let status) where status.state == .cancelled: return answer(.done("cancelled while it ran"))
        case .final(let status):
            return answer(.refused("it ended before it could be stopped: \(status.state.rawValue)"))
        case .timedOut:
            return answer(
                .pending(
                    "it was asked to stop and still runs; wait for its end: bobbin wait \(orders.queue.name.escaped) \(id)"
                ))
        case .vanished: return answer(.refused("it was removed meanwhile"))
        }
    }
}

extension Array {
    fileprivate func asyncMap<Other>(_ body: (Element) async throws -> Other) async throws -> [Other] {
        var others: [Other] = []
        for element in self { others.append(try await body(element)) }
        return others
    }
}
