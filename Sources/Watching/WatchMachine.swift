import Files
import SystemPackage

/// Decides what follows from what happened; does nothing itself. Times are `Clocks.uptime`.
///
/// The extensions take one concern each: folders coming and going, the records of bobbin-watch, its process, probes,
/// and what is due at a time.
struct WatchMachine {
    let settings: WatcherSettings
    let hasProgram: Bool

    var folders: [WatchToken: WatchedFolder] = [:]
    var process: ProcessState
    var probes: [WatchToken: PendingProbe] = [:]
    /// What is known of events on each file system, by device number.
    var proofs: [UInt64: ProbeResult] = [:]
    var health = WatcherHealth()
    var rescanAt: Duration
    /// Something was mounted or unmounted: when to see whether it concerns a folder.
    var mountCheckAt: Duration?
    /// When folders without events are told to be looked at; nil when there are none.
    var pollAt: Duration?
    /// The pause before the last restart; nil when bobbin-watch was stable before it ended.
    var restartPause: Duration?
    private var saidNotices: Set<String> = []

    /// What to do, in this order; the one who does it empties it.
    var actions: [Action] = []
    /// What to tell the reader, in this order; likewise.
    var changes: [FolderChange] = []
    /// Something changed that `nextDeadline` depends on.
    var isDeadlineStale = true

    enum Action: Sendable, Equatable {
        /// Look at the path and answer with `examined`.
        case examine([ExaminationRequest])
        case command(WatchCommand)
        case startProcess
        /// Kill it and wait for it; no answer is expected.
        case endProcess
        case writeProbe(WatchToken, FilePath)
        case answerProbe(Int, ProbeResult)
        case notice(String)
    }

    struct ExaminationRequest: Sendable, Equatable {
        var token: WatchToken
        var path: FilePath
        var epoch: Int
    }

    enum ProcessState: Equatable {
        /// None will run.
        case none
        case down(retryAt: Duration)
        case starting(deadline: Duration)
        case up(since: Duration)
    }

    struct PendingProbe {
        var startedAt: Duration
        var deadline: Duration
        /// Who asked, to be answered; none when the machine itself wanted to know.
        var waiters: [Int]
    }

    init(settings: WatcherSettings, hasProgram: Bool, now: Duration) {
        self.settings = settings
        self.hasProgram = hasProgram
        process = hasProgram ? .down(retryAt: now) : .none
        rescanAt = now + settings.rescanInterval
    }

    // MARK: Telling

    mutating func tell(_ token: WatchToken, _ kind: FolderChange.Kind, _ now: Duration) {
        changes.append(FolderChange(folder: token, kind: kind, seenAt: now))
    }

    /// Says it unless the same was said before; `about` is what makes two notices the same.
    mutating func notice(about key: String, _ text: String) {
        if saidNotices.insert(key).inserted { actions.append(.notice(text)) }
    }

    mutating func mayNoticeAgain(about key: String) { saidNotices.remove(key) }

    /// Every change of a folder's state goes through here, so that its consequences are not forgotten.
    mutating func enter(_ state: WatchedFolder.State, _ token: WatchToken, _ now: Duration) {
        folders[token]?.become(state)
        isDeadlineStale = true
        guard let folder = folders[token] else { return }
        if folder.isPolled, pollAt == nil { pollAt = now + settings.pollInterval }
        if !folder.isArmed { giveUpProbe(token, "the folder is not watched any more") }
    }

    // MARK: Looking in

    func snapshot() -> WatcherHealth {
        var health = health
        health.isWatcherAlive = if case .up = process { true } else { false }
        health.watchesInUse = Set(folders.values.filter(\.isArmed).compactMap(\.identity)).count
        health.folders = folders.sorted { $0.key < $1.key }.map { token, folder in
            FolderHealth(
                folder: token, path: folder.path, mode: mode(of: folder),
                lastProbe: folder.identity.flatMap { proofs[$0.device] })
        }
        return health
    }

    private func mode(of folder: WatchedFolder) -> FolderHealth.Mode {
        switch folder.state {
        case .events: .events
        case .silent: .polling("a probe file gave no event within \(settings.probeTimeout.text)")
        case .polling(let reason): .polling(reason.text)
        case .missing(_, let reason): .missing(reason)
        case .examining: .missing("it is being looked at")
        case .unarmed, .arming: .polling(hasProgram ? "bobbin-watch is not ready" : "there is no bobbin-watch")
        }
    }

    /// When something is due, if nothing happens before.
    func nextDeadline() -> Duration {
        var next = rescanAt
        func consider(_ time: Duration?) { if let time, time < next { next = time } }
        consider(pollAt)
        consider(mountCheckAt)
        switch process {
        case .none, .up: break
        case .down(let retryAt): consider(retryAt)
        case .starting(let deadline): consider(deadline)
        }
        for probe in probes.values { consider(probe.deadline) }
        for folder in folders.values {
            if case .missing(let retryAt, _) = folder.state { consider(retryAt) }
        }
        return next
    }
}
