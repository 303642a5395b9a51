import Documents
import Files
import Glibc
import SystemPackage
import Testing
import Verifying

/// Has a root judged (contract §2) with all that a test knows: what it dropped, what its scripts wrote down.
struct InvariantChecker {
    let root: Root

    /// All violations; none is what a test wants. `isDrained` = the orchestrator has ended with nothing left to do.
    ///
    /// - Parameter isUntouched: nobody has given orders: a start before its back-off has no excuse.
    func violations(isDrained: Bool, isUntouched: Bool = false) async throws -> [String] {
        let report = try await report(isDrained: isDrained, isUntouched: isUntouched)
        let violations = report.findings.filter { $0.level == .violation }.map(\.text)
        guard isDrained else { return violations }
        // Not a broken promise, but more than a drain should leave.
        let resting = root.queues.flatMap { $0.items(.retry) }.map { "\($0.folder) is left to be retried" }
        return violations + resting
    }

    func report(isDrained: Bool, isUntouched: Bool = false, finals: Finals? = nil) async throws -> Report {
        var evidence = Evidence()
        evidence.ledger = Ledger(root.ledger.compactMap(Ledger.Drop.init))
        evidence.runs = runs
        evidence.finals = finals
        evidence.isSettled = isDrained
        evidence.isUntouched = isUntouched
        return try await Verifier(
            spool: FilePath(bytes: root.spool.bytes), data: FilePath(bytes: root.data.bytes), evidence: evidence
        ).verify()
    }

    /// The run log, with the sums of what the runs kept of what they saw.
    private var runs: Verifying.RunLog {
        var log = Verifying.RunLog(bytes: (root.notes / "runs").content ?? [])
        for index in log.events.indices where log.events[index].kind == "seen" {
            let kept = root.notes / "seen" / log.events[index].run.description
            log.events[index].sum = kept.content.map { Checksum(of: $0) }
        }
        return log
    }
}

extension Ledger.Drop {
    fileprivate init?(_ drop: Root.Drop) {
        guard let queue = FileName(drop.queue), let name = FileName(drop.name) else { return nil }
        self.init(queue: queue, name: name, sum: Checksum(of: drop.content))
    }
}

extension Root {
    /// Everything that Bobbin promises holds.
    func expectPromises(isDrained: Bool, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        for violation in try await InvariantChecker(root: self).violations(isDrained: isDrained) {
            Issue.record("\(violation)", sourceLocation: sourceLocation)
        }
    }

    var queues: [Queue] {
        spool.children.filter(\.isFolder).map {
            Queue(name: String(decoding: $0.name, as: UTF8.self), root: self)
        }
    }
}
