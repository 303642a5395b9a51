import Documents
import Files

/// When a file may be taken (contract §3): one rule for events, start-up scan, rescan and polling.
///
/// Pure: what is known about a file goes in, a verdict with its reason comes out. Who still writes is asked of the
/// kernel (a lease) at the claim itself, because only there can the answer be kept until the rename.
package struct Readiness: Sendable, Equatable {
    /// How the file came to our notice, the strongest evidence last seen.
    package enum Evidence: Sendable, Equatable {
        /// Moved in under its name: complete by the mover's own word.
        case movedIn
        /// Closed after writing: complete unless touched again.
        case closed
        /// Linked or created, without an open that would be closed later.
        case created
        /// Found by looking.
        case scanned
    }

    /// What was seen of one file.
    package struct Sight: Sendable, Equatable {
        package var evidence: Evidence
        package var stamp: Stamp
        /// The stamp at the look before, when there was one.
        package var earlier: Stamp?
        /// Time since the last event for the name or since it was first seen.
        package var quiet: Duration
        /// The file system's idea of now, for ages and future times.
        package var now: Instant
        /// Whether a lease can tell about writers here; if not, only an unchanged stamp can.
        package var leasesWork: Bool

        package init(
            evidence: Evidence, stamp: Stamp, earlier: Stamp? = nil, quiet: Duration, now: Instant, leasesWork: Bool = true
        ) {
            self.evidence = evidence
            self.stamp = stamp
            self.earlier = earlier
            self.quiet = quiet
            self.now = now
            self.leasesWork = leasesWork
        }
    }

    package enum Verdict: Sendable, Equatable {
        case ready
        /// Look again after `within`.
        case wait(within: Duration, reason: WaitReason)
        /// Never to be opened: moved to `failed/`.
        case refuse(Stamp.Kind)
        /// Not an item here, and not wrong either: left alone.
        case leave(WaitReason)
    }

    package var settleTime: Duration
    package var accept: QueueRules.Accept

    package init(settleTime: Duration, accept: QueueRules.Accept) {
        self.settleTime = settleTime
        self.accept = accept
    }

    /// An empty file is more often a name made in advance than a message (reference/peers.md §4.1, last rows).
    package var emptySettleTime: Duration { max(settleTime * 10, .seconds(1)) }

    package func judge(_ sight: Sight) -> Verdict {
        switch sight.stamp.kind {
        case .symbolicLink, .pipe, .socket, .device: return .refuse(sight.stamp.kind)
        case .folder where accept == .files: return .leave(.foldersNotAccepted)
        case .file where accept == .directories: return .leave(.filesNotAccepted)
        case .folder, .file: break
        }
        if sight.stamp.modified > sight.now {
            return .wait(within: sight.stamp.modified - sight.now, reason: .notBefore(sight.stamp.modified))
        }
        let needed = quietTimeNeeded(sight)
        guard needed > .zero else { return .ready }
        if let earlier = sight.earlier, !sight.stamp.isUnchanged(since: earlier) {
            return .wait(within: needed, reason: .settling(quiet: .zero, of: needed))
        }
        let quiet = quietTime(sight)
        guard quiet >= needed else { return .wait(within: needed - quiet, reason: .settling(quiet: quiet, of: needed)) }
        if !sight.leasesWork && sight.earlier == nil {
            return .wait(within: needed, reason: .settling(quiet: quiet, of: needed))
        }
        return .ready
    }

    private func quietTimeNeeded(_ sight: Sight) -> Duration {
        if sight.evidence == .movedIn { return sight.leasesWork || sight.stamp.kind == .folder ? .zero : settleTime }
        if sight.stamp.kind == .folder { return emptySettleTime }
        return sight.stamp.size == 0 ? emptySettleTime : settleTime
    }

    /// By ctime where the file system's clock can be believed, else by our own watching: the longer of the two, since
    /// a file found at start may have rested for days. A ctime in the future says nothing.
    private func quietTime(_ sight: Sight) -> Duration {
        let byClock = sight.now - sight.stamp.changed
        switch sight.evidence {
        case .scanned: return max(byClock, sight.earlier == nil ? .zero : sight.quiet)
        case .movedIn, .closed, .created: return byClock < .zero ? sight.quiet : min(sight.quiet, byClock)
        }
    }
}

/// Why a file that lies in an inbox has not been taken, in the words of `bobbin why`.
package enum WaitReason: Sendable, Equatable {
    case settling(quiet: Duration, of: Duration)
    case openForWriting
    case notBefore(Instant)
    case heldBack(by: FileName)
    case name(NameVerdict)
    case foldersNotAccepted
    case filesNotAccepted
    case unreadable(String)
    case queued

    /// A machine-readable word.
    package var word: String {
        switch self {
        case .settling: "settling"
        case .openForWriting: "open_for_writing"
        case .notBefore: "not_before"
        case .heldBack: "held_back"
        case .name(let verdict): verdict.word
        case .foldersNotAccepted: "folders_not_accepted"
        case .filesNotAccepted: "files_not_accepted"
        case .unreadable: "unreadable"
        case .queued: "queued"
        }
    }

    package var sentence: String {
        switch self {
        case .settling(let quiet, let needed):
            "it changed a moment ago: quiet for \(DurationText.text(quiet)) of the \(DurationText.text(needed)) it needs (settle_time)"
        case .openForWriting: "a process still has it open for writing"
        case .notBefore(let instant): "it is not to start before \(instant.rfc3339): its modification time, or its envelope, says so"
        case .heldBack(let side): "the side file \(side.escaped) says that it is still being written or edited; it starts when that is gone"
        case .name(let verdict): verdict.reason ?? "it is an item"
        case .foldersNotAccepted: "it is a folder, and the job accepts files only (settings.job: accept)"
        case .filesNotAccepted: "it is a file, and the job accepts folders only (settings.job: accept)"
        case .unreadable(let why): why
        case .queued: "it is ready and waits for a free place (settings.job: max_concurrency)"
        }
    }
}

extension NameVerdict {
    /// A machine-readable word.
    package var word: String {
        switch self {
        case .item: "item"
        case .hidden: "hidden"
        case .temporary: "temporary_name"
        case .noise: "noise"
        case .sideFile: "side_file"
        case .envelope: "envelope"
        case .ignored: "ignored"
        case .unmatched: "not_matching"
        }
    }
}
