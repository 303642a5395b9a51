import Documents
import Files
import SystemPackage

@testable import Spool

/// A machine that starts again after a power cut: makes the state of the disk real, lets a new orchestrator recover it
/// and work everything off, and tells what is wrong with what it finds.
struct Aftermath {
    private let story: PowerLossStory
    private let promises: [Promise]
    private let place: Place
    private var problems: [String] = []
    private var outcomeBefore: StatusDocument?
    private var runs = 0

    static func problems(of story: PowerLossStory, _ disk: Disk, _ promises: [Promise]) async throws -> [String] {
        var aftermath = try Aftermath(story, disk, promises)
        try aftermath.look()
        try await aftermath.workOff()
        try aftermath.judge()
        return aftermath.problems
    }

    private init(_ story: PowerLossStory, _ disk: Disk, _ promises: [Promise]) throws {
        self.story = story
        self.promises = promises
        // The machine that starts again knows that it has: the boot it remembers is another one.
        let boot = try Folder.open("/proc/sys/kernel/random").read("boot_id", limit: 36) ?? []
        let other = Array("00000000-0000-4000-8000-000000000000".utf8)
        place = try Place(in: PowerLossStory.memory) { root in
            try disk.write(into: root) { bytes in
                guard let at = bytes.indices.first(where: { bytes[$0...].starts(with: boot) }), !boot.isEmpty else { return bytes }
                return Array(bytes[..<at] + other + bytes[(at + boot.count)...])
            }
        }
        place.reboot()
    }

    private mutating func check(_ holds: Bool, _ problem: @autoclosure () -> String) { if !holds { problems.append(problem()) } }

    private var published: [String] { (try? place.folder.names(in: QueueLayout.results).map(\.escaped)) ?? [] }

    /// Names in the other queue that are not envelopes, and not Bobbin's.
    private func forwarded() -> [FileName] {
        guard let z = try? place.spool.folder("z"), let names = try? z.names() else { return [] }
        return names.filter { !QueueLayout.reserved.contains($0) && !$0.hasSuffix(".envelope") && !$0.hasPrefix(".") }
    }

    /// Before anybody mends anything.
    private mutating func look() throws {
        let reader = QueueReader(name: "q", folder: place.folder)
        var places = try reader.items(.claimed).map(ItemPlace.claimed) + reader.items(.failed).map(ItemPlace.failed)
        for day in try reader.days() {
            places += try place.folder.names(in: QueueLayout.done / day).map { ItemPlace(QueueLayout.done / day / $0) }
        }
        for item in places {
            guard let status = try place.folder.read(item.outcome).flatMap(StatusDocument.init(bytes:)) else { continue }
            // An outcome whose file is still in the inbox decides nothing: neither it nor the claim was synced.
            let isThere = try !place.folder.names(in: item.payloadFolder).isEmpty
            if isThere || promises.contains(.final) { outcomeBefore = status }
        }
        guard !story.isUnwanted else { return }
        let hasSucceeded = outcomeBefore?.state == .succeeded
        let visible = published + forwarded().map(\.escaped)
        check(hasSucceeded || visible.isEmpty, "published before the outcome: \(visible)")
        check(hasSucceeded || !promises.contains(.final), "an accepted outcome is lost")
    }

    private mutating func workOff() async throws {
        let keeper = try place.start(story.rulesLater ?? story.rules)
        _ = await keeper.queue.recover()
        // Twice: what the first round has put back is found by the second.
        for _ in 0..<3 {
            place.advance(by: .seconds(4000))
            await keeper.queue.requestScan()
            await keeper.queue.requestRetryScan()
            while let scan = await keeper.queue.scan.task { await scan.value }
            while let grant = await keeper.queue.claim(upTo: 1).first { try await run(grant, keeper) }
        }
        _ = await keeper.queue.recover()
        await keeper.queue.close()
    }

    private mutating func run(_ grant: Grant, _ keeper: Keeper) async throws {
        runs += 1
        guard runs < 10, let site = await keeper.queue.localise(grant) else { return check(false, "runs without end") }
        let bytes = try site.payload.readAll(limit: 1000)
        check(bytes == Array(PowerLossStory.payload.utf8), "I7: the run got \(bytes.count) other bytes")
        for case .checkpoint(let content) in promises where runs == 1 {
            let found = try site.folder.read(site.checkpoint)
            check(found == content, "the checkpoint is \(found == nil ? "missing" : "torn")")
        }
        if story.envelope != nil { check(grant.correlationID == "c", "the envelope is lost") }
        try story.produce(at: site)
        check(await !keeper.commit(grant, .success).isStale, "the commit is stale")
    }

    private mutating func judge() throws {
        let folder = place.folder
        if let outcomeBefore, !story.isPutBack { check(runs == 0, "I2: it ran again after \(outcomeBefore.state)") }
        check(!story.isUnwanted || runs == 0, "what was thrown away ran again")
        let left = try place.items(.claimed) + place.items(.retry)
        check(left.isEmpty, "something is left in claimed or retry")
        try judgeTemporaries()
        let paths = try place.paths(of: "file").filter { !$0.hasSuffix("status/file") }
        let status = try place.status("file")
        if story.isUnwanted { return check(paths.count <= 1, "I1: \(paths)") }
        guard let status, status.state.isFinal else { return check(false, "no final status: \(status.map { "\($0.state)" } ?? "none")") }
        let isDeleted = (story.rulesLater ?? story.rules).onSuccess == .delete && status.state == .succeeded
        // That a payload which is to go is gone is not promised for a power cut.
        check(isDeleted ? paths.count <= 1 : paths.count == 1, "I1: \(paths)")
        if let path = paths.first {
            check(path.hasPrefix(status.state == .succeeded ? "done/" : "failed/"), "I9: \(status.state) in \(path)")
            check(try place.content(path) == PowerLossStory.payload, "I7: the payload is torn")
        }
        if let outcomeBefore, !story.isPutBack { check(status == outcomeBefore, "I2: the outcome is another one now") }
        let outcome = try QueueReader(name: "q", folder: folder).status(of: status.id)
        check(outcome == status, "the outcome in the folder is not the status")
        guard status.state == .succeeded else { return }
        check(status.results == (story.hasResults ? ["results/\(status.id)/out"] : []), "announced results: \(status.results)")
        for result in status.results {
            check(try place.content(result).map { Array($0.utf8) } == PowerLossStory.result, "\(result) is announced, and missing or torn")
        }
        try judgeForwards()
    }

    private mutating func judgeForwards() throws {
        let files = forwarded()
        check(files.count == (story.hasForwards ? 1 : 0), "forwards: \(files)")
        for file in files {
            let z = try place.spool.folder("z")
            check(try z.read(RelativePath(file)) == PowerLossStory.forward, "the forward \(file) is torn")
            let envelope = try z.read(RelativePath(Envelope.name(for: file)))
            check(envelope.flatMap { try? Envelope(bytes: $0) }?.hops == 1, "the forward's envelope is missing or torn")
        }
    }

    /// I10: nothing is left under a name that was for a moment.
    private mutating func judgeTemporaries() throws {
        var found: [String] = []
        func walk(_ inside: Folder, _ shown: String) throws {
            for name in try inside.names() {
                // A failed item rests: what an operator's order that was cut off has left there goes with the next order.
                if name.hasPrefix("."), !shown.hasPrefix("failed/") { found.append(shown + name.escaped) }
                if try inside.stamp(RelativePath(name))?.kind == .folder {
                    try walk(inside.folder(RelativePath(name)), shown + name.escaped + "/")
                }
            }
        }
        try walk(place.folder, "")
        check(found.isEmpty, "I10: \(found)")
    }
}

extension Place {
    /// The content of a file of the queue; nil when there is none.
    fileprivate func content(_ path: String) throws -> String? {
        let parts = path.split(separator: "/").compactMap { FileName(Array($0.utf8)) }
        guard let first = parts.first else { return nil }
        return try text(parts.dropFirst().reduce(RelativePath(first)) { $0 / $1 })
    }
}
