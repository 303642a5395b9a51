import Documents
import SystemPackage
import Testing

@testable import Execution

@Suite struct ExitPolicyTests {
    private func judge(_ end: ScriptResult.End, _ cutOff: ScriptResult.CutOff? = nil, _ policy: ExitPolicy = ExitPolicy())
        -> ExitPolicy.Judgement
    {
        policy.judge(
            ScriptResult(
                end: end, cutOff: cutOff, startedAt: Instant(seconds: 0), finishedAt: Instant(seconds: 1), errorTail: ""))
    }

    @Test("the table of the contract, and everything else is a failure")
    func everyExitCode_hasItsMeaning() {
        let table: [Int: (ExitPolicy.Meaning, String)] = [
            0: (.success, "exit"), 75: (.failure, "tempfail"), 111: (.failure, "tempfail"), 65: (.badInput, "bad_input"),
            66: (.badInput, "bad_input"), 100: (.badInput, "bad_input"), 64: (.jobBroken, "job_broken"),
            78: (.jobBroken, "job_broken"), 126: (.jobBroken, "job_broken"), 127: (.jobBroken, "job_broken"),
            85: (.again, "checkpoint"),
        ]
        for code in 0...255 {
            let (meaning, reason) = table[code] ?? (.failure, "exit")
            #expect(judge(.exited(code)) == ExitPolicy.Judgement(meaning: meaning, reason: reason, exitCode: code, signal: nil), "\(code)")
        }
    }

    @Test("a job's own codes go before the table", arguments: [0, 1, 64, 65, 75, 85, 127])
    func overrides_winOverTheTable(_ code: Int) {
        #expect(judge(.exited(code), nil, ExitPolicy(success: [code])).meaning == .success)
        #expect(judge(.exited(code), nil, ExitPolicy(retry: [code])).meaning == .failure)
        #expect(judge(.exited(code), nil, ExitPolicy(fail: [code])).meaning == .badInput)
        #expect(judge(.exited(code), nil, ExitPolicy(success: [code], retry: [code], fail: [code])).meaning == .success)
    }

    @Test(
        arguments: [
            (.timeout, 0, .failure, "timeout"), (.idleTimeout, 0, .failure, "idle_timeout"), (.timeout, 65, .failure, "timeout"),
            (.cancelled, 0, .success, "cancelled"), (.cancelled, 85, .cancelled, "cancelled"), (.cancelled, 1, .cancelled, "cancelled"),
            (.cancelled, 65, .cancelled, "cancelled"), (.stopped, 0, .success, "exit"), (.stopped, 85, .again, "checkpoint"),
            (.stopped, 1, .stopped, "stopped"), (.stopped, 65, .stopped, "stopped"), (.stopped, 127, .stopped, "stopped"),
        ] as [(ScriptResult.CutOff, Int, ExitPolicy.Meaning, String)])
    func cutOff_withAnExitCode(_ cutOff: ScriptResult.CutOff, _ code: Int, _ meaning: ExitPolicy.Meaning, _ reason: String) {
        #expect(judge(.exited(code), cutOff) == ExitPolicy.Judgement(meaning: meaning, reason: reason, exitCode: code, signal: nil))
    }

    @Test(
        arguments: [
            (nil, .failure, "signal"), (.timeout, .failure, "timeout"), (.idleTimeout, .failure, "idle_timeout"),
            (.cancelled, .cancelled, "cancelled"), (.stopped, .stopped, "stopped"),
        ] as [(ScriptResult.CutOff?, ExitPolicy.Meaning, String)])
    func signal_isAFailureUnlessWeSentIt(_ cutOff: ScriptResult.CutOff?, _ meaning: ExitPolicy.Meaning, _ reason: String) {
        #expect(
            judge(.signalled(15), cutOff) == ExitPolicy.Judgement(meaning: meaning, reason: reason, exitCode: nil, signal: "SIGTERM"))
    }

    @Test(
        arguments: [
            (.resourceTemporarilyUnavailable, .shortage, "shortage"), (.noMemory, .shortage, "shortage"),
            (.tooManyOpenFiles, .shortage, "shortage"), (.tooManyOpenFilesInSystem, .shortage, "shortage"),
            (.argListTooLong, .failure, "arguments_too_long"), (.noSuchFileOrDirectory, .jobBroken, "not_started"),
            (.permissionDenied, .jobBroken, "not_started"), (.notDirectory, .jobBroken, "not_started"),
        ] as [(Errno, ExitPolicy.Meaning, String)])
    func notStarted_blamesTheMachineTheItemOrTheJob(_ code: Errno, _ meaning: ExitPolicy.Meaning, _ reason: String) {
        let judgement = judge(.notStarted(step: "starting the program", code))
        #expect(judgement.meaning == meaning)
        #expect(judgement.reason == reason)
    }

    @Test func signalNames_goThereAndBack() {
        #expect(SignalName.of(9) == "SIGKILL")
        #expect(SignalName.of(34) == "SIG34")
        for number in 1...64 { #expect(SignalName.number(SignalName.of(number)) == number) }
        #expect(SignalName.number("SIGNONE") == nil)
    }
}
