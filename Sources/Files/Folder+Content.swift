import Glibc
import SystemPackage

extension Folder {
    /// The content of a file, at most `limit` bytes; nil when there is none of that name.
    package func read(_ place: RelativePath, limit: Int = 1 << 20) throws(FileError) -> [UInt8]? {
        do throws(FileError) {
            return try open(place).readAll(limit: limit)
        } catch  where error.isMissing {
            return nil
        }
    }

    /// The end of a file's content, at most `limit` bytes; nil when there is none of that name.
    package func readTail(_ place: RelativePath, limit: Int) throws(FileError) -> [UInt8]? {
        do throws(FileError) {
            let file = try open(place)
            return try file.read(at: max(0, Int(clamping: file.stamp().size) - limit), count: limit)
        } catch  where error.isMissing {
            return nil
        }
    }

    /// Writes a new file; throws EEXIST when the name is taken.
    package func write(_ bytes: [UInt8], toNew place: RelativePath, mode: UInt32 = 0o600) throws(FileError) {
        let file = try create(place, mode: mode)
        Step.fileWrite.before()
        try file.write(bytes)
        Step.fileWrite.after()
    }

    /// Puts a file in place of another (or of none) so that a reader sees the old content or the new, never a part:
    /// written under a name beside it, then renamed. After a crash the temporary name may remain; the next
    /// replacement of the same file takes it over.
    ///
    /// - Parameter durable: also sync the file before the rename and the folder after it. Blocks; use `Offload`.
    package func replace(_ place: RelativePath, with bytes: [UInt8], mode: UInt32 = 0o600, durable: Bool = false) throws(FileError) {
        let temporary = place.temporary
        let file = try overwrite(temporary, mode: mode)
        do throws(FileError) {
            Step.fileWrite.before()
            try file.write(bytes)
            Step.fileWrite.after()
            if durable { try file.sync() }
            Step.fileReplace.before()
            try replace(temporary, to: self, as: place)
            Step.fileReplace.after()
        } catch {
            // The replacement failed; what remains of it would only use up the space that may have been missing.
            _ = try? remove(temporary)
            throw error
        }
        if durable { try syncParent(of: place) }
    }

    /// Removes what a crash in the middle of `replace` may have left beside a file.
    package func removeTemporary(of place: RelativePath) throws(FileError) { try remove(place.temporary) }

    /// Waits until the names in the folder that contains `place` are on the disk. Blocks.
    package func syncParent(of place: RelativePath) throws(FileError) {
        if let parent = place.parent { try folder(parent).file.sync() } else { try file.sync() }
    }

    /// Waits until everything below a folder is on the disk: files, then the folders that name them. Blocks.
    package func syncTree(_ place: RelativePath) throws(FileError) {
        let inside = try folder(place)
        let listing = try inside.listing()
        while let entry = try listing.next() {
            let name = RelativePath(entry.name)
            switch try inside.stamp(name)?.kind {
            case .folder: try inside.syncTree(name)
            case .file: try inside.open(name).sync()
            case .symbolicLink, .pipe, .socket, .device, nil: break
            }
        }
        try inside.file.sync()
    }
}

extension RelativePath {
    /// The name under which a replacement is written: hidden, so that it is never taken for an item.
    var temporary: RelativePath {
        var parts = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map(Array.init)
        let last = parts.removeLast()
        // A status file's name may use all 255 bytes; the temporary name must still fit.
        parts.append(Array(".".utf8) + last.suffix(240) + Array(".new".utf8))
        return RelativePath(bytes: Array(parts.joined(separator: [UInt8(ascii: "/")])))
    }

    var parent: RelativePath? {
        guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return nil }
        return RelativePath(bytes: Array(bytes[..<slash]))
    }
}
