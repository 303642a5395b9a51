import Files
import ServiceLifecycle
import Spool
import Synchronization

/// Tells those who wait for a role when it has become free: the watcher sees the lock file close, whoever had it open.
final class RoleFollower: Service {
    private let coordinator: FolderCoordinator
    private let router: EventRouter
    /// Counts what has happened to each role that is awaited.
    private let events = Mutex<[Role: Int]>([:])

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
                for role in coordinator.awaited(kind, job: job) {
                    let event = events.withLock { events in
                        events[role, default: 0] += 1
                        return events[role]
                    }
                    group.addTask { await self.look(at: role, because: event) }
                }
            }
        }
    }

    /// Looks until the role is free, or something new has happened to it: that has a look of its own.
    private func look(at role: Role, because event: Int?) async {
        for pause in Self.pauses {
            do { try await Task.sleep(for: pause) } catch { return }
            if events.withLock({ $0[role] != event }) || coordinator.hintIfFree(role) { return }
        }
    }
}
