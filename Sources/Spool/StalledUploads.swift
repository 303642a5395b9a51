import Documents
import Files
import SystemPackage

/// Temporary names that nobody has touched for long: uploads that will not be finished, which every other tool leaves
/// lying silently.
package enum StalledUploads {
    /// At most this many are reported at a time, of each folder.
    private static let limit = 100

    /// Blocks for the time of one listing of each folder.
    package static func find(
        in inboxes: [Folder], names: NameFilter, now: Instant, after age: Duration
    ) throws(FileError) -> [FilePath] {
        var all: [FilePath] = []
        for inbox in inboxes {
            var found: [FilePath] = []
            let listing = try inbox.listing()
            while found.count < limit, let entry = try listing.next() {
                guard names.verdict(entry.name).isInProgress, let stamp = try inbox.stamp(RelativePath(entry.name)) else { continue }
                if stamp.kind == .file, now - stamp.changed > age { found.append(inbox.path.appending(entry.name)) }
            }
            all += found
        }
        return all
    }
}
