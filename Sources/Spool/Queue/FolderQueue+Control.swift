import Documents
import Files

extension FolderQueue {
    package func control(_ item: ItemID, _ order: ItemOrder) -> OrderAnswer {
        if let running = held[item] {
            switch order {
            case .cancel: return .running(run: running.grant.run)
            case .retry: return .refused("item \(item) runs already")
            case .discard: return .refused("item \(item) runs; cancel it first")
            }
        }
        do throws(FileError) {
            let answer = try ItemOrders(name: name, folder: folder, clocks: around.clocks).carryOut(order, on: item)
            if order == .retry, answer == .done {
                shelf.put(item, due: uptime)
                hint.yield()
            }
            return answer
        } catch {
            return .refused("\(error)")
        }
    }
}
