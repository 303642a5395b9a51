import Synchronization
import SystemPackage

@testable import Files
@testable import Spool

/// Records, in order, what a piece of work changes below a folder and what it syncs.
final class DiskTrace: Sendable {
    typealias Node = Disk.Node

    /// A change of names: what a journal keeps in order.
    enum Change: Hashable, Sendable {
        case create(in: Node, FileName, Node)
        case makeFolder(in: Node, FileName, Node)
        case link(Node, in: Node, FileName)
        case move(Node, from: Node, FileName, to: Node, FileName)
        case remove(Node, from: Node, FileName)

        /// What it changes: folders, and the file whose names it changes.
        var touched: [Node] {
            switch self {
            case .create(let folder, _, let node), .makeFolder(let folder, _, let node), .link(let node, let folder, _),
                .remove(let node, let folder, _):
                [folder, node]
            case .move(let node, let from, _, let to, _): [node, from, to]
            }
        }
    }

    enum Event: Hashable, Sendable {
        case change(Change)
        /// The whole content of a file from now on.
        case content(Node, [UInt8])
        /// File or folder.
        case sync(Node, String)
        /// From now on something is promised.
        case promise(Promise)
    }

    private struct Inode: Hashable {
        let device: UInt64
        let number: UInt64
    }

    private struct State {
        var start = Disk()
        var now = Disk()
        var events: [Event] = []
        var known: [Inode: Node] = [:]
        var count = 0
        var problems: [String] = []
    }

    private let state: Mutex<State>
    private let root: Folder

    /// What is below the folder now counts as being on the disk.
    init(_ root: Folder) throws {
        self.root = root
        var state = State()
        state.known[try Self.inode(root.file)] = Disk.root
        try Self.read(root, Disk.root, &state)
        state.start = state.now
        self.state = Mutex(state)
    }

    var start: Disk { state.withLock { $0.start } }
    var events: [Event] { state.withLock { $0.events } }
    var problems: [String] { state.withLock { $0.problems } }

    /// Does some work and records what it does.
    func record(_ work: () async throws -> Void) async rethrows {
        try await Faults.$plan.withValue(Faults(observing: { [self] in note($0) })) { try await work() }
    }

    func promise(_ promise: Promise) { state.withLock { $0.events.append(.promise(promise)) } }

    /// Where what was recorded differs from what is there: nothing, unless a change went past the recorder.
    func differences() throws -> [String] {
        var real = State()
        real.known[try Self.inode(root.file)] = Disk.root
        try Self.read(root, Disk.root, &real)
        let model = state.withLock { $0.now.tree }
        let there = real.now.tree
        return Set(model.keys).union(there.keys).sorted().filter { model[$0] != there[$0] }
    }

    // MARK: Recording

    private static func inode(_ file: OpenFile) throws -> Inode {
        let stamp = try file.stamp()
        return Inode(device: stamp.device, number: stamp.inode)
    }

    private static func read(_ folder: Folder, _ node: Node, _ state: inout State) throws {
        for name in try folder.names() {
            guard let stamp = try folder.stamp(RelativePath(name)) else { continue }
            let inode = Inode(device: stamp.device, number: stamp.inode)
            if let known = state.known[inode] {
                state.now.apply(.link(known, in: node, name))
                continue
            }
            state.count += 1
            let new = state.count
            state.known[inode] = new
            if stamp.kind == .folder {
                state.now.apply(.makeFolder(in: node, name, new))
                try read(folder.folder(RelativePath(name)), new, &state)
            } else {
                state.now.apply(.create(in: node, name, new))
                state.now.set(new, to: try folder.read(RelativePath(name)) ?? [])
            }
        }
    }

    private func note(_ change: FileChange) {
        // Looks of the recorder's own are not recorded.
        Faults.$plan.withValue(nil) {
            state.withLock { state in
                do { try Self.note(change, &state) } catch { state.problems.append("\(change): \(error)") }
            }
        }
    }

    private static func place(_ folder: Folder, _ place: RelativePath, _ state: State) throws -> (folder: Node, name: FileName)? {
        let parent = try place.parent.map { try folder.folder($0).file } ?? folder.file
        let name = FileName(Array(place.bytes.split(separator: UInt8(ascii: "/")).last ?? []))
        guard let node = state.known[try inode(parent)], let name else { return nil }
        return (node, name)
    }

    private static func note(_ change: FileChange, _ state: inout State) throws {
        func append(_ change: Change) {
            state.now.apply(change)
            state.events.append(.change(change))
        }
        func setContent(_ node: Node, _ bytes: [UInt8]) {
            state.now.set(node, to: bytes)
            state.events.append(.content(node, bytes))
        }
        switch change {
        case .create(let folder, let relative, let file, let isEmptied):
            guard let (parent, name) = try place(folder, relative, state) else { return }
            if let node = state.now.entries(parent)[name] {
                if isEmptied, !state.now.bytes(node).isEmpty { setContent(node, []) }
                return
            }
            state.count += 1
            // A number that a removed file had may come again.
            state.known[try inode(file)] = state.count
            append(.create(in: parent, name, state.count))
        case .makeFolder(let folder, let relative):
            guard let (parent, name) = try place(folder, relative, state) else { return }
            state.count += 1
            state.known[try inode(folder.folder(relative).file)] = state.count
            append(.makeFolder(in: parent, name, state.count))
        case .write(let file, let bytes):
            guard let node = state.known[try inode(file)] else { return }
            setContent(node, state.now.bytes(node) + bytes)
        case .move(let from, let old, let to, let new):
            guard let (source, oldName) = try place(from, old, state), let (target, newName) = try place(to, new, state) else { return }
            guard let node = state.now.entries(source)[oldName] else { throw FileError(.move, "an unknown name", .noSuchFileOrDirectory) }
            append(.move(node, from: source, oldName, to: target, newName))
        case .link(let from, let old, let to, let new):
            guard let (source, oldName) = try place(from, old, state), let (target, newName) = try place(to, new, state) else { return }
            guard let node = state.now.entries(source)[oldName] else { throw FileError(.link, "an unknown name", .noSuchFileOrDirectory) }
            append(.link(node, in: target, newName))
        case .remove(let folder, let relative), .removeFolder(let folder, let relative):
            guard let (parent, name) = try place(folder, relative, state), let node = state.now.entries(parent)[name] else { return }
            append(.remove(node, from: parent, name))
        case .sync(let file):
            guard let node = state.known[try inode(file)] else { return }
            state.events.append(.sync(node, file.subject.description))
        }
    }
}
