import Documents
import Files

extension QueueReader {
    /// Why a name in the inbox has not been taken, judged with the rules an orchestrator would use; nil when nothing
    /// has that name. One look: what only time can tell (a file that still grows between two looks) it cannot know.
    package func why(_ file: FileName, rules: QueueRules, clocks: Clocks = .system) async throws(FileError) -> WaitReason? {
        let place = RelativePath(file)
        guard let first = try folder.stamp(place) else { return nil }
        let verdict = rules.names.verdict(file)
        guard verdict.isItem else { return .name(verdict) }
        let readiness = Readiness(settleTime: rules.settleTime, accept: rules.accept)
        let sight = Readiness.Sight(evidence: .scanned, stamp: first, quiet: .zero, now: clocks.now())
        switch readiness.judge(sight) {
        case .wait(_, let reason), .leave(let reason): return reason
        case .refuse(let kind): return .unreadable("it is \(kind.words): it will be moved to failed/ and never opened")
        case .ready: break
        }
        for side in rules.names.sideFileNames(for: file, isEmpty: first.size == 0) where folder.exists(RelativePath(side)) {
            return .heldBack(by: side)
        }
        if let reason = try envelopeReason(file, clocks: clocks) { return reason }
        let opened: OpenFile
        do throws(FileError) {
            opened = try folder.open(place)
        } catch {
            return .unreadable("\(error)")
        }
        if first.kind == .file {
            let answer = opened.takeLease()
            opened.dropLease()
            if answer == .busy { return .openForWriting }
        }
        return .queued
    }

    private func envelopeReason(_ file: FileName, clocks: Clocks) throws(FileError) -> WaitReason? {
        guard let bytes = try folder.read(RelativePath(Envelope.name(for: file)), limit: Envelope.sizeLimit + 1) else { return nil }
        do throws(Envelope.Problem) {
            let envelope = try Envelope(bytes: bytes)
            return envelope.notBefore.flatMap { $0 > clocks.now() ? .notBefore($0) : nil }
        } catch {
            return .unreadable("\(error)")
        }
    }
}
