import Documents
import Glibc
import Scheduling
import Testing

/// The zones of this machine.
enum Zones {
    static let folder = "/usr/share/zoneinfo"

    static func bytes(_ name: String) -> [UInt8]? {
        guard let file = fopen("\(folder)/\(name)", "re") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        return Array(bytes[..<fread(&bytes, 1, bytes.count, file)])
    }

    static func named(_ name: String) throws -> Zone { try #require(bytes(name).flatMap { Zone(name: name, file: $0) }, "\(name)") }

    static let all: [Zone] = names().compactMap { name in bytes(name).flatMap { Zone(name: name, file: $0) } }

    private static func names(below prefix: String = "") -> [String] {
        guard let directory = opendir("\(folder)/\(prefix)") else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            // "right" counts leap seconds, which the system clock does not.
            if name.hasPrefix(".") || ["posix", "right", "posixrules", "localtime"].contains(name) { continue }
            var info = stat()
            guard stat("\(folder)/\(prefix)\(name)", &info) == 0 else { continue }
            if info.st_mode & S_IFMT == S_IFDIR { names += self.names(below: "\(prefix)\(name)/") } else { names.append(prefix + name) }
        }
        return names.sorted()
    }
}

struct ZoneTests {
    @Test(arguments: [
        ("Europe/Berlin", "2026-03-29T00:59:59Z", 3600), ("Europe/Berlin", "2026-03-29T01:00:00Z", 7200),
        ("Europe/Berlin", "2026-10-25T00:59:59Z", 7200), ("Europe/Berlin", "2026-10-25T01:00:00Z", 3600),
        ("Europe/Berlin", "2090-07-01T00:00:00Z", 7200), ("Europe/Dublin", "2026-01-01T00:00:00Z", 0),
        ("Europe/Dublin", "2050-07-01T00:00:00Z", 3600), ("America/New_York", "2026-03-08T06:59:59Z", -18_000),
        ("America/New_York", "2026-03-08T07:00:00Z", -14_400), ("Australia/Lord_Howe", "2026-01-01T00:00:00Z", 39_600),
        ("Australia/Lord_Howe", "2026-07-01T00:00:00Z", 37_800), ("Asia/Kathmandu", "2026-01-01T00:00:00Z", 20_700),
        ("Pacific/Apia", "2011-12-30T09:59:59Z", -36_000), ("Pacific/Apia", "2011-12-30T10:00:00Z", 50_400),
        ("America/Nuuk", "2060-03-01T00:00:00Z", -7200), ("UTC", "2026-01-01T00:00:00Z", 0), ("Etc/GMT+5", "2026-01-01T00:00:00Z", -18_000),
    ])
    func offset_isThatOfTheDatabase(_ name: String, _ time: String, _ offset: Int64) throws {
        #expect(try Zones.named(name).offset(at: instant(time).nanoseconds / 1_000_000_000) == offset)
    }

    @Test func files_thatAreNoZones_areRefused() throws {
        let good = try #require(Zones.bytes("Europe/Berlin"))
        #expect(Zone(name: "", file: []) == nil)
        for length in stride(from: 0, to: good.count, by: 7) { #expect(Zone(name: "", file: Array(good[..<length])) == nil) }
        // Whatever is damaged: refused or read, never a crash.
        for index in good.indices {
            for value: UInt8 in [0, 1, 0x7F, 0xFF] {
                var bytes = good
                bytes[index] = value
                _ = Zone(name: "", file: bytes)?.offset(at: 1_800_000_000)
            }
        }
    }

    /// Every zone of the machine, at each of its changes from 2026 to 2036 and at times in between, against Python's zoneinfo,
    /// an implementation of its own.
    @Test func changesOfTenYears_areThoseThatPythonKnows() throws {
        #expect(Zones.all.count > 300, "the Debian package tzdata")
        let (from, to) = (instant("2026-01-01T00:00:00Z"), instant("2036-01-01T00:00:00Z"))
        var lines: [String] = []
        for zone in Zones.all {
            var at = from.nanoseconds / 1_000_000_000
            var samples: [Int64] = []
            while at < to.nanoseconds / 1_000_000_000 {
                samples.append(at)
                let next = zone.nextChange(after: at) ?? .max
                if next < at + 86_400 * 20 { samples += [next - 1, next] }
                at = min(next, at + 86_400 * 20)
            }
            lines.append("\(zone.name) " + samples.map { "\($0)=\(zone.offset(at: $0))" }.joined(separator: " "))
        }
        let script = """
            import sys, datetime, zoneinfo
            wrong = 0
            for line in sys.stdin:
                name, *samples = line.split()
                zone = zoneinfo.ZoneInfo(name)
                for sample in samples:
                    at, offset = map(int, sample.split("="))
                    found = datetime.datetime.fromtimestamp(at, zone).utcoffset().total_seconds()
                    if found != offset and wrong < 20:
                        wrong += 1
                        print(f"{name} at {at}: {found}, not {offset}")
            """
        let answer = try Python.run(script, input: lines.joined(separator: "\n") + "\n")
        #expect(answer == "")
    }
}
