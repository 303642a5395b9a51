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

    /// Writes an empty file that was made ahead, or a new one: for names that nobody reads yet.
    package func write(_ bytes: [UInt8], toEmpty place: RelativePath, mode: UInt32 = 0o600) throws(FileError) {
        let file = try makeOrOpen(place, mode: mode)
        Step.fileWrite.before()
        try file.write(bytes)
        Step.fileWrite.after()
    }

    /// Puts a file in place of another (or of none) so that a reader sees the old content or the new, never a part:
    /// written under a name beside it, then renamed. After a crash the temporary name may remain; the next
    /// replacement of the same file takes it over.
    package func replace(_ place: RelativePath, with bytes: [UInt8], mode: UInt32 = 0o600) throws(FileError) {
        try draft(place, bytes, mode: mode).publish()
    }

    /// Removes what a crash in the middle of `replace` may have left beside a file.
    package func removeTemporary(of place: RelativePath) throws(FileError) { try remove(place.temporary) }

    /// Writes what is to replace a file under the name beside it. In between, its content can be made durable.
    package func draft(_ place: RelativePath, _ bytes: [UInt8], mode: UInt32 = 0o600) throws(FileError) -> Draft {
        let draft = Draft(file: try overwrite(place.temporary, mode: mode), folder: self, place: place)
        Step.fileWrite.before()
        do throws(FileError) { try draft.file.write(bytes) } catch { throw draft.dropped(because: error) }
        Step.fileWrite.after()
        return draft
    }

    /// What is to replace a file, written and not yet under its name.
    package struct Draft: Sendable {
        package let file: OpenFile
        let folder: Folder
        let place: RelativePath

        package func publish() throws(FileError) {
            Step.fileReplace.before()
            do throws(FileError) { try folder.replaceForCertain(place.temporary, as: place) } catch { throw dropped(because: error) }
            Step.fileReplace.after()
        }

        /// What remains of a replacement that failed would only use up the space that may have been missing.
        package func dropped(because error: FileError) -> FileError {
            _ = try? folder.remove(place.temporary)
            return error
        }
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
