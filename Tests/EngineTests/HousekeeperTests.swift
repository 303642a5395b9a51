import Documents
import Execution
import Files
import Glibc
import Synchronization
import SystemPackage
import Testing
import Watching

@testable import Engine
@testable import Spool

/// What the housekeeper finds and says, with a board of its own and a clock that is put forward.
@Suite struct HousekeeperTests {
    @Test func sweep_tellsOfStalledUploads_inTheQueueAndInEveryInbox() async throws {
        let place = try Place()
        let root = place.folder
        for name in ["jobs", "spool", "data", "upload"] as [StaticString] { try root.makeFolder(RelativePath(name), mode: 0o755) }
        var job = place.job("true", limit: 1)
        job.inboxes = [root.path.appending("upload")]
        let clocks = Clocks(now: { Clocks.system.now() + .seconds(90_000) }, uptime: Clocks.system.uptime)
        let said = Mutex<[String]>([])
        let notice: @Sendable (String) -> Void = { text in said.withLock { $0.append(text) } }
        let layout = Layout(root: root.path)
        let instances = try Instances.register(dataFolder: layout.data, clocks: clocks)
        let router = EventRouter(watcher: Watcher(program: nil, clocks: clocks, onNotice: notice))
        let runner = Runner(instance: instances.own, clocks: clocks)
        let board = JobBoard(
            layout: layout, spool: try root.folder(RelativePath("spool")), runner: runner, router: router,
            instances: instances,
            coordinator: try FolderCoordinator(dataFolder: layout.data, instances: instances, clocks: clocks),
            clocks: clocks, notice: notice, onTransition: { _ in })
        await board.take([job.name: .ready(job, problems: [])])
        try root.write([1], toNew: RelativePath("spool/q/half.part"))
        try root.write([1], toNew: RelativePath("upload/other.part"))
        let housekeeper = Housekeeper(
            board: board, continuous: nil, router: router, instances: instances, spool: layout.spool, clocks: clocks, notice: notice,
            pruneHistory: { _ in })
        await housekeeper.sweep()
        let stalled = said.withLock { $0.filter { $0.contains("its upload seems to have stalled") } }
        #expect(stalled.count == 2)
        for path in ["spool/q/half.part", "upload/other.part"] {
            #expect(stalled.contains { $0.contains("\(root.path.string)/\(path) has a temporary name") }, "\(stalled)")
        }
    }
}
