import Documents
import Files
import Synchronization
import SystemPackage

/// Roles as lock files: `data/locks/KIND/JOB`, one for each role that was ever taken.
///
/// The lock is the role; the file's content counts the fence and says who took the role last. As with items, the lock
/// belongs to the open file: processes that inherit it keep the role until the last of them has gone. A lock file is never
/// removed: whoever had it open would hold a lock that nobody else sees.
package final class FolderCoordinator: Coordinator, RoleLocks {
    let registry: Instances
    /// For each kind of role.
    let folders: [RoleKind: Folder]
    private let clock: Mutex<FileSystemClock>
    private let state = Mutex(State())
    /// The roles that this instance has asked for.
    let asked = Mutex<Set<Role>>([])

    private struct State {
        var tenures: [Role: (tenure: Tenure, file: OpenFile)] = [:]
        var waiters: [Role: [Int: AsyncStream<Void>.Continuation]] = [:]
        var nextWaiter = 0
    }

    package init(dataFolder: FilePath, instances: Instances, clocks: Clocks) throws(FileError) {
        registry = instances
        let locks = dataFolder.appending("locks")
        var folders: [RoleKind: Folder] = [:]
        for kind in RoleKind.allCases { folders[kind] = try Folder.make(locks.appending(kind.rawValue), mode: 0o700) }
        self.folders = folders
        let folder = try Folder.open(locks)
        let probe = RelativePath(FileName(".clock-\(instances.own)") ?? FileName(".clock" as StaticString))
        clock = Mutex(FileSystemClock(clocks: clocks, folder: folder.fileSystem.isNetwork ? folder : nil, probe: probe))
    }

    /// Where the lock files lie. They are open for writing while they are held, so that a close after writing tells of a
    /// release, or of a death.
    package var places: [(kind: RoleKind, path: FilePath)] { folders.map { ($0.key, $0.value.path) } }

    // MARK: Roles

    package func acquire(_ role: Role) -> Acquisition {
        do throws(FileError) {
            guard let folder = folders[role.kind] else { return .unknown("there is no folder for \(role)") }
            let place = RelativePath(role.job)
            // Who only looks holds the lock for a moment too, shared, so that a first try may fail for nothing.
            for _ in 0..<20 {
                // Nothing is opened for writing while somebody has the role: its close would look like a release.
                if try Self.isLocked(place, in: folder) {
                    try askFor(role)
                    return .held(by: try Self.record(place, in: folder))
                }
                let file = try open(place, in: folder)
                guard try file.tryLock() else { continue }
                // Removed or replaced by an operator meanwhile.
                guard let there = try folder.stamp(place), try there.isSameFile(as: file.stamp()) else { continue }
                return .granted(try begin(role, file))
            }
            return .held(by: nil)
        } catch {
            return .unknown("\(error)")
        }
    }

    /// - Parameter file: locked.
    private func begin(_ role: Role, _ file: OpenFile) throws(FileError) -> Tenure {
        let before = Holder(bytes: try file.read(at: 0, count: Holder.size))
        let holder = Holder(instance: registry.own, fence: Fence((before?.fence.value ?? 0) + 1), since: now())
        try file.write(holder.bytes)
        let tenure = Tenure(role: role, fence: holder.fence, deadline: nil, predecessor: before?.instance)
        state.withLock { $0.tenures[role] = (tenure, file) }
        askNoMore(for: role)
        return tenure
    }

    private func open(_ place: RelativePath, in folder: Folder) throws(FileError) -> OpenFile {
        do throws(FileError) {
            return try folder.open(place, writing: true)
        } catch  where error.isMissing {
            do throws(FileError) { return try folder.create(place) } catch  where error.code == .fileExists {
                return try folder.open(place, writing: true)
            }
        }
    }

    static func isLocked(_ place: RelativePath, in folder: Folder) throws(FileError) -> Bool {
        do throws(FileError) { return try folder.open(place).isLocked() } catch  where error.isMissing { return false }
    }

    private static func record(_ place: RelativePath, in folder: Folder) throws(FileError) -> Holder? {
        try folder.read(place, limit: Holder.size).flatMap(Holder.init(bytes:))
    }

    package func renew(_ tenure: Tenure) -> Bool { lock(of: tenure) != nil }

    package func lock(of tenure: Tenure) -> OpenFile? {
        state.withLock { $0.tenures[tenure.role].flatMap { $0.tenure == tenure ? $0.file : nil } }
    }

    package func release(_ tenure: Tenure) {
        let file = state.withLock { state -> OpenFile? in
            guard state.tenures[tenure.role]?.tenure == tenure else { return nil }
            return state.tenures.removeValue(forKey: tenure.role)?.file
        }
        file?.letGo()
    }

    package func holder(of role: Role) -> Holder? { folders[role.kind].flatMap { Self.holder(of: role, in: $0) } }

    /// For looking only: registers nothing.
    package static func holder(of role: Role, dataFolder: FilePath) -> Holder? {
        let folder = try? Folder.open(dataFolder.appending("locks").appending(role.kind.rawValue))
        return folder.flatMap { holder(of: role, in: $0) }
    }

    private static func holder(of role: Role, in folder: Folder) -> Holder? {
        guard (try? isLocked(RelativePath(role.job), in: folder)) == true else { return nil }
        return try? record(RelativePath(role.job), in: folder)
    }

    // MARK: Hints

    package func hints(of role: Role) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state in
            state.nextWaiter += 1
            state.waiters[role, default: [:]][state.nextWaiter] = continuation
            return state.nextWaiter
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { state in
                state.waiters[role]?[number] = nil
                if state.waiters[role]?.isEmpty == true { state.waiters[role] = nil }
            }
            if self?.awaited(role.kind, job: role.job).isEmpty == true { self?.askNoMore(for: role) }
        }
        return stream
    }

    /// The roles that somebody here waits for.
    ///
    /// - Parameter job: only those of a job of that name.
    package func awaited(_ kind: RoleKind, job: FileName? = nil) -> [Role] {
        state.withLock { state in state.waiters.keys.filter { $0.kind == kind && (job == nil || $0.job == job) } }
    }

    /// Sends a hint to those who wait for the role, if it is free.
    ///
    /// - Returns: whether it is.
    package func hintIfFree(_ role: Role) -> Bool {
        guard let folder = folders[role.kind], (try? Self.isLocked(RelativePath(role.job), in: folder)) == false else { return false }
        for waiter in state.withLock({ Array(($0.waiters[role] ?? [:]).values) }) { waiter.yield() }
        return true
    }

    // MARK: Instances

    package func instances() -> [Instance] { registry.all() }

    package func now() -> Instant { clock.withLock { $0.now() } }
}

/// The kinds of roles, by the names of their folders.
package enum RoleKind: String, CaseIterable, Sendable {
    case triggered, continuous, schedule
}

extension Role {
    package var kind: RoleKind {
        switch self {
        case .triggered: .triggered
        case .continuous: .continuous
        case .schedule: .schedule
        }
    }
}

extension Holder {
    /// Every record has this size: one write replaces the other whole, and what is read is the one or the other.
    fileprivate static let size = 256

    fileprivate var bytes: [UInt8] {
        let json: JSON = ["instance": .string(instance.description), "fence": JSON(fence.value), "since": JSON(since)]
        let text = json.prettyBytes
        return text + [UInt8](repeating: UInt8(ascii: " "), count: Self.size - text.count)
    }

    fileprivate init?(bytes: [UInt8]) {
        guard let json = try? JSONParser.parse(bytes), let instance = json["instance"]?.string.flatMap({ ItemID($0) }),
            let fence = json["fence"]?.integer, let since = json["since"]?.string.flatMap({ Instant(rfc3339: $0) })
        else { return nil }
        self.init(instance: instance, fence: Fence(Int(fence)), since: since)
    }
}
