import CLinux
import SystemPackage

extension Folder {
    /// Whether the file system itself renames without overwriting (`RENAME_NOREPLACE`): tried on two probe files that
    /// are there. `move` does without, at the price of a moment in which a file has two names.
    package func knowsNoReplace(_ place: RelativePath, _ taken: RelativePath) throws(FileError) -> Bool {
        do throws(FileError) {
            try call(.move, shown(place)) {
                place.withCString { old in
                    taken.withCString { new in clinux_rename_noreplace(descriptor, old, descriptor, new) }
                }
            }
            return false
        } catch  where error.code == .fileExists {
            return true
        } catch  where error.code == .invalidArgument {
            return false
        }
    }
}
