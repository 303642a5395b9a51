import Files
import ServiceLifecycle
import Spool

/// Carries out the orders that operators leave in `data/orders/`, as soon as the watcher sees them.
struct OrderFollower: Service {
    let orders: JobOrders
    let board: JobBoard
    let continuous: ContinuousBoard?
    let router: EventRouter

    func run() async {
        let (changes, change) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        await cancelWhenGracefulShutdown {
            await board.hold(orders.heldJobs())
            for folder in [orders.continuous, orders.held] { _ = await router.add(folder.path, .hint(change)) }
            for await _ in changes {
                await board.hold(orders.heldJobs())
                await continuous?.obey(orders.orders())
            }
        }
    }
}
