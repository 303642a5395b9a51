import ArgumentParser
import Documents
import Engine
import Files
import Glibc
import History
import Threads

/// The program `bobbin`. One file for each command.
@main
struct Bobbin: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bobbin",
        abstract: "Drop a file, a script runs on it, and nothing is lost.",
        discussion: """
            Put a script into jobs/triggered/NAME/run.sh, start `bobbin run`, and drop files into spool/NAME/. The folder \
            a file is in tells its state: the inbox itself, claimed/, retry/, done/, failed/. What became of FILE stands \
            in spool/NAME/status/FILE.json.
            """,
        version: "0.1.0",
        groupedSubcommands: [
            CommandGroup(name: "Running:", subcommands: [RunCommand.self]),
            CommandGroup(
                name: "Items:",
                subcommands: [
                    SubmitCommand.self, StatusCommand.self, WaitCommand.self, WhyCommand.self, LogsCommand.self,
                    RetryCommand.self,
                    CancelCommand.self, DiscardCommand.self, HistoryCommand.self,
                ]),
            CommandGroup(
                name: "Jobs:",
                subcommands: [
                    JobsCommand.self, ScheduleCommand.self, StartCommand.self, StopCommand.self, RestartCommand.self, HoldCommand.self,
                    ReleaseCommand.self, NewCommand.self, DeployCommand.self, CheckCommand.self, SchemaCommand.self, DoctorCommand.self,
                ]),
        ])

    static func main() {
        signal(SIGPIPE, SIG_IGN)
        do {
            let command = try parseAsRoot(SubmitCommand.rewriting(ArgumentBytes.commandLine))
            if command is RunCommand {
                Signals.hold(Orchestrator.signals)
                _ = RunCommand.serviceManager
            }
            try execute(command)
        } catch {
            end(with: error)
        }
    }

    private static func execute(_ parsed: any ParsableCommand) throws {
        var command = parsed
        guard let parsed = parsed as? any AsyncParsableCommand else { return try command.run() }
        // Used by this one task only.
        nonisolated(unsafe) var asynchronous = parsed
        EventLoop.serve {
            do {
                try await asynchronous.run()
            } catch {
                end(with: error)
            }
            Glibc.exit(EXIT_SUCCESS)
        }
    }

    /// Says what went wrong and ends with the exit code that belongs to it.
    private static func end(with error: any Error) -> Never {
        switch error {
        case let failure as Failure:
            Terminal.complain("bobbin: \(failure.description)", Priority.error)
            Glibc.exit(failure.status.rawValue)
        case let error as HistoryError:
            Terminal.complain("bobbin: \(error.description)", Priority.error)
            Glibc.exit(ExitStatus.inputOutput.rawValue)
        case let error as FileError:
            Terminal.complain("bobbin: \(error.description)", Priority.error)
            Glibc.exit(ExitStatus.inputOutput.rawValue)
        default: exit(withError: error)
        }
    }
}
