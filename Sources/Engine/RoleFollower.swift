import Files
import ServiceLifecycle
import Spool
import Synchronization

/// Tells those who wait for a role when it has become free: the watcher sees the lock file close, whoever had it open.
final class RoleFollower: Service {
    private let coordinator: FolderCoordinator
    private let router: EventRouter
    /// The roles that are being looked at, and whether something has happened to them meanwhile.
    private let looks = Mutex<[Role: Bool]>([:])

    /// How long after a sign of release is looked at whether the lock is free. The kernel tells of the close before it frees
    /// the lock (`__fput` in its fs/file_table.c), and a process that is just being started elsewhere has a copy of it until
    /// it has become its program.
    private static let pauses: [Duration] = [.zero, .milliseconds(10), .milliseconds(100), .seconds(1)]

    init(coordinator: FolderCoordinator, router: EventRouter) {
        self.coordinator = coordinator
        self.router = router
    }

    func run() async {
        await cancelWhenGracefulShutdown { await self.follow() }
    }

    private func follow() async {
        for (kind, path) in coordinator.places { _ = await router.add(path, .roles(kind)) }
        await withDiscardingTaskGroup { group in
            for await (kind, job) in router.releases {
                for role in coordinator.awaited(kind, job: job) where begin(role) { group.addTask { await self.look(at: role) } }
            }
        }
    }

    /// False when the role is being looked at already.
    private func begin(_ role: Role) -> Bool { looks.withLock { $0.updateValue(true, forKey: role) == nil } }

    private func look(at role: Role) async {
        // What happens during the looks begins them anew.
        while goOn(role) {
            for pause in Self.pauses {
                do { try await Task.sleep(for: pause) } catch { return }
                if coordinator.hintIfFree(role) || looks.withLock({ $0[role] == true }) { break }
            }
        }
    }

    /// False, once, when nothing has happened since the last call: the look is over.
    private func goOn(_ role: Role) -> Bool {
        looks.withLock { looks in
            let hasNews = looks[role] == true
            looks[role] = hasNews ? false : nil
            return hasNews
        }
    }
}
