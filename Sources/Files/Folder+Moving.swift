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

    /// Who else may make something under the new name of a move.
    package enum Target: Sendable {
        /// Anybody: it must not be overwritten.
        case shared
        /// Nobody, since it lies in a folder that is named by an id of ours.
        case own
    }

    /// Renames, and never overwrites: `RENAME_NOREPLACE`, or where the file system does not know it (NFS, FUSE answer
    /// EINVAL: reference/peers.md §4.4) in another way.
    package func move(
        _ place: RelativePath, to target: Folder, as newPlace: RelativePath, _ kind: Target = .shared
    ) throws(FileError) -> Move {
        do throws(FileError) {
            try call(.move, shown(place), changes: .move(self, place, target, newPlace)) {
                place.withCString { old in
                    newPlace.withCString { new in clinux_rename_noreplace(descriptor, old, target.descriptor, new) }
                }
            }
            return .moved
        } catch {
            switch error.code {
            case .noSuchFileOrDirectory: return .missing
            case .fileExists, .directoryNotEmpty: return .taken
            case .invalidArgument: return try moveWithoutHelp(place, to: target, as: newPlace, kind)
            default: throw error
            }
        }
    }

    /// Where nobody else uses the new name, a plain rename, also because a file's second name can be another file there
    /// (sshfs), with another lock. Else a hard link and the removal of the old name.
    private func moveWithoutHelp(
        _ place: RelativePath, to target: Folder, as newPlace: RelativePath, _ kind: Target
    ) throws(FileError) -> Move {
        guard let stamp = try stamp(place) else { return .missing }
        if kind == .own { return try replace(place, to: target, as: newPlace) ? .moved : .missing }
        if stamp.kind == .folder { return try moveFolder(place, to: target, as: newPlace) }
        do throws(FileError) {
            switch try link(place, to: target, as: newPlace) {
            case .moved: break
            case .missing: return .missing
            // Cut off between the link and the removal, by a crash.
            case .taken: guard try target.stamp(newPlace)?.isSameFile(as: stamp) == true else { return .taken }
            }
            try remove(place)
            return .moved
        } catch  where error.meansNoLinks {
            return try moveOntoOwnFile(place, to: target, as: newPlace)
        }
    }

    /// A folder cannot be linked; rename(2) puts it in the place of an empty folder at most.
    private func moveFolder(_ place: RelativePath, to target: Folder, as newPlace: RelativePath) throws(FileError) -> Move {
        if try target.stamp(newPlace) != nil { return .taken }
        do throws(FileError) {
            return try replace(place, to: target, as: newPlace) ? .moved : .missing
        } catch  where error.code == .directoryNotEmpty || error.code == .fileExists || error.code == .notDirectory {
            return .taken
        }
    }

    /// Without hard links the new name is taken by an empty file first, which nobody else can have made.
    private func moveOntoOwnFile(_ place: RelativePath, to target: Folder, as newPlace: RelativePath) throws(FileError) -> Move {
        do throws(FileError) {
            _ = try target.create(newPlace)
        } catch  where error.code == .fileExists {
            return .taken
        }
        if try replace(place, to: target, as: newPlace) { return .moved }
        try target.remove(newPlace)
        return .missing
    }

    /// Renames over whatever has the new name (a file) or over nothing; false when the old name is gone.
    @discardableResult
    package func replace(_ place: RelativePath, to target: Folder, as newPlace: RelativePath) throws(FileError) -> Bool {
        do throws(FileError) {
            try call(.move, shown(place), changes: .move(self, place, target, newPlace)) {
                place.withCString { old in newPlace.withCString { new in renameat(descriptor, old, target.descriptor, new) } }
            }
            return true
        } catch  where error.isMissing {
            return false
        }
    }

    /// Renames what was just written over whatever has the new name. Nobody else knows the old name: that it is gone, or
    /// the folder of the new one, is an error.
    package func replaceForCertain(_ place: RelativePath, as newPlace: RelativePath) throws(FileError) {
        guard try replace(place, to: self, as: newPlace) else { throw FileError(.move, shown(place), .noSuchFileOrDirectory) }
    }

    /// Gives the file a second name.
    package func link(_ place: RelativePath, to target: Folder, as newPlace: RelativePath) throws(FileError) -> Move {
        do throws(FileError) {
            try call(.link, shown(place), changes: .link(self, place, target, newPlace)) {
                place.withCString { old in newPlace.withCString { new in linkat(descriptor, old, target.descriptor, new, 0) } }
            }
            return .moved
        } catch  where error.isMissing {
            return .missing
        } catch  where error.code == .fileExists {
            return .taken
        }
    }

    /// Gives the file a second name, or where there are no hard links puts a copy there: for small files that are not
    /// changed any more.
    package func linkOrCopy(_ place: RelativePath, to target: Folder, as newPlace: RelativePath) throws(FileError) -> Move {
        do throws(FileError) {
            return try link(place, to: target, as: newPlace)
        } catch  where error.meansNoLinks {
            guard let bytes = try read(place), let permissions = try stamp(place)?.permissions else { return .missing }
            if try target.stamp(newPlace) != nil { return .taken }
            try target.replace(newPlace, with: bytes, mode: permissions)
            return .moved
        }
    }

    /// Removes a file; false when it was not there.
    @discardableResult
    package func remove(_ place: RelativePath) throws(FileError) -> Bool {
        do throws(FileError) {
            try call(.remove, shown(place), changes: .remove(self, place)) { place.withCString { unlinkat(descriptor, $0, 0) } }
            return true
        } catch  where error.isMissing {
            return false
        }
    }

    /// Removes an empty folder; false when it was not there or is not empty.
    @discardableResult
    package func removeEmptyFolder(_ place: RelativePath) throws(FileError) -> Bool {
        do throws(FileError) {
            try call(.removeFolder, shown(place), changes: .removeFolder(self, place)) {
                place.withCString { unlinkat(descriptor, $0, AT_REMOVEDIR) }
            }
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
