import ArgumentParser
import Engine

struct StartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start",
        abstract: "Start a continuous job.",
        discussion: """
            Removes disable.job from its folder, and has it start now: also when it waits for its next start after a crash, or \
            has stopped for good with exit code 125. Returns when it runs. Exits with 1 when it does not (it went down at once, \
            cannot be run, is disabled by its settings), 66 when there is no such job, 124 when nothing has come of it.

            Example: bobbin start web
            """)

    @OptionGroup var root: RootOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var order: ContinuousOrderOptions

    func run() async throws { try await order.give(.start, root, output) }
}
