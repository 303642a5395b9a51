import Files

/// What the holder of an item has open: the payload, and the lock that is the claim (contract §2).
///
/// The lock is on the payload itself. On a network file system an exclusive lock needs a file that is open for writing,
/// and one on a folder keeps no other machine out (reference/distributed.md §4): there, a payload that is read-only or a
/// folder is locked through the file `lock` beside it in the item's folder.
package struct Hold: Sendable {
    package let payload: OpenFile
    /// The lock file; nil when the payload itself is locked.
    package private(set) var lock: OpenFile?
    /// The payload itself cannot be locked, and has no lock file yet.
    let needsLockFile: Bool

    private var locked: OpenFile { lock ?? payload }

    /// Opens a payload that lies in an inbox, to be locked there.
    static func open(_ place: RelativePath, in folder: Folder, isFolder: Bool, isNetwork: Bool) throws(FileError) -> Hold {
        guard isNetwork else { return Hold(payload: try folder.open(place), needsLockFile: false) }
        if !isFolder {
            do throws(FileError) {
                return Hold(payload: try folder.open(place, writing: true), needsLockFile: false)
            } catch  where error.meansReadOnly {}
        }
        return Hold(payload: try folder.open(place), needsLockFile: true)
    }

    /// Opens an item's payload, with its lock file if it needs one.
    package static func open(_ name: FileName, at place: ItemPlace, in folder: Folder, isNetwork: Bool) throws(FileError) -> Hold {
        let isFolder = isNetwork ? try folder.stamp(place.payload(name))?.kind == .folder : false
        var hold = try open(place.payload(name), in: folder, isFolder: isFolder, isNetwork: isNetwork)
        if hold.needsLockFile { try hold.makeLockFile(at: place, in: folder) }
        return hold
    }

    mutating func makeLockFile(at place: ItemPlace, in folder: Folder) throws(FileError) {
        lock = try folder.append(to: place.lock, mode: 0o640)
    }

    /// False when somebody else holds it.
    package func tryLock() throws(FileError) -> Bool { try locked.tryLock() }

    /// The lock stays with the processes that have inherited it.
    func letGo() { locked.letGo() }
}
