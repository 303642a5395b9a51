import Documents
import Files
import Synchronization

/// Who waits for a role says so by an empty folder, `data/locks/KIND/.asked/JOB/INSTANCE`: a holder that has had its turn
/// sees it, and lets go.
extension FolderCoordinator {
    /// How long a role stays free for those who have asked for it. Where the lock files give no events, they look once a
    /// second.
    private static let patience = Duration.milliseconds(1500)

    private static let asked = RelativePath(".asked")

    func askFor(_ role: Role) throws(FileError) {
        guard let folder = folders[role.kind], asked.withLock({ $0.insert(role).inserted }) else { return }
        try folder.makeFolder(Self.asked)
        try folder.makeFolder(Self.asked / role.job)
        try folder.makeFolder(Self.asked / role.job / registry.own)
    }

    func askNoMore(for role: Role) {
        guard asked.withLock({ $0.remove(role) }) != nil else { return }
        _ = try? folders[role.kind]?.removeEmptyFolder(Self.asked / role.job / registry.own)
    }

    /// Whether another instance that lives has asked for the role. What the dead have left is removed.
    private func isAskedFor(_ role: Role) -> Bool {
        guard let folder = folders[role.kind] else { return false }
        var isAsked = false
        for name in (try? folder.names(in: Self.asked / role.job)) ?? [] {
            guard let instance = ItemID(bytes: name.bytes), instance != registry.own else { continue }
            if registry.isAlive(instance) {
                isAsked = true
            } else {
                _ = try? folder.removeEmptyFolder(Self.asked / role.job / name)
            }
        }
        return isAsked
    }

    package func handOver(_ tenure: Tenure) async -> Bool {
        guard lock(of: tenure) != nil, let folder = folders[tenure.role.kind], isAskedFor(tenure.role) else { return false }
        release(tenure)
        // Not for long: who has asked is told by the release itself.
        let end = ContinuousClock.now + Self.patience
        while ContinuousClock.now < end {
            try? await Task.sleep(for: .milliseconds(5))
            if (try? Self.isLocked(RelativePath(tenure.role.job), in: folder)) != false || !isAskedFor(tenure.role) { break }
        }
        return true
    }
}
