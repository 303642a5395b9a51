import Documents

/// Waits for the disk on behalf of many callers at once.
///
/// While a file or folder is being synced, those who ask for the same one wait and share the next sync: the one under
/// way may have begun before their change. Different files are synced side by side, so that a journaling file system
/// writes them with one commit of its journal. `syncfs(2)` would be one call for all, but it waits for everybody's data
/// on the file system, and tells of errors only since Linux 5.8 (docs/reliability.md has the figures).
package actor SyncGroup {
    private struct Key: Hashable {
        let device: UInt64
        let inode: UInt64
    }

    private typealias Waiter = CheckedContinuation<FileError?, Never>

    private var underWay: Set<Key> = []
    private var waiting: [Key: (file: OpenFile, waiters: [Waiter])] = [:]

    package init() {}

    /// How many wait for a turn that has not begun.
    var waiters: Int { waiting.values.reduce(0) { $0 + $1.waiters.count } }

    /// Returns when all of them are on the disk, or throws for the first that is not.
    package nonisolated func sync(_ files: [OpenFile]) async throws(FileError) {
        let failure = await withTaskGroup(of: FileError?.self) { group in
            for file in files { group.addTask { await self.sync(file) } }
            return await group.reduce(nil) { $0 ?? $1 }
        }
        if let failure { throw failure }
    }

    private func sync(_ file: OpenFile) async -> FileError? {
        let key: Key
        do throws(FileError) {
            let stamp = try file.stamp()
            key = Key(device: stamp.device, inode: stamp.inode)
        } catch {
            return error
        }
        guard underWay.insert(key).inserted else {
            return await withCheckedContinuation { waiting[key, default: (file, [])].waiters.append($0) }
        }
        let failure = await Self.wait(for: file)
        passOn(key)
        return failure
    }

    /// The next group of a file, if anybody waits for it.
    private func passOn(_ key: Key) {
        guard let (file, waiters) = waiting.removeValue(forKey: key) else {
            underWay.remove(key)
            return
        }
        // Belongs to none of those who wait more than to another; each of them awaits it.
        Task {
            let failure = await Self.wait(for: file)
            for waiter in waiters { waiter.resume(returning: failure) }
            passOn(key)
        }
    }

    private static func wait(for file: OpenFile) async -> FileError? {
        await Offload.run {
            do throws(FileError) { try file.sync() } catch { return error }
            return nil
        }
    }
}
