import CZlib
import Documents
import Files
import Glibc
import SystemPackage
import Testing

@testable import Hosting

/// `bobbin deploy`: what is put in the place of a job, and what is refused with nothing changed.
@Suite struct JobUploadTests {
    let root: TemporaryFolder
    let surroundings = JobFolder.Surroundings(environment: OwnEnvironment(["PATH": Array("/usr/bin:/bin".utf8)]), isRoot: false)

    init() throws {
        root = try TemporaryFolder()
        try root.write("echo old", to: "jobs/triggered/job/run.sh")
    }

    private func upload(_ kind: JobKind = .triggered) throws -> JobUpload {
        try JobUpload(JobKey(kind, FileName("job" as StaticString)), jobs: root.place("jobs"))
    }

    private func deploy(_ source: String, _ kind: JobKind = .triggered) throws -> JobUpload.Report {
        try upload(kind).deploy(root.place(source), surroundings: surroundings)
    }

    private func names(_ folder: String) throws -> [String] { try Folder.open(root.place(folder)).names().map(\.escaped).sorted() }

    private func script(_ folder: String = "jobs/triggered/job") throws -> String {
        String(decoding: try Folder.open(root.place(folder)).read(RelativePath("run.sh")) ?? [], as: UTF8.self)
    }

    /// The old job is as it was, and nothing is left beside it.
    private func expectUnchanged() throws {
        #expect(try script() == "echo old")
        #expect(try names("jobs/triggered") == ["job"])
        #expect(try names("jobs/triggered/job") == ["run.sh"])
    }

    @Test func folder_takesThePlaceOfTheOldOne_whichIsKept() throws {
        try root.write("echo new", to: "new/run.sh", mode: 0o755)
        try root.write("data", to: "new/lib/data")
        try root.write(#"{"nice": 3}"#, to: "new/settings.job")
        let report = try deploy("new")
        #expect(report.files == 2 && report.hasPrevious)
        #expect(try names("jobs/triggered/job") == ["lib", "run.sh", "settings.job"])
        #expect(try script() == "echo new")
        #expect(try script("jobs/triggered/.previous/job") == "echo old")
        #expect(try names("jobs/triggered") == [".previous", "job"])
        #expect(try upload().rollBack())
        #expect(try script() == "echo old")
        #expect(try upload().rollBack())
        #expect(try script() == "echo new")
    }

    @Test func job_thatIsNew_isMade_andHasNoWayBack() throws {
        try root.remove("jobs")
        try root.write("echo new", to: "new/run.sh")
        #expect(try !deploy("new").hasPrevious)
        #expect(try script() == "echo new")
        #expect(try !upload().rollBack())
    }

    @Test(arguments: [
        ("run.cmd", "dir", "Windows"), ("readme.txt", "text", "no script"), ("settings.job", #"{"max_attempts": 0}"#, "max_attempts"),
    ])
    func whatWouldNotRun_isRefused(name: String, content: String, word: String) throws {
        try root.write(content, to: "new/\(name)")
        if name == "settings.job" { try root.write("echo", to: "new/run.sh") }
        #expect { try deploy("new") } throws: { error in
            "\(error)".contains(word) && !"\(error)".contains(".upload-") && "\(error)".contains("jobs/triggered/job")
        }
        try expectUnchanged()
    }

    @Test func missingSource_isRefused() throws {
        #expect(throws: JobUpload.Failure.self) { try deploy("nowhere") }
        #expect(throws: JobUpload.Failure.self) { try deploy("jobs") }
        try expectUnchanged()
    }

    /// A mirror deploy must not start what was stopped (reference/webjobs.md §9.9).
    @Test func disableFile_ofAContinuousJob_survives() throws {
        try root.write("echo old", to: "jobs/continuous/job/run.sh")
        try root.write("", to: "jobs/continuous/job/disable.job")
        try root.write("echo new", to: "new/inner/run.sh")
        #expect(try deploy("new", .continuous).isStillDisabled)
        #expect(try names("jobs/continuous/job/inner") == ["disable.job", "run.sh"])
        #expect(try names("jobs/continuous/.previous/job") == ["disable.job", "run.sh"])
    }

    @Test func lostSettings_areTold() throws {
        try root.write("{}", to: "jobs/triggered/job/settings.job")
        try root.write("echo new", to: "new/run.sh")
        #expect(try deploy("new").hasLostSettings)
    }

    @Test(arguments: [FileOperation.makeFolder, .create, .write, .move, .sync])
    func deployment_whenTheDiskFails_leavesTheOldOne(operation: FileOperation) throws {
        try root.write("echo new", to: "new/run.sh")
        let plan = Faults { asked, path in asked == operation && !path.contains("aside") ? .noSpace : nil }
        Faults.$plan.withValue(plan) { #expect(throws: JobUpload.Failure.self) { try deploy("new") } }
        try expectUnchanged()
    }

    @Test func remainsOfAnUploadThatWasCutOff_areRemoved() throws {
        try root.write("half", to: "jobs/triggered/.upload-1/job/run.sh")
        try root.write("echo new", to: "new/run.sh")
        _ = try deploy("new")
        #expect(try names("jobs/triggered") == [".previous", "job"])
    }

    // MARK: Zip

    @Test func zip_isUnpacked_withModesAndLinks() throws {
        try root.write("x", to: "x")
        try zip([
            Zipped("top/"), Zipped("top/run.sh", "echo new", mode: 0o100755), Zipped("top/lib/deep/data", "data"),
            Zipped("top/lib/link", "../run.sh", mode: 0o120777),
        ])
        _ = try deploy("a.zip")
        #expect(try names("jobs/triggered/job/top") == ["lib", "run.sh"])
        let top = try Folder.open(root.place("jobs/triggered/job/top"))
        #expect(try top.stamp(RelativePath("run.sh"))?.permissions == 0o755)
        #expect(try Folder.open(root.place("jobs/triggered/job/top/lib")).readLink(RelativePath("link")) == Array("../run.sh".utf8))
    }

    static let bad: [(String, [Zipped])] = [
        ("leads out", [Zipped("../run.sh", "x")]), ("leads out", [Zipped("/etc/run.sh", "x")]),
        ("leads out", [Zipped("a/../../run.sh", "x")]), ("leads out", [Zipped("a//run.sh", "x")]), ("leads out", [Zipped("", "x")]),
        ("leads out", [Zipped("a\0b", "x")]),
        ("leads out", [Zipped("link", "/etc", mode: 0o120777)]), ("leads out", [Zipped("link", "../..", mode: 0o120777)]),
        ("leads out", [Zipped("a/link", "b/../../..", mode: 0o120777)]),
        ("neither", [Zipped("pipe", "x", mode: 0o010644)]), ("neither", [Zipped("device", "x", mode: 0o020644)]),
        ("twice", [Zipped("run.sh", "x"), Zipped("run.sh", "y")]),
        ("1024 MiB", [Zipped("run.sh", "x"), Zipped("big", "x", claims: 1 << 30)]),
        ("damaged", [Zipped("run.sh", "x", claims: 5)]), ("damaged", [Zipped("run.sh", "xyz", claims: 2)]),
        ("damaged", [Zipped("run.sh", "x", checksum: 7)]),
        ("encrypted", [Zipped("run.sh", "x", flags: 1)]), ("not known", [Zipped("run.sh", "x", method: 12)]),
    ]

    @Test(arguments: bad)
    func zip_thatIsHostile_isRefused_andNothingIsWritten(word: String, entries: [Zipped]) throws {
        try zip([Zipped("run.py", "")] + entries)
        #expect { try deploy("a.zip") } throws: { "\($0)".contains(word) }
        try expectUnchanged()
        #expect(try names("") == ["a.zip", "jobs"])
    }

    @Test func zip_cutOffAnywhere_isRefused() throws {
        try zip([Zipped("run.sh", "echo new"), Zipped("lib/data", "data")])
        let whole = try #require(try root.folder.read(RelativePath("a.zip")))
        for length in 0..<whole.count {
            try root.folder.replace(RelativePath("a.zip"), with: Array(whole[..<length]))
            #expect(throws: JobUpload.Failure.self, "\(length)") { try deploy("a.zip") }
        }
        try expectUnchanged()
    }

    /// Changed bytes are found out or do no harm.
    @Test func zip_withAnyByteChanged_writesNothingOutside() throws {
        try zip([Zipped("run.sh", "echo new"), Zipped("lib/link", "../run.sh", mode: 0o120777)])
        let whole = try #require(try root.folder.read(RelativePath("a.zip")))
        for index in whole.indices {
            for value in [0, 0x2E, 0x2F, 0xFF] as [UInt8] {
                var bytes = whole
                bytes[index] = value
                try root.folder.replace(RelativePath("a.zip"), with: bytes)
                _ = try? deploy("a.zip")
                #expect(try names("") == ["a.zip", "jobs"])
                #expect(try Set(names("jobs/triggered")).isSubset(of: [".previous", "job"]))
            }
        }
    }

    private func zip(_ entries: [Zipped]) throws { try root.folder.replace(RelativePath("a.zip"), with: Zipped.archive(entries)) }
}

/// A file in a zip archive, as it says it is.
struct Zipped: Sendable, CustomTestStringConvertible {
    var name: String
    var content: String
    var mode: UInt32
    var claims: UInt32?
    var checksum: UInt32?
    var flags: UInt16
    var method: UInt16

    init(
        _ name: String, _ content: String = "", mode: UInt32 = 0o100644, claims: UInt32? = nil, checksum: UInt32? = nil,
        flags: UInt16 = 0, method: UInt16 = 0
    ) {
        self.name = name
        self.content = content
        self.mode = mode
        self.claims = claims
        self.checksum = checksum
        self.flags = flags
        self.method = method
    }

    var testDescription: String { "\(name) \(String(mode, radix: 8))" }

    static func archive(_ entries: [Zipped]) -> [UInt8] {
        var bytes: [UInt8] = []
        var directory: [UInt8] = []
        for entry in entries {
            let offset = UInt32(bytes.count)
            bytes += [0x50, 0x4B, 3, 4] + short(20) + entry.middle + short(UInt16(entry.name.utf8.count)) + short(0)
            bytes += Array(entry.name.utf8) + Array(entry.content.utf8)
            directory += [0x50, 0x4B, 1, 2] + short(3 << 8 | 20) + short(20) + entry.middle + short(UInt16(entry.name.utf8.count))
            directory += short(0) + short(0) + short(0) + short(0) + long(entry.mode << 16) + long(offset) + Array(entry.name.utf8)
        }
        let count = short(UInt16(entries.count))
        let end =
            [0x50, 0x4B, 5, 6] + short(0) + short(0) + count + count + long(UInt32(directory.count)) + long(UInt32(bytes.count)) + short(0)
        return bytes + directory + end
    }

    private var middle: [UInt8] {
        let content = Array(content.utf8)
        let sum = checksum ?? UInt32(truncatingIfNeeded: crc32(0, content, UInt32(content.count)))
        let size = UInt32(content.count)
        return Self.short(flags) + Self.short(method) + Self.long(0) + Self.long(sum) + Self.long(size) + Self.long(claims ?? size)
    }

    private static func short(_ value: UInt16) -> [UInt8] { [UInt8(value & 255), UInt8(value >> 8)] }
    private static func long(_ value: UInt32) -> [UInt8] { short(UInt16(value & 0xFFFF)) + short(UInt16(value >> 16)) }
}
