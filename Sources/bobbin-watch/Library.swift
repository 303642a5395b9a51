import CInotifyTools
import Glibc

/// libinotifytools, as far as it can be trusted (reference/peers.md §3). Its state is global and it knows no threads:
/// there is one of these, used from one thread.
struct Library {
    /// Only to learn that events are waiting; the library reads them.
    let descriptor: Int32

    /// What is wanted of a folder.
    enum Interest {
        /// What appears in it. Not MODIFY: a file written in small pieces would give thousands.
        case content
        /// What is removed from it: a folder whose content is wanted may be among that. One that is renamed tells so
        /// itself (MOVE_SELF); MOVED_FROM would tell of each file that is claimed.
        case parent

        /// Whatever changes in it.
        case everything

        /// One folder may be both: MASK_ADD makes the second wish widen the first.
        var mask: UInt32 {
            let always = UInt32(IN_DELETE_SELF) | UInt32(IN_MOVE_SELF) | UInt32(IN_ONLYDIR) | UInt32(IN_MASK_ADD)
            switch self {
            case .content:
                return always | UInt32(IN_CLOSE_WRITE) | UInt32(IN_MOVED_TO) | UInt32(IN_CREATE) | UInt32(IN_ATTRIB)
                    | UInt32(IN_EXCL_UNLINK)
            case .parent: return always | UInt32(IN_DELETE)
            case .everything: return Interest.content.mask | UInt32(IN_DELETE) | UInt32(IN_MOVED_FROM)
            }
        }
    }

    /// How many watches were set since the start, each under a name of its own.
    private var spellings = 0
    /// Entries that the library keeps until it ends: of watches that the kernel dropped, and of folders watched again.
    private(set) var remains = 0

    struct Failure: Error { let code: Int32 }

    init() throws(Failure) {
        guard inotifytools_initialize() != 0 else { throw Failure(code: inotifytools_error()) }
        guard let found = Self.findDescriptor() else { throw Failure(code: EBADF) }
        descriptor = found
        // The library opens it without; this program starts no other, but nothing should depend on that.
        _ = fcntl(found, F_SETFD, FD_CLOEXEC)
    }

    /// The library does not tell its descriptor. It is the only one of its kind, and one of the first.
    private static func findDescriptor() -> Int32? {
        var target = [CChar](repeating: 0, count: 64)
        for candidate in Int32(3)..<64 {
            let length = readlink("/proc/self/fd/\(candidate)", &target, target.count)
            if length > 0,
                String(decoding: target[..<length].map(UInt8.init(bitPattern:)), as: UTF8.self) == "anon_inode:inotify"
            {
                return candidate
            }
        }
        return nil
    }

    /// Watches a folder; the same folder under another path gives the same number again.
    mutating func watch(
        _ path: [UInt8], _ interest: Interest
    ) throws(Failure) -> (watch: Int32, device: UInt64, inode: UInt64) {
        let folder = path.withUnsafeBytes {
            open($0.baseAddress!.assumingMemoryBound(to: CChar.self), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        }
        guard folder >= 0 else { throw Failure(code: errno) }
        defer { close(folder) }
        // Watched through its descriptor, it is certainly the folder whose numbers are reported.
        var status = stat()
        guard fstat(folder, &status) == 0 else { throw Failure(code: errno) }
        let name = spelling(of: folder)
        guard inotifytools_watch_file(name, Int32(bitPattern: interest.mask)) != 0 else {
            throw Failure(code: inotifytools_error())
        }
        let number = inotifytools_wd_from_filename(name)
        guard number >= 0 else { throw Failure(code: EIO) }
        return (number, UInt64(status.st_dev), UInt64(status.st_ino))
    }

    /// A name for the folder that was never used before. The number of a watch can only be asked by name, and the
    /// library never forgets a name whose watch the kernel dropped: it would answer with the dead number. So the
    /// count of watches is spelled in the slashes of the path, which the kernel does not mind.
    private mutating func spelling(of folder: Int32) -> String {
        spellings += 1
        var name = "/proc/self/fd/\(folder)/"
        var rest = spellings
        while rest > 0 {
            name += rest & 1 == 1 ? "./" : ".//"
            rest >>= 1
        }
        return name
    }

    func stop(_ watch: Int32) { inotifytools_remove_watch_by_wd(watch) }

    mutating func noteRemains() { remains += 1 }

    /// The next event, valid until the next call; nil when none is waiting. Only one at a time: asked for more, the
    /// library spins until they are there.
    func next() -> UnsafeMutablePointer<inotify_event>? { inotifytools_next_events(0, 1) }
}
