import Documents
import Files

extension QueueReader {
    /// What waits in the inbox.
    package struct Backlog: Sendable, Equatable {
        package var count = 0
        /// When the oldest of those looked at was last changed.
        package var oldest: Instant?
        /// Some of those looked at, by name.
        package var names: [FileName] = []
        /// Not every file was looked at: `oldest` and `names` are of a part.
        package var isPartial = false
    }

    /// Counts the files that wait and finds the oldest. Names cost nothing to count; of a large backlog only the first
    /// `lookLimit` files are examined.
    package func backlog(rules: QueueRules, namesKept: Int = 0, lookLimit: Int = 100_000) throws(FileError) -> Backlog {
        var backlog = Backlog()
        let listing = try folder.listing()
        while let entry = try listing.next() {
            if QueueLayout.reserved.contains(entry.name) || !rules.names.verdict(entry.name).isItem { continue }
            let isExamined = backlog.count < lookLimit
            guard isExamined || entry.mayBeFolder else {
                backlog.count += 1
                backlog.isPartial = true
                continue
            }
            guard let stamp = try folder.stamp(RelativePath(entry.name)) else { continue }
            if stamp.kind == .folder, rules.accept == .files { continue }
            if stamp.kind == .file, rules.accept == .directories { continue }
            backlog.count += 1
            guard isExamined else { continue }
            backlog.oldest = min(backlog.oldest ?? stamp.changed, stamp.changed)
            if backlog.names.count < namesKept { backlog.names.append(entry.name) }
        }
        backlog.names.sort()
        return backlog
    }
}
