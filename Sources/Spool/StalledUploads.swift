import Documents
import Files

/// Temporary names that nobody has touched for long: uploads that will not be finished, which every other tool leaves
/// lying silently.
package enum StalledUploads {
    /// At most this many are reported at a time.
    private static let limit = 100

    /// Blocks for the time of one listing.
    package static func find(in queue: Folder, names: NameFilter, now: Instant, after age: Duration) throws(FileError) -> [FileName] {
        var found: [FileName] = []
        let listing = try queue.listing()
        while found.count < limit, let entry = try listing.next() {
            guard names.verdict(entry.name).isInProgress, let stamp = try queue.stamp(RelativePath(entry.name)) else { continue }
            if stamp.kind == .file, now - stamp.changed > age { found.append(entry.name) }
        }
        return found
    }
}
