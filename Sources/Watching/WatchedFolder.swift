import Files
import SystemPackage

/// What the machine knows of one folder.
struct WatchedFolder {
    let path: FilePath
    /// Removals and hidden names count, too.
    var isWhole = false
    var state: State = .examining(isFirst: true)
    /// Grows with each change of state: an answer to a question asked before is recognised as old.
    var epoch = 0
    /// The folder that is (or was) watched.
    var identity: Identity?
    /// The pause before the last look for a missing folder; nil when it was there.
    var pause: Duration?

    enum State: Equatable {
        /// Somebody looks at the path; the answer decides.
        case examining(isFirst: Bool)
        /// It can be watched, as soon as bobbin-watch runs.
        case unarmed
        /// bobbin-watch was told, and has not answered.
        case arming
        /// The watch is in force.
        case events
        /// The watch is in force, but a probe showed that events do not come.
        case silent
        /// No watch: none is possible, or none is left.
        case polling(PollReason)
        /// Nothing there; looked for again at this time.
        case missing(retryAt: Duration, reason: String)
    }

    enum PollReason: Hashable {
        case network(String)
        case watchLimit
        case noMemory

        var text: String {
            switch self {
            case .network(let kind): "\(kind) does not tell of changes made elsewhere"
            case .watchLimit: "the limit of inotify watches is reached"
            case .noMemory: "the kernel has no memory for another watch"
            }
        }
    }

    /// A watch is in force.
    var isArmed: Bool { state == .events || state == .silent }

    /// Nothing tells of changes here, so it must be looked at.
    var isPolled: Bool {
        switch state {
        case .unarmed, .arming, .silent, .polling: true
        case .examining, .events, .missing: false
        }
    }

    mutating func become(_ state: State) {
        self.state = state
        epoch += 1
    }
}

/// What makes a folder this folder. A number of a deleted folder can be used again at once, which the events of the
/// deletion tell; this tells the rest (renamed, mounted over).
struct Identity: Hashable, Sendable {
    var device: UInt64
    var inode: UInt64
}

/// What a look at a path found.
enum Examination: Sendable, Equatable {
    case folder(Identity, FileSystem)
    /// The text says why it cannot be opened.
    case missing(String)

    /// Blocks, for ever if a network file system hangs.
    static func look(at path: FilePath) -> Examination {
        do throws(FileError) {
            let folder = try Folder.open(path)
            // Left by a crash in the middle of a probe; one that is under way has been told of by its creation.
            _ = try? folder.remove(RelativePath(WatchMachine.probeName))
            let stamp = try folder.file.stamp()
            return .folder(Identity(device: stamp.device, inode: stamp.inode), folder.fileSystem)
        } catch {
            return .missing(error.description)
        }
    }
}
