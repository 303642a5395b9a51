import Documents
import Files

/// Where the look at the folders stands. One is under way at a time; further wishes are remembered as one.
struct ScanState {
    var isWanted = false
    var isRetryWanted = false
    var task: Task<Void, Never>?
    /// The folders as they were when the last scan of them began: what has not changed since need not be read again.
    var seen: [RelativePath: Mark] = [:]
    /// Something was left on disk that waits for a time, not for a change of its folder.
    var hasLeftWaiting = false

    struct Mark {
        var modified: Instant
        var at: Instant
    }

    /// A scan that rests because the window is full; resumed when claims have made room.
    var resting: CheckedContinuation<Void, Never>?
}

extension FolderQueue {
    /// Names read before they are judged: the larger, the better the order; the smaller, the sooner the first starts.
    private static let chunk = 2048

    /// Names read without leaving the queue's own thread.
    private static let smallFolder = 64

    /// Longer waits are not held in memory.
    static let longWait = Duration.seconds(60)

    func startScan() {
        guard scan.task == nil, scan.isWanted || scan.isRetryWanted else { return }
        scan.task = Task { [weak self] in await self?.runScans() }
    }

    /// Whether a folder has to be read: unless nothing was added to it or removed from it since it was read last.
    /// A change within the last second of that look could have the same time stamp, so it does not count as seen.
    func mustLook(at place: RelativePath, in folder: Folder) -> Bool {
        guard !isNetwork, !inbox.hasLeftOut, !shelf.hasLeftOut, !scan.hasLeftWaiting, let mark = scan.seen[place],
            let stamp = try? folder.stamp(place)
        else { return true }
        return stamp.modified != mark.modified || mark.at - mark.modified < .seconds(1)
    }

    private func markSeen(_ place: RelativePath, in folder: Folder) {
        scan.seen[place] = (try? folder.stamp(place)).flatMap { $0 }.map { ScanState.Mark(modified: $0.modified, at: around.clocks.now()) }
    }

    private func runScans() async {
        while !Task.isCancelled {
            if scan.isRetryWanted {
                scan.isRetryWanted = false
                await scanRetries()
            } else if scan.isWanted {
                scan.isWanted = false
                scan.hasLeftWaiting = false
                markSeen(RelativePath("."), in: folder)
                var index = 0
                // There may be fewer of them after each.
                while index < inboxes.count, !Task.isCancelled {
                    await scanInbox(index)
                    index += 1
                }
            } else {
                break
            }
        }
        scan.task = nil
        // A claim may have asked for more between the last look and now.
        startScan()
    }

    /// Reads one inbox from end to end, a chunk at a time, and rests while the window is full. Each chunk is taken in
    /// the order of arrival; a backlog that fits into one chunk is therefore taken in order as a whole.
    private func scanInbox(_ index: Int) async {
        inbox.beginScan()
        let names = rules.names
        let folder = inboxes[index]
        let cursor = ScanCursor(folder: folder, isQueue: index == 0, names: names)
        var hasMore = true
        while hasMore, !Task.isCancelled {
            while !inbox.hasRoom, !Task.isCancelled {
                hint.yield()
                await withCheckedContinuation { scan.resting = $0 }
            }
            do throws(FileError) {
                // A small folder is read in place: changing threads would cost more than the look.
                var batch = isNetwork ? [] : try cursor.next(Self.smallFolder)
                if isNetwork || batch.count == Self.smallFolder {
                    let rest = Self.chunk - batch.count
                    batch += try await Offload.run { () throws(FileError) in try cursor.next(rest) }
                }
                hasMore = batch.count == Self.chunk
                // The inboxes may have been changed meanwhile; then a scan of the new ones follows.
                guard inboxes.indices.contains(index), inboxes[index] === folder else { return }
                takeIn(batch, folder: index)
                forgetNotice("scan")
            } catch {
                tell("scan", "\(error); it is tried again with the next look")
                scan.seen = [:]
                return
            }
        }
    }

    /// Lets a resting scan go on when there is room, or when the queue closes.
    func resumeScan(always: Bool = false) {
        guard always || inbox.hasRoom, let resting = scan.resting else { return }
        scan.resting = nil
        resting.resume()
    }

    private func takeIn(_ batch: [ScanCursor.Found], folder index: Int) {
        let now = uptime
        // What has to wait for long is left on disk: the slow rescan finds it in time.
        let horizon = around.clocks.now() + Self.longWait
        for found in batch.sorted(by: { $0.changed < $1.changed }) {
            let key = Inbox.Key(folder: index, name: found.name)
            if found.modified > horizon { scan.hasLeftWaiting = true }
            if found.modified <= horizon, inbox.candidate(key) == nil { inbox.note(key, .scanned, at: now, settle: rules.settleTime) }
        }
        if inbox.hasReady { hint.yield() }
        scheduleWake()
    }

    private func scanRetries() async {
        shelf.beginScan()
        markSeen(QueueLayout.retry, in: folder)
        do throws(FileError) {
            if !isNetwork, try folder.isEmpty(QueueLayout.retry) { return }
            let folder = folder
            let names = try await Offload.run { () throws(FileError) in try folder.names(in: QueueLayout.retry) }
            for name in names {
                if name.hasPrefix("."), let id = ItemID(bytes: Array(name.bytes.dropFirst())) {
                    // An operator's retry was cut off between the two renames that announce it (`ItemOrders`).
                    _ = try folder.move(QueueLayout.retry / name, to: folder, as: ItemPlace.retry(id).root)
                    scan.isRetryWanted = true
                }
                guard let id = ItemID(bytes: name.bytes), !shelf.contains(id), held[id] == nil else { continue }
                let due = record(at: .retry(id))?.nextAttemptAt ?? around.clocks.now()
                shelf.put(id, due: uptime + max(.zero, min(due - around.clocks.now(), longestRest)))
            }
        } catch {
            tell("scan", "\(error); it is tried again with the next look")
            scan.seen = [:]
        }
        hint.yield()
        scheduleWake()
    }

    /// A rest found on disk is never longer than the longest back-off: a stepped clock must not bury an item.
    private var longestRest: Duration {
        switch rules.limits.backoff.steps {
        case .growing(_, _, let limit): limit * (1 + rules.limits.backoff.jitter)
        case .list(let delays): (delays.max() ?? .zero) * (1 + rules.limits.backoff.jitter)
        }
    }

    func record(at place: ItemPlace) -> ItemRecord? {
        (try? folder.read(place.record)).flatMap { $0 }.flatMap(ItemRecord.init(bytes:))
    }
}

/// A position in an inbox. Used by one scan at a time.
private final class ScanCursor: @unchecked Sendable {
    struct Found {
        let name: FileName
        let changed: Instant
        let modified: Instant
    }

    private let folder: Folder
    private let isQueue: Bool
    private let names: NameFilter
    private var listing: Listing?

    init(folder: Folder, isQueue: Bool, names: NameFilter) {
        self.folder = folder
        self.isQueue = isQueue
        self.names = names
    }

    /// The next items; fewer than asked for only at the end.
    func next(_ count: Int) throws(FileError) -> [Found] {
        let listing: Listing
        if let open = self.listing { listing = open } else { listing = try folder.listing() }
        self.listing = listing
        var found: [Found] = []
        while found.count < count, let entry = try listing.next() {
            if isQueue, entry.mayBeFolder, QueueLayout.reserved.contains(entry.name) { continue }
            guard names.verdict(entry.name).isItem, let stamp = try folder.stamp(RelativePath(entry.name)) else { continue }
            found.append(Found(name: entry.name, changed: stamp.changed, modified: stamp.modified))
        }
        return found
    }
}
