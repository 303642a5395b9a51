import Files
import Hosting
import ServiceLifecycle
import Spool
import Synchronization
import SystemPackage
import Watching

/// Leads what the watcher sees to whom it concerns.
final class EventRouter: Service {
    /// What a watched folder is.
    enum Target: Sendable {
        /// The index is the queue's own for its inboxes.
        case inbox(FolderQueue, index: Int)
        case retry(FolderQueue)
        /// Where a queue that cannot be opened should be, or one of its inboxes.
        case absent
        /// The list of jobs.
        case jobs
        /// The folder of one, or one inside.
        case job(JobKey)
        /// Lock files of the orchestrators that share the root.
        case instances
        /// Lock files of roles.
        case roles(RoleKind)
        /// Whoever it is, is told that something may have changed.
        case hint(AsyncStream<Void>.Continuation)
    }

    private let watcher: Watcher
    private let targets = Mutex<[WatchToken: Target]>([:])
    private let changedJobs = Mutex<Set<JobKey>>([])
    /// Job folders changed; `takeChangedJobs` tells which.
    let jobChanges: AsyncStream<Void>
    private let jobChange: AsyncStream<Void>.Continuation
    /// It is time to see whether the folders of the queues are still those at their paths.
    let folderChecks: AsyncStream<Void>
    private let folderCheck: AsyncStream<Void>.Continuation
    /// Another orchestrator may have died.
    let deaths: AsyncStream<Void>
    private let death: AsyncStream<Void>.Continuation
    /// Roles of a kind, or only that of a job, may have become free.
    let releases: AsyncStream<(RoleKind, job: FileName?)>
    private let release: AsyncStream<(RoleKind, job: FileName?)>.Continuation

    init(watcher: Watcher) {
        self.watcher = watcher
        (jobChanges, jobChange) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        (folderChecks, folderCheck) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        (deaths, death) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        (releases, release) = AsyncStream.makeStream()
    }

    /// Watches a folder from now on.
    func add(_ path: FilePath, _ target: Target) async -> WatchToken {
        let token = await watcher.add(path: path, isWhole: target.isWhole)
        targets.withLock { $0[token] = target }
        // Changes that came before the token was known were not led anywhere.
        await look(target)
        return token
    }

    func remove(_ token: WatchToken) {
        targets.withLock { $0[token] = nil }
        watcher.remove(token)
    }

    private func noteChange(of key: JobKey) {
        _ = changedJobs.withLock { $0.insert(key) }
        jobChange.yield()
    }

    /// The jobs in whose folders something happened since the last time.
    func takeChangedJobs() -> Set<JobKey> {
        changedJobs.withLock { changed in
            defer { changed = [] }
            return changed
        }
    }

    /// It is time to look at jobs that were not ready.
    func askForLook() { jobChange.yield() }

    /// Watches, and leads what is seen, until it is told to stop.
    func run() async {
        await withGracefulShutdownHandler {
            async let watching: Void = watcher.run()
            await follow()
            await watching
        } onGracefulShutdown: { [watcher] in
            Task { await watcher.shutdown() }
        }
    }

    private func follow() async {
        for await batch in watcher.changes {
            var start = batch.startIndex
            while start < batch.endIndex {
                // Neighbours of one folder go together.
                let end = batch[start...].firstIndex { $0.folder != batch[start].folder } ?? batch.endIndex
                if let target = targets.withLock({ $0[batch[start].folder] }) { await lead(batch[start..<end], to: target) }
                start = end
            }
        }
        jobChange.finish()
        folderCheck.finish()
        death.finish()
        release.finish()
    }

    private func lead(_ changes: ArraySlice<FolderChange>, to target: Target) async {
        switch target {
        case .jobs: jobChange.yield()
        case .job(let key): noteChange(of: key)
        case .absent: folderCheck.yield()
        case .retry(let queue):
            let isRescan = changes.allSatisfy { $0.kind == .lost(.rescan) }
            if isRescan { await queue.requestRetryRescan() } else { await queue.requestRetryScan() }
        case .inbox(let queue, let index): await lead(changes, to: queue, index)
        case .hint(let listener): listener.yield()
        case .instances: if changes.contains(where: \.kind.mayBeADeath) { death.yield() }
        case .roles(let kind):
            for change in changes {
                switch change.kind {
                case .closed(let job): release.yield((kind, job: job))
                case .lost: release.yield((kind, job: nil))
                case .movedIn, .created, .touched, .changed: break
                }
            }
        }
    }

    private func lead(_ changes: ArraySlice<FolderChange>, to queue: FolderQueue, _ index: Int) async {
        var sightings: [FolderQueue.Sighting] = []
        func see(_ name: FileName, _ evidence: Readiness.Evidence, _ change: FolderChange) {
            sightings.append(FolderQueue.Sighting(folder: index, name: name, evidence: evidence, at: change.seenAt))
        }
        var mustLook = false
        for change in changes {
            switch change.kind {
            case .movedIn(let name): see(name, .movedIn, change)
            case .closed(let name): see(name, .closed, change)
            case .created(let name): see(name, .created, change)
            case .touched(let name): await queue.noteTouched(folder: index, name: name, at: change.seenAt)
            case .changed: break
            case .lost(let reason):
                // Without events, or before bobbin-watch knew the folder, nothing else tells that it was replaced.
                folderCheck.yield()
                if reason == .rescan { await queue.requestRescan() } else { mustLook = true }
            }
        }
        if !sightings.isEmpty { await queue.note(sightings) }
        if mustLook { await look(.inbox(queue, index: index)) }
    }

    private func look(_ target: Target) async {
        switch target {
        case .jobs: jobChange.yield()
        case .job(let key): noteChange(of: key)
        case .absent: folderCheck.yield()
        case .retry(let queue): await queue.requestRetryScan()
        case .inbox(let queue, _):
            folderCheck.yield()
            await queue.requestScan()
        case .hint(let listener): listener.yield()
        case .instances: death.yield()
        case .roles(let kind): release.yield((kind, job: nil))
        }
    }
}

extension EventRouter.Target {
    /// Whether it matters what goes.
    fileprivate var isWhole: Bool {
        switch self {
        case .jobs, .job, .hint: true
        case .inbox, .retry, .absent, .instances, .roles: false
        }
    }
}

extension FolderChange.Kind {
    /// In the folder of lock files: only their holders have them open for writing, and the kernel closes what a dead one
    /// had open. The slow rescan has a round of its own (`Housekeeper`).
    fileprivate var mayBeADeath: Bool {
        switch self {
        case .closed: true
        case .lost(let reason): reason != .rescan
        case .movedIn, .created, .touched, .changed: false
        }
    }
}
