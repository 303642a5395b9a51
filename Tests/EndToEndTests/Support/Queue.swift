import Documents
import Glibc
import Testing

/// A queue as its callers see it: a folder to drop into, and what becomes of it.
struct Queue: Sendable {
    let name: String
    let root: Root
    var path: Path { root.spool / name }
    var jobFolder: Path { root.jobs / name }

    // MARK: Dropping

    /// Drops a file as a careful program does: made elsewhere, then moved in.
    func drop(_ name: [UInt8], _ content: [UInt8] = Array("content\n".utf8)) throws {
        let draft = root.stage / "draft-\(UInt64.random(in: 0 ... .max))"
        draft.write(content)
        root.record(Root.Drop(queue: self.name, name: name, content: content))
        try #require(draft.move(to: path / name), "cannot move \(shown(name)) in: errno \(errno)")
    }

    func drop(_ name: String, _ content: String = "content\n") throws {
        try drop(Array(name.utf8), Array(content.utf8))
    }

    // MARK: States

    /// The status file of a name (contract §6): a long one is cut to 200 bytes, followed by its FNV-1a.
    func statusFile(_ name: [UInt8]) -> Path {
        if name.count + 5 <= 255 { return path / "status" / (name + Array(".json".utf8)) }
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in name { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        let digits = String(hash, radix: 16)
        let text = "~" + String(repeating: "0", count: 16 - digits.count) + digits + ".json"
        return path / "status" / (Array(name[..<200]) + Array(text.utf8))
    }

    func status(_ name: [UInt8]) -> Status? { statusFile(name).content.flatMap(Status.init) }
    func status(_ name: String) -> Status? { status(Array(name.utf8)) }

    /// Waits until the status file of a name tells a state; none when its run is what tells most.
    @discardableResult
    func wait(
        _ name: [UInt8], _ state: Status.State, within limit: Duration = usualLimit,
        and holds: (Status) -> Bool = { _ in true }
    ) async throws -> Status {
        try await EndToEndTests.wait(
            for: "\(shown(name)) \(state)", within: limit,
            details: { "status: \(statusFile(name).string)\n\(root.said)" }
        ) {
            status(name).flatMap { $0.state == state && holds($0) ? $0 : nil }
        }
    }

    @discardableResult
    func wait(
        _ name: String, _ state: Status.State, within limit: Duration = usualLimit,
        and holds: (Status) -> Bool = { _ in true }
    ) async throws -> Status { try await wait(Array(name.utf8), state, within: limit, and: holds) }

    /// Waits for a line that a script noted.
    func wait(run event: String, within limit: Duration = usualLimit) async throws -> RunLog.Event {
        try await EndToEndTests.wait(for: "a run's \"\(event)\"", within: limit, details: { root.said }) {
            root.runs.events.first { $0.event == event }
        }
    }

    /// Proves that everything that happened in the queue's folder before has been seen: a file dropped last is done.
    func settle() async throws {
        let name = "settled-\(UInt64.random(in: 0 ... .max))"
        try drop(name)
        try await wait(name, .succeeded)
    }

    // MARK: Places

    /// Where items can be: the folders of their states.
    enum Place: String, CaseIterable, Sendable { case inbox, claimed, retry, done, failed }

    struct Item: Sendable {
        let id: String
        let place: Place
        let folder: Path
        var payload: [Path] { (folder / "payload").children }
        var log: [String] { (folder / "log").lines }
        var outcome: Status? { (folder / "outcome.json").content.flatMap(Status.init) }
        var record: JSON? { (folder / "item.json").content.flatMap { try? JSONParser.parse($0) } }
    }

    func items(_ place: Place) -> [Item] {
        switch place {
        case .inbox: []
        case .done: (path / "done").children.flatMap { items(in: $0, place) }
        case .claimed, .retry, .failed: items(in: path / place.rawValue, place)
        }
    }

    private func items(in folder: Path, _ place: Place) -> [Item] {
        folder.children.filter { $0.isFolder && $0.name.first != UInt8(ascii: ".") }
            .map { Item(id: String(decoding: $0.name, as: UTF8.self), place: place, folder: $0) }
    }

    var items: [Item] { Place.allCases.flatMap { items($0) } }

    static let reserved: Set<[UInt8]> = Set(
        ["claimed", "done", "failed", "results", "retry", "status"].map { Array($0.utf8) })

    /// What lies in the inbox, whatever it is.
    var waiting: [Path] { path.children.filter { !(Queue.reserved.contains($0.name) && $0.isFolder) } }

    /// The item of a status. A final status is published a moment before the item moves to its final folder.
    func item(_ status: Status) throws -> Item {
        let isFinal = [.succeeded, .failed, .cancelled].contains(status.state)
        for _ in 0..<2500 {
            if let item = items.first(where: { $0.id == status.id }), !isFinal || item.place != .claimed { return item }
            usleep(2000)
        }
        return try #require(
            items.first { $0.id == status.id && $0.place != .claimed }, "no item \(status.id) in \(name)")
    }

    /// The bytes that the runs of an item saw, one for each run that kept them.
    func seen(_ id: String) -> [[UInt8]] {
        root.runs.events.filter { $0.item == id && $0.event == "seen" }.compactMap {
            (root.notes / "seen" / $0.run).content
        }
    }
}
