import Documents
import Files
import SystemPackage

/// The snapshots of one job: `data/deployments/KIND/NAME/`.
///
///     HASH/         the tree, as it was in the job's folder
///     HASH.seal     stamps and hashes of its files: what shows that somebody changed them
///     stamps        those of the job's folder: a file with the same stamp is not read again
///     state.json    which snapshot is the current one, and which was before
///
/// All of it is derived: what is missing or damaged is made anew from the job's folder. So nothing is synced; after
/// another start of the machine a snapshot is compared with its hashes before anything is started from it.
package struct Snapshots: Sendable {
    private let home: Folder
    private let clocks: Clocks

    private static let stampsName: StaticString = "stamps"
    private static let stateName: StaticString = "state.json"
    /// 500,000 lines of a kilobyte.
    private static let stampsLimit = 512 << 20

    package static func place(_ key: JobKey, in deployments: FilePath) -> FilePath {
        deployments.appending(key.kind.folder).appending(key.name)
    }

    /// Opens the folder of a job's snapshots, which is made when it is missing.
    package init(_ key: JobKey, in deployments: FilePath, clocks: Clocks = .system) throws(DeployFailure) {
        home = try DeployFailure.wrap { () throws(FileError) in try Folder.make(Self.place(key, in: deployments), mode: 0o755) }
        self.clocks = clocks
    }

    // MARK: Deploying

    /// The snapshot of what a look found: the one there is, or a new one. Blocks.
    ///
    /// - Parameter current: what this program started runs from until now.
    package func deploy(_ tree: JobTree, current: Deployment?) throws(DeployFailure) -> Deployment {
        guard tree.isSettled(tree.newest) else { throw .changing(tree.newestPath) }
        guard lock() else { throw .busy }
        defer { home.file.unlock() }
        removeStrays()
        let known = readList(RelativePath(Self.stampsName))
        let digest = try TreeDigest(tree, known: known)
        let found = try find(digest.id, current)
        let deployment = if let found { found } else { try make(tree, digest) }
        try note(deployment.id)
        writeStamps(tree, digest, known)
        return deployment
    }

    /// One orchestrator after the other; where folders cannot be locked, all at once, which costs a copy for nothing.
    private func lock() -> Bool { (try? home.file.tryLock()) ?? true }

    private func find(_ id: String, _ current: Deployment?) throws(DeployFailure) -> Deployment? {
        if let current, Deployment.hash(current.id) == id, current.folder.isStillAtPath(), isIntact(current.id, current.folder) {
            return current
        }
        for name in try names() where Deployment.hash(name.escaped) == id {
            guard let folder = try? home.folder(RelativePath(name)), (try? folder.file.tryLock(shared: true)) != false,
                isIntact(name.escaped, folder)
            else { continue }
            return Deployment(id: name.escaped, folder: folder)
        }
        return nil
    }

    private func make(_ tree: JobTree, _ digest: TreeDigest) throws(DeployFailure) -> Deployment {
        let draft = RelativePath(Self.draftName)
        do throws(DeployFailure) {
            let target = try DeployFailure.wrap { () throws(FileError) in
                try home.makeFolder(draft)
                return try home.folder(draft)
            }
            let seal = try SnapshotCopy(tree: tree, digest: digest, target: target).make()
            let after = try JobTree.look(
                at: try DeployFailure.wrap { () throws(FileError) in try Folder.open(tree.root.path) }, now: clocks.now())
            guard after.fingerprint == tree.fingerprint else { throw DeployFailure.changing(after.newestPath) }
            return try publish(draft, digest.id, seal)
        } catch {
            _ = try? home.removeTree(draft)
            throw error
        }
    }

    /// Gives the copy its name. An earlier copy of the same may have it, which was changed and in which runs may go on.
    private func publish(_ draft: RelativePath, _ hash: String, _ seal: StampList) throws(DeployFailure) -> Deployment {
        let taken = Set(try names().map(\.escaped))
        var id = hash
        var number = 2
        while taken.contains(id) {
            id = "\(hash).\(number)"
            number += 1
        }
        guard let name = FileName(id), let sealName = Self.sealName(id) else { throw .file(FileError(.move, id, .invalidArgument)) }
        let folder = try DeployFailure.wrap { () throws(FileError) in
            // Readable for whichever user the job's runs are started as.
            try home.setMode(draft, 0o755)
            try home.replace(RelativePath(sealName), with: seal.bytes, mode: 0o644)
            _ = try home.move(draft, to: home, as: RelativePath(name), .own)
            return try home.folder(RelativePath(name))
        }
        _ = try? folder.file.tryLock(shared: true)
        return Deployment(id: id, folder: folder)
    }

    /// Whether a snapshot is what it was made as. Files that runs have left in it do not count.
    private func isIntact(_ id: String, _ folder: Folder) -> Bool {
        guard let sealName = Self.sealName(id), var seal = readList(RelativePath(sealName)) else { return false }
        let isOfThisBoot = seal.boot == StampList().boot
        for (place, line) in seal.lines {
            guard let stamp = try? folder.stamp(place), stamp.kind == .file, line.matches(stamp) else { return false }
            if !isOfThisBoot, (try? TreeDigest.digest(of: place, in: folder)) != line.digest { return false }
        }
        if !isOfThisBoot {
            seal.boot = StampList().boot
            _ = try? home.replace(RelativePath(sealName), with: seal.bytes, mode: 0o644)
        }
        return true
    }

    // MARK: What is remembered

    /// The current snapshot, and the one before, as they were written down.
    package struct State: Sendable, Equatable {
        package var current: String
        package var previous: String?
        package var deployedAt: Instant
    }

    private func note(_ id: String) throws(DeployFailure) {
        let before = Self.state(in: home)
        guard before?.current != id else { return }
        var members: [JSON.Member] = [.init("current", .string(id))]
        if let previous = before?.current { members.append(.init("previous", .string(previous))) }
        members.append(.init("deployed_at", JSON(clocks.now())))
        let bytes = JSON.object(members).prettyBytes
        try DeployFailure.wrap { () throws(FileError) in try home.replace(RelativePath(Self.stateName), with: bytes, mode: 0o644) }
    }

    /// nil: none has been made.
    package static func state(of key: JobKey, in deployments: FilePath) -> State? {
        (try? Folder.open(place(key, in: deployments))).flatMap { state(in: $0) }
    }

    private static func state(in home: Folder) -> State? {
        guard let bytes = try? home.read(RelativePath(stateName)), let json = try? JSONParser.parse(bytes),
            let current = json["current"]?.string, let at = json["deployed_at"]?.string.flatMap({ Instant(rfc3339: $0) })
        else { return nil }
        return State(current: current, previous: json["previous"]?.string, deployedAt: at)
    }

    /// What fails here only costs reading the files again.
    private func writeStamps(_ tree: JobTree, _ digest: TreeDigest, _ known: StampList?) {
        var stamps = StampList()
        for entry in tree.entries where tree.isSettled(entry.stamp.changed) {
            if let digest = digest.digests[entry.place] { stamps.lines[entry.place] = StampList.Line(entry.stamp, digest: digest) }
        }
        guard stamps.lines != known?.lines else { return }
        _ = try? home.replace(RelativePath(Self.stampsName), with: stamps.bytes, mode: 0o600)
    }

    /// The size that a file of the job's folder had when it was last deployed.
    package func deployedSizes() -> [RelativePath: UInt64] { readList(RelativePath(Self.stampsName))?.lines.mapValues(\.size) ?? [:] }

    private func readList(_ place: RelativePath) -> StampList? {
        (try? home.read(place, limit: Self.stampsLimit)).flatMap { $0 }.flatMap { StampList($0) }
    }

    // MARK: Tidying up

    private static let draftName = FileName(".draft" as StaticString)

    private static func sealName(_ id: String) -> FileName? { FileName("\(id).seal") }

    private func names() throws(DeployFailure) -> [FileName] {
        try DeployFailure.wrap { () throws(FileError) in try home.names().filter(Deployment.isID).sorted() }
    }

    /// What a crash has left. The caller has the lock, so it is nobody's.
    private func removeStrays() {
        for name in (try? home.names()) ?? [] where name.hasPrefix(".") { _ = try? home.removeTree(RelativePath(name)) }
    }

    /// Removes what nobody runs and nobody will: snapshots that are neither current nor previous, and all when the job is
    /// gone. Blocks.
    ///
    /// - Returns: how many are left besides those that are kept.
    @discardableResult
    package func collect(isJobGone: Bool = false) -> Int {
        guard lock() else { return 0 }
        defer { home.file.unlock() }
        removeStrays()
        let state = isJobGone ? nil : Self.state(in: home)
        let kept = [state?.current, state?.previous].compactMap { $0 }
        // Without a word on what is current, whoever knows it will say so; all are kept until then.
        guard isJobGone || state != nil, let names = try? names() else { return 0 }
        var left = 0
        for name in names where !kept.contains(name.escaped) {
            // Taken only when nobody has a share of it, in this program or in another.
            guard let folder = try? home.folder(RelativePath(name)), (try? folder.file.tryLock()) == true else {
                left += 1
                continue
            }
            let going = RelativePath(FileName(".going-\(name.escaped)") ?? name)
            guard (try? home.replace(RelativePath(name), to: home, as: going)) == true else { continue }
            _ = try? home.removeTree(going)
            if let seal = Self.sealName(name.escaped) { _ = try? home.remove(RelativePath(seal)) }
        }
        if isJobGone, left == 0 { removeHome() }
        return left
    }

    private func removeHome() {
        guard let name = home.path.name, let parent = try? Folder.open(home.path.removingLastComponent()) else { return }
        _ = try? parent.removeTree(RelativePath(name))
    }
}

extension Deployment {
    /// The part of an id that says what is in it.
    static func hash(_ id: String) -> String { String(id.prefix(idLength)) }
}
