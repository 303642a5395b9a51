import ArgumentParser
import Documents
import Files
import Spool

struct WaitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait",
        abstract: "Wait until an item has succeeded or failed.",
        discussion: """
            Exits with 0 when it succeeded, 1 when it failed or was cancelled, 124 when the timeout came first. A file \
            that still waits in the inbox is waited for; one that is not there yet only with --timeout, since it might \
            never come. What became of an earlier file of the same name is not the answer while a newer one waits.

            Example: bobbin wait orders may.csv --timeout 10m && mail -s done me@example.org
            """)

    @OptionGroup var root: RootOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "The queue.", completion: .queues)
    var queue: NameArgument

    @Argument(help: ArgumentHelp("The file's name, or the item's id.", valueName: "name|id"))
    var item: NameArgument

    @Option(help: ArgumentHelp("Give up after this time: seconds, or 90s, 5m, 2h.", valueName: "duration"))
    var timeout: DurationArgument?

    func run() async throws {
        let reader = try root.queue(queue)
        var waiting = try start(in: reader)
        let outcome = try await waiting.run(
            timeout: timeout?.duration, waitsForArrival: timeout != nil,
            onLook: { Self.show($0, item.escaped, isQuiet: output.json) })
        Terminal.endProgress()
        try Self.report([(item.escaped, outcome)], queue: reader.name, json: output.json).end()
    }

    private func start(in queue: QueueReader) throws -> Waiting {
        let lookup = ItemLookup(queue)
        for name in item.names where try lookup.find(named: name) != nil {
            return try Waiting(forName: name, in: queue)
        }
        if let id = item.id { return Waiting(for: id, in: queue) }
        guard let name = item.names.first else { throw Failure(.usage, "\"\(item.escaped)\" can be no file's name") }
        return try Waiting(forName: name, in: queue)
    }

    static func show(_ look: Waiting.Look, _ name: String, isQuiet: Bool) {
        if isQuiet { return }
        switch look {
        case .absent: Terminal.progress("\(name): not there yet")
        case .inInbox: Terminal.progress("\(name): waiting in the inbox")
        case .underWay(nil): Terminal.progress("\(name): started")
        case .underWay(let status?):
            let next = status.nextAttemptAt.map { ", next attempt \(Shown.time($0))" } ?? ""
            Terminal.progress("\(name): \(Shown.state(status.state))\(next) \(Shown.progress(status.progress))")
        }
    }

    /// Says what came of it; the exit code is the worst of all.
    static func report(_ outcomes: [(shown: String, outcome: Waiting.Outcome)], queue: FileName, json: Bool) throws
        -> ExitStatus
    {
        var worst = ExitStatus.success
        func note(_ status: ExitStatus) { if status.rawValue > worst.rawValue { worst = status } }
        var answers: [JSON] = []
        for (shown, outcome) in outcomes {
            switch outcome {
            case .final(let status):
                if status.state != .succeeded { note(.negative) }
                answers.append(status.json)
                if !json { Terminal.say(sentence(of: status)) }
            case .timedOut(let last):
                note(.timedOut)
                let state = last.word
                answers.append([
                    "name": .string(shown), "queue": .string(queue.escaped), "state": .string(state), "timed_out": true,
                ])
                Terminal.complain(
                    "bobbin: \(shown) has not ended in time; its state: \(state). See: bobbin why \(queue.escaped) \(shown)"
                )
            case .vanished:
                note(.notFound)
                answers.append(["name": .string(shown), "queue": .string(queue.escaped), "state": .null])
                Terminal.complain(
                    "bobbin: queue \(queue.escaped) has nothing that is called \"\(shown)\", or has it no longer")
            }
        }
        if json { Terminal.say((answers.count == 1 ? answers[0] : .array(answers))) }
        return worst
    }

    static func sentence(of status: StatusDocument) -> String {
        var text = "\(status.name.escaped): \(Shown.state(status.state))"
        let ending = Shown.ending(reason: status.reason, exitCode: status.exitCode, signal: status.signal)
        if status.state != .succeeded, !ending.isEmpty { text += " (\(ending))" }
        if let started = status.startedAt, let finished = status.finishedAt {
            text += " after \(Shown.age(finished - started))"
        }
        if status.attempt > 1 { text += ", attempt \(status.attempt)" }
        return text
    }
}

extension Waiting.Look {
    /// A machine-readable word.
    var word: String {
        switch self {
        case .absent: "absent"
        case .inInbox: "waiting"
        case .underWay(let status): status?.state.rawValue ?? "running"
        }
    }
}
