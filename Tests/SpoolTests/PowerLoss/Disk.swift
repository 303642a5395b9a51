import Files

/// What is on a disk, as a model: files and folders by number, since one file may have several names.
struct Disk: Hashable, Sendable {
    typealias Node = Int

    enum Content: Hashable, Sendable {
        case folder([FileName: Node])
        case file([UInt8])
    }

    static let root: Node = 0
    private(set) var nodes: [Node: Content] = [root: .folder([:])]

    func entries(_ folder: Node) -> [FileName: Node] { if case .folder(let entries)? = nodes[folder] { entries } else { [:] } }
    func bytes(_ file: Node) -> [UInt8] { if case .file(let bytes)? = nodes[file] { bytes } else { [] } }

    mutating func set(_ file: Node, to bytes: [UInt8]) { nodes[file] = .file(bytes) }

    mutating func put(_ name: FileName, _ node: Node, in folder: Node) {
        var entries = entries(folder)
        entries[name] = node
        nodes[folder] = .folder(entries)
    }

    @discardableResult
    mutating func take(_ name: FileName, from folder: Node) -> Node? {
        var entries = entries(folder)
        let node = entries.removeValue(forKey: name)
        nodes[folder] = .folder(entries)
        return node
    }

    /// Carries out a change of names. What a change is about was there when it was made, and is there in any legal state
    /// in which the change is.
    mutating func apply(_ change: DiskTrace.Change) {
        switch change {
        case .create(let folder, let name, let node):
            nodes[node] = .file([])
            put(name, node, in: folder)
        case .makeFolder(let folder, let name, let node):
            nodes[node] = .folder([:])
            put(name, node, in: folder)
        case .link(let node, let folder, let name):
            if nodes[node] == nil { nodes[node] = .file([]) }
            put(name, node, in: folder)
        case .move(let node, let from, let old, let to, let new):
            // Two names of one file: rename(2) then does nothing.
            if entries(to)[new] == node { return }
            take(old, from: from)
            put(new, node, in: to)
        case .remove(_, let folder, let name): take(name, from: folder)
        }
    }

    /// Everything that has a name, by its path; files with their content, folders with nil.
    var tree: [String: [UInt8]?] {
        var found: [String: [UInt8]?] = [:]
        func walk(_ folder: Node, _ path: String) {
            for (name, node) in entries(folder) {
                let path = path + "/" + name.escaped
                switch nodes[node] {
                case .folder?:
                    found[path] = .some(nil)
                    walk(node, path)
                case .file(let bytes)?: found[path] = bytes
                case nil: found[path] = .some(nil)
                }
            }
        }
        walk(Self.root, "")
        return found
    }

    /// Makes it real in an empty folder.
    func write(into folder: Folder, changing edit: ([UInt8]) -> [UInt8] = { $0 }) throws {
        var first: [Node: RelativePath] = [:]
        func walk(_ node: Node, _ path: RelativePath?) throws {
            for (name, inside) in entries(node) {
                let place = path.map { $0 / name } ?? RelativePath(name)
                switch nodes[inside] {
                case .folder?:
                    try folder.makeFolder(place, mode: 0o755)
                    try walk(inside, place)
                case .file(let bytes)?:
                    if let other = first[inside] {
                        _ = try folder.link(other, to: folder, as: place)
                    } else {
                        try folder.write(edit(bytes), toNew: place, mode: 0o644)
                        first[inside] = place
                    }
                case nil: break
                }
            }
        }
        try walk(Self.root, nil)
    }
}
