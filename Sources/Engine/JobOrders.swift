import Documents
import Files
import Spool
import SystemPackage

/// What an operator wants of a job, as files that every orchestrator of the root sees: `data/orders/continuous/NAME` is
/// the last order on a continuous job, `data/orders/held/NAME` has content while a triggered job is held.
package struct JobOrders: Sendable {
    package struct Order: Sendable, Equatable {
        package enum Kind: String, Sendable { case start, stop, restart }

        package let id: ItemID
        package let kind: Kind
    }

    let continuous: Folder
    let held: Folder

    package init(_ layout: Layout) throws(FileError) {
        let orders = layout.data.appending("orders")
        continuous = try Folder.make(orders.appending("continuous"), mode: 0o750)
        held = try Folder.make(orders.appending("held"), mode: 0o750)
    }

    /// For looking only: nil when nobody has ever given an order.
    package static func look(_ layout: Layout) -> JobOrders? {
        (try? Folder.open(layout.data.appending("orders").appending("held"))).flatMap { _ in try? JobOrders(layout) }
    }

    // MARK: Continuous jobs

    package func give(_ kind: Order.Kind, to job: FileName, at now: Instant) throws(FileError) -> ItemID {
        let id = ItemID.make(at: now)
        let json: JSON = ["id": .string(id.description), "order": .string(kind.rawValue), "at": JSON(now)]
        try continuous.replace(RelativePath(job), with: json.prettyBytes)
        return id
    }

    func orders() -> [FileName: Order] {
        var orders: [FileName: Order] = [:]
        for job in (try? continuous.names()) ?? [] {
            guard let bytes = try? continuous.read(RelativePath(job)), let json = try? JSONParser.parse(bytes),
                let id = json["id"]?.string.flatMap({ ItemID($0) }), let kind = json["order"]?.string.flatMap(Order.Kind.init)
            else { continue }
            orders[job] = Order(id: id, kind: kind)
        }
        return orders
    }

    // MARK: Triggered jobs

    package func hold(_ job: FileName) throws(FileError) { try held.replace(RelativePath(job), with: Array("held\n".utf8), mode: 0o644) }

    /// False when it was not held.
    package func release(_ job: FileName) throws(FileError) -> Bool {
        guard isHeld(job) else { return false }
        // The watcher tells of what is written, not of what is removed.
        _ = try held.overwrite(RelativePath(job))
        return try held.remove(RelativePath(job))
    }

    package func isHeld(_ job: FileName) -> Bool { ((try? held.stamp(RelativePath(job))) ?? nil).map { $0.size > 0 } ?? false }

    func heldJobs() -> Set<FileName> { Set(((try? held.names()) ?? []).filter(isHeld)) }
}
