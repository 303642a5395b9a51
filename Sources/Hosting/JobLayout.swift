import Documents
import Files

/// What lies in a job's folder, by names and stamps: read at each look, so that nothing else is read again when it is
/// the same as before.
struct JobLayout {
    /// From the folder that bears the job's name to the folder of the script: the same one, or where single nested folders
    /// led.
    let folders: [Folder]
    let scriptFolder: Folder
    /// What is in the script's folder, by name.
    let entries: [Entry]
    /// Where `settings.job` is. WebJobs want it beside the script; beside the nested folder it is found as well.
    let settingsFolder: Folder
    /// `settings.job` is in both places.
    let hasTwoSettings: Bool
    let fingerprint: JobFingerprint

    struct Entry {
        let name: FileName
        /// What the name leads to in the end; nil for a dangling link.
        let target: Stamp?
    }

    static let settingsName: FileName = FileName("settings.job")
    static let disableName: FileName = FileName("disable.job")

    /// Deeper nesting than this is not a zip with a folder in it.
    private static let depthLimit = 16

    init(_ folder: Folder) throws(FileError) {
        var folders = [folder]
        var current = folder
        var depth = 0
        var stamps = [try folder.file.stamp()]
        var entries = try Self.entries(of: folder, stamps: &stamps)
        while depth < Self.depthLimit, let inner = Self.singleFolder(entries) {
            current = try current.folder(RelativePath(inner))
            folders.append(current)
            stamps.append(try current.file.stamp())
            entries = try Self.entries(of: current, stamps: &stamps)
            depth += 1
        }
        self.folders = folders
        scriptFolder = current
        self.entries = entries
        let isOutside = depth > 0 && folder.exists(RelativePath(Self.settingsName))
        settingsFolder = isOutside ? folder : current
        hasTwoSettings = isOutside && current.exists(RelativePath(Self.settingsName))
        fingerprint = JobFingerprint(stamps)
    }

    /// A startup or stop script (contract §7), which this version does not run: nobody may rely on it.
    var hook: FileName? { entries.first { $0.name.beginsLike("on_start.") || $0.name.beginsLike("on_stop.") }?.name }

    func has(_ name: FileName) -> Bool { entries.contains { $0.name == name } }

    private static func entries(of folder: Folder, stamps: inout [Stamp]) throws(FileError) -> [Entry] {
        var entries: [Entry] = []
        for name in try folder.names().sorted() {
            let place = RelativePath(name)
            // Gone since the listing: the folder's own stamp has changed with it.
            guard let stamp = try folder.stamp(place) else { continue }
            let target = stamp.kind == .symbolicLink ? try folder.target(place) : stamp
            stamps.append(stamp)
            if stamp.kind == .symbolicLink, let target { stamps.append(target) }
            entries.append(Entry(name: name, target: target))
        }
        return entries
    }

    /// The folder that is all there is, next to settings and to what desktops and version control leave behind. Not
    /// `steps`, which belongs to the job itself, and no link.
    private static func singleFolder(_ entries: [Entry]) -> FileName? {
        let visible = entries.filter { entry in
            !entry.name.hasPrefix(".") && entry.name != settingsName && entry.name != disableName
                && !entry.name.isLike("__macosx")
        }
        guard visible.count == 1, let only = visible.first, only.target?.kind == .folder, !only.name.isLike("steps")
        else { return nil }
        return only.name
    }
}

/// The stamps of all that a look at a job depends on. Two equal ones mean that nothing was changed in between.
package struct JobFingerprint: Sendable, Equatable {
    private let stamps: [Stamp]
    /// The last change seen.
    let newest: Instant

    init(_ stamps: [Stamp]) {
        self.stamps = stamps
        newest = stamps.map(\.changed).max() ?? Instant(nanoseconds: .min)
    }

    /// Whether a change after `now` would show. The kernel stamps by its tick (4 ms, 10 ms at worst): a file written
    /// twice within one looks the same.
    func isSettled(at now: Instant) -> Bool { now - newest > .milliseconds(50) }
}
