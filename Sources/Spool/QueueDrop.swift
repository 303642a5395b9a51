import Documents
import Files

/// Drops a file and its envelope into a queue, as a careful producer does it: whole, under its name, or not at all.
package struct QueueDrop {
    private let folder: Folder
    private let file: RelativePath
    private let envelope: RelativePath

    /// - Parameters:
    ///   - id: of the item; the drafts are named by it.
    ///   - folder: of the queue.
    package init(_ id: ItemID, into folder: Folder) {
        self.folder = folder
        file = RelativePath(FileName(".bobbin-submit-\(id)") ?? FileName(".bobbin-submit"))
        envelope = RelativePath(FileName(".bobbin-submit-\(id).envelope") ?? FileName(".bobbin-submit.envelope"))
    }

    /// Writes what is to be dropped, and has it on the disk.
    package func draft(_ letter: Envelope, _ write: (OpenFile) throws(FileError) -> Void) throws(FileError) {
        let file = try folder.overwrite(file, mode: 0o644)
        try write(file)
        try file.sync()
        let envelope = try folder.overwrite(envelope, mode: 0o644)
        try envelope.write(letter.json.prettyBytes)
        try envelope.sync()
    }

    package enum Answer: Sendable {
        case dropped
        /// A file of this name waits already.
        case taken
        /// An envelope of this name lies there without its file.
        case letterLeft
    }

    /// The envelope first: the file is claimed together with it, or not yet.
    package func publish(as name: FileName) throws(FileError) -> Answer {
        let letter = RelativePath(Envelope.name(for: name))
        if folder.exists(RelativePath(name)) { return .taken }
        guard try folder.move(envelope, to: folder, as: letter) == .moved else { return .letterLeft }
        if try folder.move(file, to: folder, as: RelativePath(name)) == .moved {
            try folder.file.sync()
            return .dropped
        }
        _ = try folder.move(letter, to: folder, as: envelope)
        return .taken
    }

    /// Removes the drafts of what was not dropped.
    package func discard() {
        _ = try? folder.remove(file)
        _ = try? folder.remove(envelope)
    }
}
