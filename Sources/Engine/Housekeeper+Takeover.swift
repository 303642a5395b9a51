import Documents
import Spool

extension Housekeeper {
    /// How long after a sign of death is looked at whether the lock is free. The kernel tells of the close before it frees
    /// the lock (`__fput` in its fs/file_table.c), so the first look may come too early.
    private static let looks: [Duration] = [.zero, .milliseconds(10), .milliseconds(100), .seconds(1)]

    /// Takes over what another orchestrator held as soon as it dies. Nobody is asked in the meantime: the watcher sees the
    /// kernel close the dead one's lock file.
    func followDeaths() async {
        let token = await router.add(instances.place, .instances)
        for await _ in router.deaths { await takeOver() }
        router.remove(token)
    }

    private func takeOver() async {
        for pause in Self.looks {
            do { try await Task.sleep(for: pause) } catch { return }
            let peers = instances.peers()
            if peers.contains(where: { !$0.isAlive }) {
                async let ending: Void? = continuous?.endAbandoned()
                let count = await recover()
                _ = await ending
                await bury()
                if count > 0 { notice(Priority.info + "another orchestrator died; what it held is taken over (items: \(count))") }
                return
            }
            if peers.isEmpty { return }
        }
    }
}
