import Documents
import Files
import Spool

/// What came of an order on one item.
struct OrderResult {
    enum Outcome {
        case done(String)
        case refused(String)
        case notFound
        /// It has not taken effect in time; the text says what is going to happen.
        case pending(String)
    }

    /// As the item was named, or its name.
    let shown: String
    let id: ItemID?
    let outcome: Outcome

    private var word: String {
        switch outcome {
        case .done: "done"
        case .refused: "refused"
        case .notFound: "not_found"
        case .pending: "pending"
        }
    }

    private var status: ExitStatus {
        switch outcome {
        case .done: .success
        case .refused: .negative
        case .notFound: .notFound
        case .pending: .timedOut
        }
    }

    private func text(in queue: FileName) -> String {
        switch outcome {
        case .done(let text), .refused(let text), .pending(let text): text
        case .notFound: "queue \(queue.escaped) has no item of that name or id that this could be done to"
        }
    }

    /// Says what came of all; the exit code is the worst.
    static func report(_ results: [OrderResult], order: String, queue: FileName, json: Bool) throws {
        if json {
            Terminal.say(
                .object([
                    .init("order", .string(order)), .init("queue", .string(queue.escaped)),
                    .init(
                        "items",
                        .array(
                            results.map { result in
                                [
                                    "item": .string(result.shown), "id": JSON(result.id?.description),
                                    "result": .string(result.word),
                                    "message": .string(result.text(in: queue)),
                                ]
                            })),
                ]))
        } else {
            for result in results {
                let line = "\(result.shown): \(result.text(in: queue))"
                if case .done = result.outcome { Terminal.say(line) } else { Terminal.complain("bobbin: \(line)") }
            }
            if results.isEmpty { Terminal.say("nothing to \(order) in queue \(queue.escaped)") }
        }
        try (results.map(\.status).max { $0.rawValue < $1.rawValue } ?? .success).end()
    }
}

/// Finds the items of an order and carries it out on the folders; the orchestrator sees the change by itself.
struct Orders {
    let queue: QueueReader
    let orders: ItemOrders

    init(_ queue: QueueReader) {
        self.queue = queue
        orders = ItemOrders(name: queue.name, folder: queue.folder)
    }

    /// The id of what is named, among those that the order can concern: the newest by that name.
    func id(of argument: NameArgument, in areas: [QueueReader.Area]) throws -> ItemID? {
        let lookup = ItemLookup(queue)
        if let id = argument.id, try lookup.place(of: id) != nil { return id }
        for name in argument.names {
            if let (id, _) = try lookup.newest(name, in: areas.filter { $0 != .done }) { return id }
            if let status = try queue.status(named: name), status.name == name, try lookup.place(of: status.id) != nil {
                return status.id
            }
        }
        return nil
    }

    /// Carries an order out on each; `done` is what to say of a success.
    func carryOut(_ order: ItemOrder, on arguments: [NameArgument], in areas: [QueueReader.Area], done: String) throws
        -> [OrderResult]
    {
        try arguments.map { argument in
            guard let id = try id(of: argument, in: areas) else {
                return OrderResult(shown: argument.escaped, id: nil, outcome: .notFound)
            }
            return try carryOut(order, on: id, shown: argument.escaped, done: done)
        }
    }

    func carryOut(_ order: ItemOrder, on id: ItemID, shown: String? = nil, done: String) throws -> OrderResult {
        let shown = try shown ?? name(of: id) ?? id.description
        switch try orders.carryOut(order, on: id) {
        case .done: return OrderResult(shown: shown, id: id, outcome: .done(done))
        case .running(let run):
            return OrderResult(shown: shown, id: id, outcome: .pending("it runs (run \(run)) and was asked to stop"))
        case .refused(let why): return OrderResult(shown: shown, id: id, outcome: .refused(why))
        }
    }

    private func name(of id: ItemID) throws -> String? {
        guard let place = try queue.place(of: id)?.place else { return nil }
        return try queue.record(at: place).map { "\($0.name.escaped) (\(id))" }
    }
}
