import ArgumentParser
import Documents
import Engine
import Files
import Hosting
import Spool
import SystemPackage
import Verifying

/// `bobbin doctor --verify`: what else is known, and how the judgement is shown.
struct VerifyOptions: ParsableArguments {
    @Flag(
        help: ArgumentHelp(
            "Look whether the promises hold (docs/reliability.md) instead.",
            discussion: "Changes nothing, takes no lock, and needs no orchestrator; files may move meanwhile."))
    var verify = false

    @Option(help: ArgumentHelp("What was dropped: lines of QUEUE CRC LENGTH NAME, as cksum prints them.", valueName: "file"))
    var ledger: String?

    @Option(help: ArgumentHelp("What runs wrote down: lines of ITEM RUN ATTEMPT EVENT SECONDS.", valueName: "file"))
    var runs: String?

    @Option(help: ArgumentHelp("Remember final states in this file, and compare with what it remembers.", valueName: "file"))
    var finals: String?

    @Flag(help: "No orchestrator has died since the last one ended in good order: what is left over is a fault.")
    var settled = false

    @Flag(help: "Nobody has given orders or changed settings: back-offs are judged as well.")
    var untouched = false

    func validate() throws {
        if !verify, ledger != nil || runs != nil || finals != nil || settled || untouched {
            throw ValidationError("--ledger, --runs, --finals, --settled and --untouched go with --verify")
        }
    }
}

extension DoctorCommand {
    func verifyPromises() async throws {
        let layout = root.layout
        let verifier = Verifier(spool: layout.spool, data: layout.data, evidence: try evidence())
        let report: Report
        do throws(FileError) {
            report = try await verifier.verify()
        } catch {
            throw Failure(.notFound, "\(error); name the root with --root or $BOBBIN_ROOT")
        }
        if let file = options.finals { try EvidenceFile(file).replace(with: report.finals.bytes) }
        if output.json { Terminal.say(report.json) } else { show(report) }
        try (report.isGood ? ExitStatus.success : .negative).end()
    }

    private func evidence() throws -> Evidence {
        var evidence = Evidence()
        if let file = options.ledger {
            evidence.ledger = try EvidenceFile(file).read { bytes throws(EvidenceProblem) in try Ledger(bytes: bytes) }
        }
        if let file = options.runs { evidence.runs = try EvidenceFile(file).read { bytes throws(EvidenceProblem) in RunLog(bytes: bytes) } }
        // The first time there is none yet.
        if let file = options.finals.map(EvidenceFile.init), try file.exists {
            evidence.finals = try file.read { bytes throws(EvidenceProblem) in try Finals(bytes: bytes) }
        }
        evidence.isSettled = options.settled
        evidence.isUntouched = options.untouched
        let jobs = try JobsLook(root.layout)
        for job in jobs.hosted ?? [] where job.key.kind == .triggered {
            guard let settings = job.settings else { continue }
            evidence.rules[job.key.name] = QueueRules(settings)
            evidence.inboxes[job.key.name] = settings.inbox.map { FilePath($0) }
        }
        return evidence
    }

    private func show(_ report: Report) {
        for finding in report.findings {
            let level =
                finding.level == .violation ? Terminal.paint("VIOLATION", .red) : Terminal.paint("DUE", .yellow)
            Terminal.say("\(level) \(finding.invariant.rawValue) \(finding.path)")
            Terminal.say("    \(finding.message)")
            Terminal.say("    mend: \(finding.mend)")
        }
        let rows = Invariant.allCases.map { invariant in
            let reach = invariant.reach(report.evidence)
            let violations = report.findings.count { $0.invariant == invariant && $0.level == .violation }
            let verdict: String =
                switch reach {
                case _ where violations > 0: Terminal.paint("\(violations) broken", .red)
                case .judged: Terminal.paint("holds", .green)
                case .part: Terminal.paint("holds, in part", .green)
                case .none: Terminal.paint("not judged", .grey)
                }
            return [invariant.rawValue, verdict, invariant.promise, reach.text]
        }
        Terminal.say(Terminal.table([["", "", "PROMISE", "JUDGED FROM"]] + rows))
        let due = report.findings.count { $0.level == .due }
        Terminal.say(
            "\(report.items) files and items in \(report.queues) queues, \(report.orchestrators) orchestrators: \(report.findings.count - due) violations, \(due) due"
        )
    }
}

/// A file that the command line names.
private struct EvidenceFile {
    let path: FilePath

    init(_ argument: String) {
        let given = FilePath(bytes: ArgumentBytes.bytes(argument))
        path = given.isAbsolute ? given : CurrentFolder.path.pushing(given)
    }

    /// The largest that is read: bytes.
    private static let limit = 1 << 30

    private func inFolder<Value>(_ body: (Folder, RelativePath) throws -> Value) throws -> Value {
        guard let name = path.name else { throw Failure(.usage, "\(path.escaped) is no file") }
        do {
            return try body(try Folder.open(path.removingLastComponent()), RelativePath(name))
        } catch let error as FileError {
            throw Failure(error.isMissing ? .notFound : .inputOutput, "\(error)")
        } catch let problem as EvidenceProblem {
            throw Failure(.usage, "\(path.escaped) \(problem)")
        }
    }

    var exists: Bool { get throws { try inFolder { folder, place in folder.exists(place) } } }

    func read<Value>(_ parse: ([UInt8]) throws(EvidenceProblem) -> Value) throws -> Value {
        try inFolder { folder, place in
            guard let bytes = try folder.readTarget(place, limit: Self.limit) else {
                throw Failure(.notFound, "there is no file \(path.escaped)")
            }
            return try parse(bytes)
        }
    }

    func replace(with bytes: [UInt8]) throws { try inFolder { folder, place in try folder.replace(place, with: bytes, mode: 0o644) } }
}
