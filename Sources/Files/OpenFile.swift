import CLinux
import Glibc
import SystemPackage

/// An open file or folder whose descriptor is closed when the last reference goes. Close-on-exec.
package final class OpenFile: Sendable {
    package let descriptor: Int32
    /// For messages.
    package let subject: FileSubject

    package init(adopting descriptor: Int32, subject: FileSubject) {
        self.descriptor = descriptor
        self.subject = subject
    }

    deinit { close(descriptor) }

    package func stamp() throws(FileError) -> Stamp {
        var raw = clinux_stamp()
        try call(.stamp, subject) { clinux_stamp(descriptor, "", &raw) }
        return Stamp(raw)
    }

    /// What a lease told about writers (fcntl(2), F_SETLEASE).
    package enum LeaseAnswer: Sendable {
        /// Nobody has the file open for writing; who tries now waits until the lease is dropped.
        case granted
        /// Somebody has it open for writing, or had until a few milliseconds ago: the kernel drops the reference after
        /// the close event (reference/peers.md §4.3).
        case busy
        /// The kernel or the file system does not lend (not the owner, network file system, leases disabled).
        case notPermitted
    }

    package func takeLease() -> LeaseAnswer {
        do throws(FileError) {
            try call(.lease, subject) { clinux_lease(descriptor, 1) }
            return .granted
        } catch {
            return error.code == .resourceTemporarilyUnavailable ? .busy : .notPermitted
        }
    }

    /// Whether nobody has asked for the file for writing since the lease was taken: who does waits until it is dropped.
    package var isLeaseUndisturbed: Bool { clinux_lease_kept(descriptor) != 0 }

    package func dropLease() { _ = clinux_lease(descriptor, 0) }

    /// Takes the exclusive lock; false when somebody else holds it. The lock belongs to the open file: every process
    /// that inherits the descriptor holds it too, and it ends with the last of them (flock(2)).
    ///
    /// - Parameter shared: keep out only those who want it for themselves: to ask whether somebody has it.
    package func tryLock(shared: Bool = false) throws(FileError) -> Bool {
        do throws(FileError) {
            try call(.lock, subject) { shared ? clinux_lock_shared(descriptor) : clinux_lock(descriptor) }
            return true
        } catch  where error.code == .wouldBlock {
            return false
        }
    }

    /// Whether somebody else holds the exclusive lock. Those who ask at one time do not take one another for its holder,
    /// and nothing is written, not even on a file system where an exclusive lock needs that.
    package func isLocked() throws(FileError) -> Bool {
        guard try tryLock(shared: true) else { return true }
        unlock()
        return false
    }

    package func unlock() { _ = clinux_unlock(descriptor) }

    /// Lets go of the file at once, whoever still has a reference. A lock stays with the processes that have inherited it,
    /// which `unlock` would take from them.
    package func letGo() { _ = clinux_let_go(descriptor) }

    /// Reads from the start, at most `limit` bytes.
    package func readAll(limit: Int) throws(FileError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < limit {
            let chunk = try read(at: bytes.count, count: min(64 * 1024, limit - bytes.count))
            if chunk.isEmpty { break }
            bytes += chunk
        }
        return bytes
    }

    /// Reads `count` bytes or fewer at an offset; empty at the end of the file.
    package func read(at offset: Int, count: Int) throws(FileError) -> [UInt8] {
        var failure: FileError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(FileError) {
                filled = try call(.read, subject) { pread(descriptor, buffer.baseAddress, count, off_t(offset)) }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    package func write(_ bytes: [UInt8]) throws(FileError) {
        var failure: FileError?
        bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty, failure == nil {
                do throws(FileError) {
                    let part = UnsafeRawBufferPointer(rebasing: rest)
                    let written = try call(.write, subject) { Glibc.write(descriptor, part.baseAddress, part.count) }
                    noteWritten(part.prefix(written))
                    rest = rest.dropFirst(written)
                } catch {
                    failure = error
                }
            }
        }
        if let failure { throw failure }
    }

    private func noteWritten(_ bytes: Slice<UnsafeRawBufferPointer>) {
        #if DEBUG
            if let observe = Faults.plan?.observe { observe(.write(self, Array(bytes))) }
        #endif
    }

    /// Lets a group read the file, whatever others may.
    package func makeReadable(forGroup group: UInt32, permissions: UInt32) throws(FileError) {
        try call(.owner, subject) { clinux_own(descriptor, "", -1, Int64(group)) }
        try call(.mode, subject) { fchmod(descriptor, permissions | 0o040) }
    }

    /// Waits until the content is on the disk. Blocks: call it through a `SyncGroup` or `Offload`.
    package func sync() throws(FileError) { try call(.sync, subject, changes: .sync(self)) { fsync(descriptor) } }
}
