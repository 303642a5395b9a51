import Documents
import Files
import SystemPackage

/// The content of a job's folder by a hash: of names, modes, what links say, and bytes; not of times and owners.
struct TreeDigest {
    let id: String
    /// Of each file.
    let digests: [RelativePath: [UInt8]]

    /// Reads the files whose stamps are not known. Blocks.
    init(_ tree: JobTree, known: StampList?) throws(DeployFailure) {
        var hash = ContentHash()
        var digests: [RelativePath: [UInt8]] = [:]
        for entry in tree.entries {
            var content: [UInt8] = []
            switch entry.stamp.kind {
            case .file:
                hash.add("f")
                let line = known?.lines[entry.place]
                if let line, line.matches(entry.stamp), tree.isSettled(entry.stamp.changed) {
                    content = line.digest
                } else {
                    content = try Self.digest(of: entry.place, in: tree.root)
                }
                digests[entry.place] = content
            case .folder: hash.add("d")
            case .symbolicLink:
                hash.add("l")
                content = (entry.link ?? []) + [0]
            case .pipe, .socket, .device: break
            }
            let mode = entry.stamp.kind == .symbolicLink ? 0 : Self.deployedMode(entry.stamp)
            hash.add(Array(String(mode, radix: 8).utf8) + [0])
            hash.add(entry.place.bytes)
            hash.add(content.isEmpty ? [0] : [0] + content)
        }
        id = String(ContentHash.hexadecimal(hash.digest()).prefix(Deployment.idLength))
        self.digests = digests
    }

    /// A deployment is owned by who runs bobbin: a file that changes the user who starts it would not mean the same.
    static func deployedMode(_ stamp: Stamp) -> UInt32 { stamp.permissions & 0o777 }

    static func digest(of place: RelativePath, in root: Folder) throws(DeployFailure) -> [UInt8] {
        try DeployFailure.wrap { () throws(FileError) in
            let file = try root.open(place)
            var hash = ContentHash()
            var offset = 0
            while true {
                let piece = try file.read(at: offset, count: 256 * 1024)
                if piece.isEmpty { return hash.digest() }
                hash.add(piece)
                offset += piece.count
            }
        }
    }
}

extension JobTree {
    /// Whether a change after the look would show. The kernel stamps by its tick (4 ms, 10 ms at worst): a file that is
    /// written twice within one looks the same. A stamp of the future tells nothing; it is nobody's tick.
    func isSettled(_ changed: Instant) -> Bool {
        let age = lookedAt - changed
        return age < .zero || age > .milliseconds(20)
    }
}
