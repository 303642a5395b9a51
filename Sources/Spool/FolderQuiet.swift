import Documents
import Files

/// Whether a folder that was not moved in whole has come to rest: nothing below it has changed for the settle time, and
/// no process has a file in it open for writing.
///
/// A folder that is made and filled in its inbox gives no sign of being complete (contract §3 wants folders moved in
/// whole); this is for those found at start, and keeps a copy that is under way from being cut into several items.
enum FolderQuiet {
    /// Entries looked at; a larger tree is judged by these.
    private static let limit = 10_000

    /// nil when it rests; else why not.
    static func unrest(_ place: RelativePath, in folder: Folder, now: Instant, settle: Duration) throws(FileError) -> WaitReason? {
        var left = limit
        return try look(place, in: folder, now: now, settle: settle, left: &left)
    }

    private static func look(
        _ place: RelativePath, in folder: Folder, now: Instant, settle: Duration, left: inout Int
    ) throws(FileError) -> WaitReason? {
        guard left > 0, let stamp = try folder.stamp(place) else { return nil }
        left -= 1
        let quiet = now - stamp.changed
        // A change time in the future is a foreign clock's, and says nothing.
        if quiet >= .zero, quiet < settle { return .settling(quiet: quiet, of: settle) }
        switch stamp.kind {
        case .file:
            guard let file = try? folder.open(place) else { return nil }
            let lease = file.takeLease()
            file.dropLease()
            return lease == .busy ? .openForWriting : nil
        case .folder:
            for name in try folder.names(in: place) {
                if let reason = try look(place / name, in: folder, now: now, settle: settle, left: &left) { return reason }
            }
            return nil
        case .symbolicLink, .pipe, .socket, .device: return nil
        }
    }
}
