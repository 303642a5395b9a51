import Execution
import Glibc
import Hosting
import Testing

@testable import Engine

/// As whom and within which limits scripts run; what cannot be honoured is refused.
@Suite struct RunStandingTests {
    private func settings(_ text: String) throws -> JobSettings {
        try JobSettings.read(Array(text.utf8), file: "settings.job", kind: .triggered).get()
    }

    private func expectRefusal(_ text: String, isRoot: Bool, _ words: String) throws {
        let settings = try settings(text)
        #expect { try RunStanding(settings, isRoot: isRoot) } throws: { "\($0)".contains(words) }
    }

    @Test func noSettings_changeNothing() throws {
        let standing = try RunStanding(settings("{}"), isRoot: false)
        #expect(standing.identity == nil && standing.limits.isEmpty && standing.environment.isEmpty)
    }

    @Test func otherUser_needsRoot() throws {
        try expectRefusal(#"{"user": "daemon"}"#, isRoot: false, "user: only root may run scripts as somebody else")
        try expectRefusal(#"{"group": 12345}"#, isRoot: false, "group: only root")
        let standing = try RunStanding(settings(#"{"user": "daemon"}"#), isRoot: true)
        #expect(standing.identity?.user == 1 && standing.identity?.group == 1)
        #expect(standing.environment.map { String(decoding: $0, as: UTF8.self) } == ["HOME=/usr/sbin", "USER=daemon", "LOGNAME=daemon"])
    }

    @Test func ownUser_needsNothing() throws {
        #expect(try RunStanding(settings(#"{"user": \#(geteuid()), "group": \#(getegid())}"#), isRoot: false).identity == nil)
    }

    @Test(.enabled(if: geteuid() == 0)) func limitOfProcesses_doesNotHoldRoot_andIsRefused() throws {
        try expectRefusal(#"{"limits": {"processes": 5}}"#, isRoot: true, "limits.processes: the kernel does not hold root to it")
        let standing = try RunStanding(settings(#"{"user": "daemon", "limits": {"processes": 5}}"#), isRoot: true)
        #expect(standing.limits == [Script.Limit(.processes, soft: 5, hard: 5)])
    }

    @Test func limitAboveOurOwn_needsRoot() throws {
        var own = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &own)
        try expectRefusal(#"{"limits": {"open_files": \#(own.rlim_max + 1)}}"#, isRoot: false, "limits.open_files: ")
        #expect(try RunStanding(settings(#"{"limits": {"open_files": 5}}"#), isRoot: false).limits.count == 1)
    }

    @Test func limitOfProcessorTime_leavesTimeToSaySo() throws {
        let standing = try RunStanding(settings(#"{"limits": {"cpu": "1s500ms"}}"#), isRoot: false)
        #expect(standing.limits == [Script.Limit(.cpu, soft: 2, hard: 7)])
    }
}
