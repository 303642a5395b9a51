import Documents
import Files
import SystemPackage

/// Why a folder cannot be deployed as it is, and what to do about it.
package enum DeployFailure: Error, Equatable, CustomStringConvertible {
    case file(FileError)
    case refused(String)
    /// It changed while it was copied; the path of what changed last.
    case changing(FilePath)
    /// Another orchestrator deploys the same job at the moment.
    case busy

    static func wrap<Value>(_ body: () throws(FileError) -> Value) throws(DeployFailure) -> Value {
        do throws(FileError) { return try body() } catch { throw .file(error) }
    }

    package var description: String {
        switch self {
        case .file(let error): error.description
        case .refused(let text): text
        case .changing(let path): "\(path.escaped) keeps changing, and nothing is deployed half"
        case .busy: "another orchestrator is deploying it"
        }
    }
}

/// What lies in a job's folder, by names and stamps, as far as it is deployed.
package struct JobTree: Sendable {
    struct Entry: Sendable {
        let place: RelativePath
        let stamp: Stamp
        /// What a symbolic link says in the deployment.
        let link: [UInt8]?
    }

    /// The folder that bears the job's name.
    let root: Folder
    /// A folder before what is in it, names in order.
    let entries: [Entry]
    /// Of all stamps, also those of the settings: equal ones mean that nothing was changed in between.
    package let fingerprint: [UInt8]
    /// The newest change, by the file system's clock, and where it was.
    package let newest: Instant
    package let newestPath: FilePath
    let lookedAt: Instant

    private static let depthLimit = 100
    private static let countLimit = 500_000

    /// Looks at everything in the folder. Blocks.
    init(_ layout: JobLayout, now: Instant) throws(DeployFailure) {
        let root = layout.folders[0]
        var walk = Walk(base: root.path.absolute, besideScript: Set(layout.folders.map(\.path)))
        walk.note(nil, try DeployFailure.wrap { () throws(FileError) in try root.file.stamp() }, root.path)
        try walk.enter(root, at: nil, depth: 0)
        self.root = root
        entries = walk.entries
        newest = walk.newest
        newestPath = walk.newestPath
        lookedAt = now
        fingerprint = walk.hash.digest()
    }

    package static func look(at folder: Folder, now: Instant) throws(DeployFailure) -> JobTree {
        try JobTree(try DeployFailure.wrap { () throws(FileError) in try JobLayout(folder) }, now: now)
    }

    /// The folders to watch, those nearest to the root first.
    package func folders(limit: Int) -> [FilePath] {
        let inner = entries.filter { $0.stamp.kind == .folder }.map { (depth: $0.place.bytes.count { $0 == UInt8(ascii: "/") }, $0.place) }
        // The sort is stable in effect: the walk's order decides within a depth.
        let ordered = inner.enumerated().sorted { ($0.element.depth, $0.offset) < ($1.element.depth, $1.offset) }
        return [root.path] + ordered.prefix(limit - 1).map { root.path.appending($0.element.1) }
    }

    private struct Walk {
        let base: FilePath
        let besideScript: Set<FilePath>
        var entries: [Entry] = []
        var hash = ContentHash()
        var newest = Instant(nanoseconds: .min)
        var newestPath = FilePath()

        mutating func note(_ place: RelativePath?, _ stamp: Stamp, _ path: FilePath) {
            if let place { hash.add(place.bytes) }
            hash.add(
                Array(
                    "\0\(stamp.device) \(stamp.inode) \(stamp.size) \(stamp.permissions) \(stamp.owner) \(stamp.modified.nanoseconds) \(stamp.changed.nanoseconds)\0"
                        .utf8))
            if stamp.changed > newest {
                newest = stamp.changed
                newestPath = path
            }
        }

        mutating func enter(_ folder: Folder, at parent: RelativePath?, depth: Int) throws(DeployFailure) {
            guard depth < JobTree.depthLimit else {
                throw .refused("\(folder.path.escaped) is nested deeper than \(JobTree.depthLimit) folders")
            }
            let isBesideScript = besideScript.contains(folder.path)
            for name in try DeployFailure.wrap({ () throws(FileError) in try folder.names().sorted() }) {
                // Gone since the listing: the folder's own stamp has changed with it.
                guard let stamp = try DeployFailure.wrap({ () throws(FileError) in try folder.stamp(RelativePath(name)) }) else { continue }
                let place = parent.map { $0 / name } ?? RelativePath(name)
                if Undeployed.holds(name, stamp.kind, isBesideScript: isBesideScript) {
                    if Undeployed.describesJob(name) { note(place, stamp, folder.path.appending(name)) }
                } else {
                    note(place, stamp, folder.path.appending(name))
                    try take(name, stamp, at: place, in: folder, depth)
                }
            }
        }

        private mutating func take(_ name: FileName, _ stamp: Stamp, at place: RelativePath, in folder: Folder, _ depth: Int)
            throws(DeployFailure)
        {
            guard entries.count < JobTree.countLimit else { throw .refused("\(base.escaped) holds more than \(JobTree.countLimit) files") }
            switch stamp.kind {
            case .file: entries.append(Entry(place: place, stamp: stamp, link: nil))
            case .symbolicLink:
                let target = try DeployFailure.wrap { () throws(FileError) in try folder.readLink(RelativePath(name)) }
                entries.append(Entry(place: place, stamp: stamp, link: deployed(target, at: place)))
            case .folder:
                entries.append(Entry(place: place, stamp: stamp, link: nil))
                let inner = try DeployFailure.wrap { () throws(FileError) in try folder.folder(RelativePath(name)) }
                try enter(inner, at: place, depth: depth + 1)
            case .pipe, .socket, .device:
                throw .refused(
                    "\(folder.path.appending(name).escaped) is \(stamp.kind.words), and a deployment holds files, folders and links; remove it, or set \"is_in_place\": true"
                )
            }
        }

        /// A link that leads out of the tree by a relative path would lead elsewhere from the deployment: it gets the whole
        /// path of what it leads to.
        private func deployed(_ target: [UInt8], at place: RelativePath) -> [UInt8] {
            guard target.first != UInt8(ascii: "/") else { return target }
            var depth = place.bytes.count { $0 == UInt8(ascii: "/") }
            for part in target.split(separator: UInt8(ascii: "/")) {
                if part == [UInt8(ascii: "."), UInt8(ascii: ".")] { depth -= 1 } else if part != [UInt8(ascii: ".")] { depth += 1 }
                if depth < 0 {
                    let parent = place.bytes.lastIndex(of: UInt8(ascii: "/")).map { Array(place.bytes[...$0]) } ?? []
                    return base.bytes + [UInt8(ascii: "/")] + parent + target
                }
            }
            return target
        }
    }
}
