import ArgumentParser
import Documents
import Files

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Try out whether this place is fit for work, and say how to mend what is not.",
        discussion: """
            Tries in each queue what Bobbin relies on (renames, leases, locks, events) with hidden probe files, and looks \
            at watches, free space, clocks, history, orchestrators that are gone, and what lies about. Exits with 1 when \
            something fails; warnings tell what works worse than it could.

            With --verify it looks instead whether what Bobbin promises holds: no file lost or doubled, one final state, no \
            process without an owner. Exits with 1 when a promise is broken; what a crash left for the next start is due, \
            not broken.

            Example: bobbin doctor --root /srv/bobbin
            Example: bobbin doctor --verify --ledger dropped.txt
            """)

    @OptionGroup var root: RootOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var options: VerifyOptions

    func run() async throws {
        if options.verify { return try await verifyPromises() }
        let findings = try await Doctor(layout: root.layout).examine()
        let isFit = !findings.contains { $0.level == .fail }
        if output.json {
            Terminal.say(.object([.init("ok", .bool(isFit)), .init("checks", .array(findings.map(\.json)))]))
        } else {
            let rows = findings.map { finding in
                [
                    Terminal.paint(finding.level.rawValue, finding.level.colour), finding.check, finding.subject,
                    finding.message,
                ]
            }
            let lines = Terminal.table([["", "CHECK", "WHERE", "FOUND"]] + rows).split(separator: "\n")
            for (index, line) in lines.enumerated() {
                Terminal.say(String(line))
                if index > 0, let mend = findings[index - 1].mend { Terminal.say("      mend: \(mend)") }
            }
            let count = { (level: Finding.Level) in findings.count { $0.level == level } }
            Terminal.say("\(count(.ok)) fine, \(count(.warn)) warnings, \(count(.fail)) failures")
        }
        try (isFit ? ExitStatus.success : .negative).end()
    }

    /// What one probe found.
    struct Finding {
        enum Level: String {
            case ok = "OK"
            case warn = "WARN"
            case fail = "FAIL"

            var colour: Terminal.Colour {
                switch self {
                case .ok: .green
                case .warn: .yellow
                case .fail: .red
                }
            }
        }

        let level: Level
        /// Machine-readable.
        let check: String
        let subject: String
        let message: String
        let mend: String?

        init(_ level: Level, _ check: String, _ subject: String, _ message: String, mend: String? = nil) {
            self.level = level
            self.check = check
            self.subject = subject
            self.message = message
            self.mend = mend
        }

        var json: JSON {
            [
                "level": .string(level.rawValue), "check": .string(check), "subject": .string(subject),
                "message": .string(message),
                "mend": JSON(mend),
            ]
        }
    }
}
