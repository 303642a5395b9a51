import Files
import SystemPackage

/// Lets scripts that run as another user (settings `user` and `group`) reach what is theirs among Bobbin's private folders.
enum Reach {
    /// Gives a folder the mode of /tmp for one group: what a script makes there is its own, and what is Bobbin's it can
    /// neither remove nor replace.
    static func share(_ folder: Folder, with group: UInt32) throws(FileError) {
        try folder.setOwner(RelativePath("."), group: group)
        try folder.setMode(RelativePath("."), 0o1770)
    }

    /// Lets others pass on the way from one folder to another below it, and not look.
    static func open(from top: FilePath, to inner: FilePath) throws(FileError) {
        var path = inner.removingLastComponent()
        while path.starts(with: top) {
            let folder = try Folder.open(path)
            let permissions = try folder.file.stamp().permissions
            if permissions & 0o001 == 0 { try folder.setMode(RelativePath("."), permissions | 0o001) }
            path = path.removingLastComponent()
        }
    }
}
