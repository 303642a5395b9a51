import Documents
import Engine
import Files
import Spool
import SystemPackage

/// What living orchestrators tell of a continuous job.
struct ContinuousLook {
    let name: FileName
    /// One for each instance, the one that tells most first.
    let states: [JSON]

    init(_ name: FileName, _ layout: Layout, living: [ItemID]) {
        self.name = name
        let folder = try? Folder.open(layout.continuousData(name))
        let found = living.compactMap { instance -> JSON? in
            let bytes = (try? folder?.read(RelativePath(ContinuousReport.stateFile(instance)))) ?? nil
            return bytes.flatMap { try? JSONParser.parse($0) }
        }
        // What another instance has is no news as long as somebody runs it.
        states = found.filter { Self.state($0) != .inactiveInstance } + found.filter { Self.state($0) == .inactiveInstance }
    }

    static func state(_ json: JSON) -> ContinuousState? { json["state"]?.string.flatMap(ContinuousState.init) }

    var state: ContinuousState? { states.first.flatMap(Self.state) }

    /// What there is to say beside the word, a line for each instance.
    var remarks: [String] {
        states.compactMap { json in
            var parts: [String] = []
            if states.count > 1 { parts.append("\(json["instance"]?.string?.suffix(6) ?? "?") \(Self.state(json)?.rawValue ?? "?")") }
            if let reason = json["reason"]?.string { parts.append(reason) }
            if let status = json["status"]?.string { parts.append(status) }
            if let next = json["next_start_at"]?.string.flatMap({ Instant(rfc3339: $0) }) {
                parts.append("start \((json["starts"]?.integer ?? 0) + 1) at \(Shown.time(next))")
            } else if let since = json["since"]?.string.flatMap({ Instant(rfc3339: $0) }), Self.state(json) == .running {
                parts.append("since \(Shown.time(since)), pid \(json["pid"]?.integer.map(String.init) ?? "?")")
            }
            return parts.isEmpty ? nil : parts.joined(separator: "; ")
        }
    }

    var problems: [String] { states.first?["problems"]?.array?.compactMap(\.string) ?? [] }
}
