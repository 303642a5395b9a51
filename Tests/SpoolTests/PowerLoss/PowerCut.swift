import Documents
import Files

@testable import Spool

/// What somebody was told before the power went, and may rely on afterwards.
enum Promise: Hashable, Sendable {
    /// The item is final, and what it published is announced: it never runs again.
    case final
    /// The next attempt finds this checkpoint.
    case checkpoint([UInt8])
}

/// The states in which a disk may be found after a power cut during some recorded work.
struct PowerCut: Sendable {
    /// What a file system promises about changes of names. In both, the bytes of a file are sure only up to its last sync.
    enum Model: String, CaseIterable, Sendable {
        /// Changes get to the disk in the order in which they were made, each sync takes with it all before it: ext4, XFS.
        case journal
        /// Changes of one file or folder keep their order, different ones do not wait for each other; a sync of a folder
        /// takes its names with it, one of a file nothing but its bytes. A rename is one change, of both folders and of what
        /// is renamed; a new folder comes with its name. The weakest that a file system with atomic renames can be.
        case eachByItself
        /// As before, and the rename of a folder does not wait for what is in it.
        case foldersApart
    }

    struct State: Hashable, Sendable {
        let disk: [String: [UInt8]?]
        let promises: [Promise]
    }

    let start: Disk
    let events: [DiskTrace.Event]

    var syncs: [Int] { events.indices.filter { if case .sync = events[$0] { true } else { false } } }

    /// The same work without one of its syncs.
    func without(sync index: Int) -> PowerCut {
        var events = events
        events.remove(at: index)
        return PowerCut(start: start, events: events)
    }

    /// All states that differ, each with the disk; of `eachByItself` those with one change alone on the disk, with one
    /// alone missing, and random ones.
    func states(_ model: Model, dice: inout some RandomNumberGenerator) -> [(state: State, disk: Disk)] {
        var seen: Set<State> = []
        var found: [(State, Disk)] = []
        let promises = events.indices.map { at in
            events[..<at].compactMap { if case .promise(let promise) = $0 { promise } else { nil } }
        }
        // Between two syncs a later cut allows every state that an earlier one does.
        for cut in syncs + [events.count] {
            let promised = cut < events.count ? promises[cut] : (promises.last ?? []) + lastPromise
            for kept in sets(model, cut: cut, dice: &dice) {
                for disk in disks(keeping: kept, cut: cut, dice: &dice) {
                    let state = State(disk: disk.tree, promises: promised)
                    if seen.insert(state).inserted { found.append((state, disk)) }
                }
            }
        }
        return found
    }

    private var lastPromise: [Promise] { if case .promise(let promise)? = events.last { [promise] } else { [] } }

    // MARK: Names

    private func change(_ index: Int) -> DiskTrace.Change? { if case .change(let change) = events[index] { change } else { nil } }

    /// The sets of changes that may have got to the disk when the power goes before the event `cut`.
    private func sets(_ model: Model, cut: Int, dice: inout some RandomNumberGenerator) -> [[Int]] {
        let made = (0..<cut).filter { change($0) != nil }
        switch model {
        case .journal:
            let synced = syncs.last { $0 < cut } ?? 0
            let sure = made.prefix { $0 < synced }.count
            return (sure...made.count).map { Array(made[..<$0]) }
        case .eachByItself, .foldersApart:
            let needs = needs(made, model)
            let sure = syncs.filter { $0 < cut }.reduce(into: Set<Int>()) { sure, sync in
                guard case .sync(let node, _) = events[sync] else { return }
                for index in made where index < sync && change(index)?.containers.contains(node) == true { sure.formUnion(needs[index]!) }
            }
            var sets = [sure, Set(made)]
            for index in made where !sure.contains(index) {
                sets.append(sure.union(needs[index]!))
                sets.append(Set(made.filter { !needs[$0]!.contains(index) }))
            }
            for _ in 0..<8 {
                sets.append(made.filter { _ in Bool.random(using: &dice) }.reduce(sure) { $0.union(needs[$1]!) })
            }
            return sets.map { $0.sorted() }
        }
    }

    /// For each change those that are on the disk whenever it is, itself among them.
    private func needs(_ made: [Int], _ model: Model) -> [Int: Set<Int>] {
        var last: [Disk.Node: Int] = [:]
        var needs: [Int: Set<Int>] = [:]
        for index in made {
            guard let change = change(index) else { continue }
            let touched =
                if case .move(let node, _, _, _, _) = change, model == .foldersApart, isFolder(node) {
                    change.containers
                } else {
                    change.touched
                }
            needs[index] = touched.compactMap { last[$0] }.reduce([index]) { $0.union(needs[$1]!) }
            for node in touched { last[node] = index }
        }
        return needs
    }

    private func isFolder(_ node: Disk.Node) -> Bool {
        if case .folder? = start.nodes[node] { return true }
        return events.contains { if case .change(.makeFolder(_, _, node)) = $0 { true } else { false } }
    }

    // MARK: Bytes

    private func disks(keeping kept: [Int], cut: Int, dice: inout some RandomNumberGenerator) -> [Disk] {
        var names = start
        for index in kept { change(index).map { names.apply($0) } }
        var sure: [Disk.Node: [UInt8]] = [:]
        var latest: [Disk.Node: [UInt8]] = [:]
        for event in events[..<cut] {
            switch event {
            case .content(let node, let bytes): latest[node] = bytes
            case .sync(let node, _): sure[node] = latest[node]
            case .change, .promise: break
            }
        }
        for (node, bytes) in latest { names.set(node, to: bytes) }
        let doubtful = latest.keys.filter { (sure[$0] ?? start.bytes($0)) != latest[$0] }.sorted()
        func lost(_ node: Disk.Node) -> [UInt8] { sure[node] ?? start.bytes(node) }
        func torn(_ node: Disk.Node) -> [UInt8] { Array(latest[node]!.prefix((lost(node).count + latest[node]!.count) / 2)) }
        func disk(_ content: (Disk.Node) -> [UInt8]?) -> Disk {
            var disk = names
            for node in doubtful { content(node).map { disk.set(node, to: $0) } }
            return disk
        }
        var disks = [disk(lost), disk(torn), names]
        for one in doubtful {
            disks.append(disk { $0 == one ? lost(one) : nil })
            disks.append(disk { $0 == one ? torn(one) : nil })
            disks.append(disk { $0 == one ? nil : lost($0) })
        }
        if doubtful.count > 2 { disks.append(disk { [nil, lost($0), torn($0)].randomElement(using: &dice)! }) }
        return disks
    }
}

extension DiskTrace.Change {
    /// The folders whose names it changes.
    var containers: [Disk.Node] {
        switch self {
        case .create(let folder, _, _), .makeFolder(let folder, _, _), .link(_, let folder, _), .remove(_, let folder, _): [folder]
        case .move(_, let from, _, let to, _): [from, to]
        }
    }
}
