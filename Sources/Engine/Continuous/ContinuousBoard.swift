import Files
import ServiceLifecycle
import Spool

/// Keeps one supervisor for each continuous job, in step with the job folders.
actor ContinuousBoard: Service {
    private let around: Supervisor.Surroundings
    private(set) var supervisors: [FileName: Supervisor] = [:]
    private var isStopping = false
    /// Supervisors to be worked by `run`.
    private let newcomers: AsyncStream<Supervisor>
    private let newcomer: AsyncStream<Supervisor>.Continuation

    init(_ around: Supervisor.Surroundings) {
        self.around = around
        (newcomers, newcomer) = AsyncStream.makeStream()
    }

    func run() async {
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                for await supervisor in newcomers { group.addTask { await supervisor.work() } }
            }
        } onGracefulShutdown: {
            Task { await self.stop() }
        }
        around.places.removeOwn()
    }

    /// All are told before the first is waited for: they stop side by side.
    private func stop() async {
        isStopping = true
        for supervisor in supervisors.values { await supervisor.shutDown() }
        newcomer.finish()
    }

    /// Brings what runs in step with the jobs there are now. A job that is gone keeps its supervisor: should it come back
    /// while its last run is still ending, there must not be two.
    func take(_ found: [FileName: JobState<ContinuousJob>]) async {
        for name in found.keys where supervisors[name] == nil && !isStopping {
            do throws(FileError) {
                let supervisor = try Supervisor(name, around)
                supervisors[name] = supervisor
                newcomer.yield(supervisor)
            } catch {
                around.notice("continuous job \(name.escaped) cannot be started: \(error)")
            }
        }
        for (name, supervisor) in supervisors where !isStopping { await supervisor.take(found[name]) }
    }

    /// Orders that are older than this orchestrator were meant for those before it.
    func obey(_ orders: [FileName: JobOrders.Order]) async {
        for (name, order) in orders where order.id > around.instances.own { await supervisors[name]?.obey(order) }
    }

    /// Ends what orchestrators that are gone have left of jobs; those that wait for it look anew.
    func endAbandoned() async {
        let (ended, _) = await around.places.endAbandoned()
        if ended > 0 { around.notice("ended \(ended) processes of continuous jobs that an orchestrator that is gone had left behind") }
        for supervisor in supervisors.values { await supervisor.nudge() }
    }
}
