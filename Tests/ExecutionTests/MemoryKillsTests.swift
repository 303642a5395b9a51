import Documents
import Files
import SystemPackage
import Testing

@testable import Execution

/// Which SIGKILL was the kernel's, told by the counter of the control group.
@Suite struct MemoryKillsTests {
    private func result(_ end: ScriptResult.End, cutOff: ScriptResult.CutOff? = nil) -> ScriptResult {
        let now = Clocks.system.now()
        return ScriptResult(end: end, cutOff: cutOff, startedAt: now, finishedAt: now, errorTail: "last words")
    }

    private func judged(_ kills: MemoryKills, _ result: ScriptResult) -> ScriptResult {
        var result = result
        kills.judge(&result)
        return result
    }

    @Test func kill_isLaidToMemory_onlyWhenTheCounterHasGrown() throws {
        let place = try Scratch()
        func count(_ number: Int) throws {
            try place.folder.replace("events", with: Array("low 0\noom 9\noom_kill \(number)\noom_group_kill 0\n".utf8))
        }
        try count(4)
        let kills = MemoryKills(counter: (place.folder.path.appending("events"), "oom_kill"))
        #expect(!judged(kills, result(.signalled(9))).isMemoryKill)
        try count(6)
        #expect(!judged(kills, result(.exited(0))).isMemoryKill)
        for end in [ScriptResult.End.signalled(9), .exited(137)] {
            let killed = judged(kills, result(end))
            #expect(killed.isMemoryKill && killed.errorTail.hasPrefix("last words\nended by the kernel because memory"))
            #expect(ExitPolicy().judge(killed).reason == "memory" && ExitPolicy().judge(killed).meaning == .failure)
        }
        let byHand = judged(kills, result(.signalled(9)))
        #expect(!byHand.isMemoryKill && ExitPolicy().judge(byHand).reason == "signal")
        // Of a child whose script went on, and failed for another reason.
        try count(7)
        #expect(!judged(kills, result(.exited(1))).isMemoryKill)
        #expect(!judged(kills, result(.signalled(9))).isMemoryKill)
        try count(8)
        #expect(!judged(kills, result(.signalled(9), cutOff: .timeout)).isMemoryKill, "we have sent that one ourselves")
    }

    @Test func withoutACounter_theCausesAreNamed() {
        let killed = judged(MemoryKills(counter: nil), result(.signalled(9)))
        #expect(!killed.isMemoryKill && killed.errorTail.contains("by hand, or by the kernel for want of memory"))
    }
}
