import Files
import Glibc
import Scheduling
import SystemPackage

extension Zone {
    static let folder: FilePath = "/usr/share/zoneinfo"

    /// A zone of this machine's database by its name; nil when it has none of that name.
    package static func load(_ name: String) -> Zone? {
        guard TextForm.zone.accepts(name), let bytes = bytes(folder.appending(name)) else { return nil }
        return Zone(name: name, file: bytes)
    }

    /// The zone of the system: what TZ names, else /etc/localtime, else UTC.
    package static func system() -> Zone {
        let variable = getenv("TZ").map { String(cString: $0) } ?? ""
        let name = variable.hasPrefix(":") ? String(variable.dropFirst()) : variable
        if !name.isEmpty, let zone = load(name) { return zone }
        let link: FilePath = "/etc/localtime"
        guard let bytes = bytes(link) else { return .utc }
        let target =
            (try? Folder.open("/etc").readLink(RelativePath(FileName("localtime" as StaticString)))).map {
                String(decoding: $0, as: UTF8.self)
            } ?? ""
        let known = target.firstRange(of: "zoneinfo/").map { String(target[$0.upperBound...]) }
        return Zone(name: known ?? "local", file: bytes) ?? .utc
    }

    private static func bytes(_ path: FilePath) -> [UInt8]? {
        guard let last = path.name, let parent = try? Folder.open(path.removingLastComponent()) else { return nil }
        return try? parent.readTarget(RelativePath(last), limit: 1 << 20)
    }
}
