import Documents
import Files
import Spool
import SystemPackage

/// Judges a root, with or without orchestrators at work on it.
///
/// Files move while they are looked at, so that one look accuses nobody: what it finds counts only if later looks, after
/// all that may be on its way has had time to arrive, find the same again.
package struct Verifier: Sendable {
    private let spool: FilePath
    private let data: FilePath
    private let evidence: Evidence
    private let clocks: Clocks

    package init(spool: FilePath, data: FilePath, evidence: Evidence = Evidence(), clocks: Clocks = .system) {
        self.spool = spool
        self.data = data
        self.evidence = evidence
        self.clocks = clocks
    }

    /// Contract §2, I9: a live orchestrator may be so late with a status file. Also between looks at a root at rest, where
    /// nothing should move, but somebody may have started something.
    private static let settling = Duration.milliseconds(1100)
    /// A process that outlives its run is given five seconds to end before it is killed (contract §7).
    private static let dying = Duration.seconds(7)

    /// - Throws: when the spool cannot be opened.
    package func verify() async throws(FileError) -> Report {
        var look = try await take()
        var looks = 1
        var accusations = look.findings
        for pause in [Self.settling, Self.dying] {
            // Only processes need the longer pause.
            guard accusations.contains(where: { looks == 1 || $0.problem == Look.ownerless }) else { break }
            do { try await Task.sleep(for: pause) } catch { break }
            look = try await take()
            looks += 1
            let again = Dictionary(look.findings.map { ($0.identity, $0) }) { first, _ in first }
            accusations = accusations.compactMap { again[$0.identity] }
        }
        return Report(
            findings: accusations.sorted { ($0.invariant, $0.path) < ($1.invariant, $1.path) }, looks: looks,
            orchestrators: look.living, queues: look.queues, items: look.items, evidence: evidence, finals: look.finals)
    }

    private func take() async throws(FileError) -> Look {
        let (spool, data, evidence, clocks) = (spool, data, evidence, clocks)
        return try await Offload.run { () throws(FileError) in
            var look = Look(spool: try Folder.open(spool), data: data, evidence: evidence, now: clocks.now())
            try look.judge()
            return look
        }
    }
}

/// What a verification found.
package struct Report: Sendable {
    package let findings: [Finding]
    package let looks: Int
    /// Orchestrators alive.
    package let orchestrators: Int
    package let queues: Int
    /// Item folders and waiting files that were looked at.
    package let items: Int
    package let evidence: Evidence
    /// The final states of now, for a later verification.
    package let finals: Finals

    /// Nothing is broken. What is due may be due.
    package var isGood: Bool { !findings.contains { $0.level == .violation } }

    package var json: JSON {
        [
            "ok": .bool(isGood), "looks": JSON(looks), "orchestrators": JSON(orchestrators), "queues": JSON(queues), "items": JSON(items),
            "invariants": .array(
                Invariant.allCases.map { invariant in
                    let reach = invariant.reach(evidence)
                    return [
                        "invariant": .string(invariant.rawValue), "promise": .string(invariant.promise), "judgement": .string(reach.word),
                        "from": .string(reach.text),
                        "violations": JSON(findings.count { $0.invariant == invariant && $0.level == .violation }),
                    ]
                }),
            "findings": .array(findings.map(\.json)),
        ]
    }
}
