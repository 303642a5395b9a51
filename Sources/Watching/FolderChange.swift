import Files

/// Stands for one folder that was added to a `Watcher`; never used twice by the same watcher.
package struct WatchToken: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let number: Int

    package init(number: Int) { self.number = number }

    package var description: String { String(number) }
    package static func < (left: WatchToken, right: WatchToken) -> Bool { left.number < right.number }
}

/// Something that happened in a watched folder. A hint, not a fact: what the name means by now is for the reader to
/// find out, and the same happening may be told twice.
package struct FolderChange: Sendable, Equatable {
    package var folder: WatchToken
    package var kind: Kind
    /// When it was read from bobbin-watch, as `Clocks.uptime`.
    package var seenAt: Duration

    package init(folder: WatchToken, kind: Kind, seenAt: Duration) {
        self.folder = folder
        self.kind = kind
        self.seenAt = seenAt
    }

    /// The names are those of inotify(7). Names that begin with a dot are never told by name.
    package enum Kind: Sendable, Hashable {
        /// Renamed into the folder, or within it to this name (IN_MOVED_TO).
        case movedIn(FileName)
        /// Closed after having been open for writing (IN_CLOSE_WRITE), by the last that had it open so.
        case closed(FileName)
        /// Made: a file about to be written, a hard link, a folder, a link, a pipe (IN_CREATE).
        case created(FileName)
        /// Mode, owner, times or links changed (IN_ATTRIB).
        case touched(FileName)
        /// Something was removed, renamed away or is hidden: where that was asked for.
        case changed
        /// Changes may have gone unnoticed: look at the whole folder.
        case lost(LostReason)
    }
}

/// Why changes may have gone unnoticed.
package enum LostReason: String, Sendable, Hashable, CaseIterable {
    /// Events are on from now; what was there before was not told.
    case started
    /// More happened than the kernel, or the reader of `changes`, could queue.
    case overflow
    /// bobbin-watch ended; it is being started again, and `started` will follow.
    case watcherDied
    /// The file system with the folder was unmounted.
    case unmounted
    /// The folder was deleted, moved away or replaced, or is not there yet: an open descriptor of it is of no use any
    /// more. `started` follows when the path leads to a folder again.
    case replaced
    /// This folder gives no events: it is time to look again.
    case polling
    /// The slow rescan, which always runs.
    case rescan
}
