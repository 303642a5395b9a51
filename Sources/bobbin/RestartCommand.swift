import ArgumentParser
import Engine

struct RestartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart",
        abstract: "Stop a continuous job and start it again.",
        discussion: """
            By the stop protocol, on every instance that runs it; returns when it runs again. Exits with 1 when it is stopped or does \
            not start, 66 when there is no such job, 124 when nothing has come of it.

            Example: bobbin restart web
            """)

    @OptionGroup var root: RootOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var order: ContinuousOrderOptions

    func run() async throws { try await order.give(.restart, root, output) }
}
