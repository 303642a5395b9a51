import ArgumentParser
import Documents
import Hosting

struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Print the JSON Schema of settings.job, for editors.",
        discussion: """
            All keys with their meaning, range and default. Save it, and name it in the "$schema" of a settings.job, or \
            tell your editor to use it for files of that name.

            Example: bobbin schema > settings.schema.json
            """)

    @OptionGroup var output: OutputOptions

    func run() { Terminal.say(SettingsSchema.document) }
}
