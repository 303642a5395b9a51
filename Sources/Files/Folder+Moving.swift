import CLinux
import Documents
import Glibc
import SystemPackage

extension Folder {
    /// How a move that must not overwrite ended.
    package enum Move: Sendable, Equatable {
        case moved
        /// Nothing has the old name: somebody else was faster.
        case missing
        /// Something has the new name; nothing was changed.
        case taken
    }

    /// Renames, and never overwrites: `RENAME_NOREPLACE`, or where the file system does not know it (NFS, FUSE answer
    /// EINVAL: reference/peers.md §4.4) a hard link and the removal of the old name.
    package func move(_ place: RelativePath, to target: Folder, as newPlace: RelativePath) throws(FileError) -> Move {
        do throws(FileError) {
            try call(.move, shown(place)) {
                place.withCString { old in
                    newPlace.withCString { new in clinux_rename_noreplace(descriptor, old, target.descriptor, new) }
                }
            }
            return .moved
        } catch {
            switch error.code {
            case .noSuchFileOrDirectory: return .missing
            case .fileExists, .directoryNotEmpty: return .taken
            case .invalidArgument: return try moveByLink(place, to: target, as: newPlace)
            default: throw error
            }
        }
    }

    private func moveByLink(_ place: RelativePath, to target: Folder, as newPlace: RelativePath) throws(FileError) -> Move {
        guard let stamp = try stamp(place) else { return .missing }
        // A folder cannot be linked. Its new name contains an id that only this caller knows, so plain rename is safe.
        if stamp.kind == .folder { return try replace(place, to: target, as: newPlace) ? .moved : .missing }
        switch try link(place, to: target, as: newPlace) {
        case .moved:
            try remove(place)
            return .moved
        case .missing: return .missing
        case .taken: return .taken
        }
    }

    /// Renames over whatever has the new name (a file) or over nothing; false when the old name is gone.
    @discardableResult
    package func replace(_ place: RelativePath, to target: Folder, as newPlace: RelativePath) throws(FileError) -> Bool {
        do throws(FileError) {
            try call(.move, shown(place)) {
                place.withCString { old in newPlace.withCString { new in renameat(descriptor, old, target.descriptor, new) } }
            }
            return true
        } catch  where error.isMissing {
            return false
        }
    }

    /// Gives the file a second name.
    package func link(_ place: RelativePath, to target: Folder, as newPlace: RelativePath) throws(FileError) -> Move {
        do throws(FileError) {
            try call(.link, shown(place)) {
                place.withCString { old in newPlace.withCString { new in linkat(descriptor, old, target.descriptor, new, 0) } }
            }
            return .moved
        } catch  where error.isMissing {
            return .missing
        } catch  where error.code == .fileExists {
            return .taken
        }
    }

    /// Removes a file; false when it was not there.
    @discardableResult
    package func remove(_ place: RelativePath) throws(FileError) -> Bool {
        do throws(FileError) {
            try call(.remove, shown(place)) { place.withCString { unlinkat(descriptor, $0, 0) } }
            return true
        } catch  where error.isMissing {
            return false
        }
    }

    /// Removes an empty folder; false when it was not there or is not empty.
    @discardableResult
    package func removeEmptyFolder(_ place: RelativePath) throws(FileError) -> Bool {
        do throws(FileError) {
            try call(.removeFolder, shown(place)) { place.withCString { unlinkat(descriptor, $0, AT_REMOVEDIR) } }
            return true
        } catch  where error.isMissing || error.code == .directoryNotEmpty || error.code == .fileExists {
            return false
        }
    }

    /// Removes a folder with all that is in it, links themselves and never their targets. Blocks for as long as that
    /// takes.
    package func removeTree(_ place: RelativePath) throws(FileError) {
        let inside: Folder
        do throws(FileError) {
            inside = try folder(place)
        } catch  where error.isMissing {
            return
        } catch  where error.code == .notDirectory || error.code == .tooManySymbolicLinkLevels {
            try remove(place)
            return
        } catch  where error.code == .permissionDenied {
            try setMode(place, 0o700)
            inside = try folder(place)
        }
        let listing = try inside.listing()
        while let entry = try listing.next() {
            let name = RelativePath(entry.name)
            do throws(FileError) {
                try inside.removeAnything(name, mayBeFolder: entry.mayBeFolder)
            } catch  where error.code == .permissionDenied {
                // Some programs forbid their own folders to be written to (Go's module cache): the owner may undo it.
                try setMode(place, 0o700)
                try inside.removeAnything(name, mayBeFolder: entry.mayBeFolder)
            }
        }
        try removeEmptyFolder(place)
    }

    private func removeAnything(_ name: RelativePath, mayBeFolder: Bool) throws(FileError) {
        if mayBeFolder, try stamp(name)?.kind == .folder { try removeTree(name) } else { try remove(name) }
    }
}
