import Files
import SystemPackage

/// Copies a job's folder, and sees that what was copied is what was looked at.
struct SnapshotCopy {
    let tree: JobTree
    /// nil: the stamps are not wanted.
    let digest: TreeDigest?
    /// Empty, ours, and under a name that nobody looks at.
    let target: Folder

    /// Returns the stamps of the copies. Blocks.
    ///
    /// - Throws: `changing` when the folder changed since the look, or may have.
    func make() throws(DeployFailure) -> StampList {
        var seal = StampList()
        var folders: [JobTree.Entry] = []
        for entry in tree.entries {
            switch entry.stamp.kind {
            case .file: seal.lines[entry.place] = try copy(entry)
            case .symbolicLink: try DeployFailure.wrap { () throws(FileError) in try target.makeLink(entry.place, to: entry.link ?? []) }
            case .folder:
                try DeployFailure.wrap { () throws(FileError) in _ = try target.makeFolder(entry.place, mode: 0o700) }
                folders.append(entry)
            case .pipe, .socket, .device: break
            }
        }
        // At the end, and the inner ones first: some may not be written into.
        for entry in folders.reversed() {
            let mode = TreeDigest.deployedMode(entry.stamp)
            try DeployFailure.wrap { () throws(FileError) in try target.setMode(entry.place, mode) }
        }
        return seal
    }

    private func copy(_ entry: JobTree.Entry) throws(DeployFailure) -> StampList.Line {
        let expected = digest?.digests[entry.place] ?? []
        let (stamp, isSame) = try DeployFailure.wrap { () throws(FileError) in
            let source = try tree.root.open(entry.place)
            let file = try target.create(entry.place)
            try Folder.fill(file, from: source)
            try file.setModified(entry.stamp)
            try file.setMode(TreeDigest.deployedMode(entry.stamp))
            return (try file.stamp(), try source.stamp().isUnchanged(since: entry.stamp))
        }
        guard isSame, stamp.size == entry.stamp.size else { throw .changing(tree.root.path.appending(entry.place)) }
        return StampList.Line(stamp, digest: expected)
    }
}
