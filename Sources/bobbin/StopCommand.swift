import ArgumentParser
import Engine

struct StopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop",
        abstract: "Stop a continuous job, and keep it stopped.",
        discussion: """
            Puts disable.job into its folder, which holds until bobbin start. The run is asked to stop: shutdown file and SIGTERM, \
            then SIGKILL after its stopping_wait_time. Returns when nothing of it is left. Exits with 66 when there is no such \
            job, 124 when it has not stopped yet.

            Example: bobbin stop web
            """)

    @OptionGroup var root: RootOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var order: ContinuousOrderOptions

    func run() async throws { try await order.give(.stop, root, output) }
}
