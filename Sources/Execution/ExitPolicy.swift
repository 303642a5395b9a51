import SystemPackage

/// What an ending means for the item: the exit-code contract (contract §5, reference/anchors.md §2.6) with a job's own
/// changes to it.
package struct ExitPolicy: Sendable, Equatable {
    package enum Meaning: Sendable, Equatable {
        case success, failure, badInput, jobBroken, again, cancelled, stopped
        /// The machine is short of processes, memory or descriptors: neither the item nor the job is to blame.
        case shortage
    }

    package struct Judgement: Sendable, Equatable {
        package var meaning: Meaning
        /// Machine-readable word.
        package var reason: String
        package var exitCode: Int?
        package var signal: String?
    }

    /// Settings `success_exit_codes`, `retry_exit_codes`, `fail_exit_codes`; they go before the table below.
    package var success: Set<Int>
    package var retry: Set<Int>
    package var fail: Set<Int>

    package init(success: Set<Int> = [], retry: Set<Int> = [], fail: Set<Int> = []) {
        self.success = success
        self.retry = retry
        self.fail = fail
    }

    package func judge(_ result: ScriptResult) -> Judgement {
        var judgement = judgeEnd(result)
        if result.isMemoryKill, judgement.meaning == .failure { judgement.reason = "memory" }
        return judgement
    }

    private func judgeEnd(_ result: ScriptResult) -> Judgement {
        switch result.end {
        case .exited(let code): return judge(exit: code, cutOff: result.cutOff)
        case .signalled(let number):
            var judgement = cutOffJudgement(result.cutOff) ?? Judgement(meaning: .failure, reason: "signal")
            judgement.signal = SignalName.of(number)
            return judgement
        case .notStarted(_, let code):
            // ETXTBSY: the program is just being written, or a spawn elsewhere still holds a copy of its writer's descriptor.
            let shortages: [Errno] = [
                .resourceTemporarilyUnavailable, .noMemory, .tooManyOpenFiles, .tooManyOpenFilesInSystem, .textFileBusy,
            ]
            if shortages.contains(code) { return Judgement(meaning: .shortage, reason: "shortage") }
            // The arguments or the environment exceed what the kernel takes: of this item alone.
            if code == .argListTooLong { return Judgement(meaning: .failure, reason: "arguments_too_long") }
            return Judgement(meaning: .jobBroken, reason: "not_started")
        }
    }

    private func judge(exit code: Int, cutOff: ScriptResult.CutOff?) -> Judgement {
        var judgement = table(code)
        // A script that was told to stop and still reports success or a checkpoint has done so; any other code is the
        // answer to our signal, not to the input.
        let hasAnswered = judgement.meaning == .success || judgement.meaning == .again
        if let cut = cutOffJudgement(cutOff), !(hasAnswered && (cutOff == .stopped || cutOff == .cancelled)) {
            judgement = cut
        } else if cutOff == .cancelled {
            judgement = Judgement(meaning: judgement.meaning == .success ? .success : .cancelled, reason: "cancelled")
        }
        judgement.exitCode = code
        return judgement
    }

    private func cutOffJudgement(_ cutOff: ScriptResult.CutOff?) -> Judgement? {
        switch cutOff {
        case nil: nil
        case .timeout: Judgement(meaning: .failure, reason: "timeout")
        case .idleTimeout: Judgement(meaning: .failure, reason: "idle_timeout")
        case .cancelled: Judgement(meaning: .cancelled, reason: "cancelled")
        case .stopped: Judgement(meaning: .stopped, reason: "stopped")
        }
    }

    private func table(_ code: Int) -> Judgement {
        if success.contains(code) { return Judgement(meaning: .success, reason: "exit") }
        if retry.contains(code) { return Judgement(meaning: .failure, reason: "tempfail") }
        if fail.contains(code) { return Judgement(meaning: .badInput, reason: "bad_input") }
        return switch code {
        case 0: Judgement(meaning: .success, reason: "exit")
        case 75, 111: Judgement(meaning: .failure, reason: "tempfail")
        case 65, 66, 100: Judgement(meaning: .badInput, reason: "bad_input")
        case 64, 78, 126, 127: Judgement(meaning: .jobBroken, reason: "job_broken")
        case 85: Judgement(meaning: .again, reason: "checkpoint")
        default: Judgement(meaning: .failure, reason: "exit")
        }
    }
}

/// Names of signals, `SIGTERM`; real-time signals as `SIG34`.
package enum SignalName {
    private static let names = [
        1: "HUP", 2: "INT", 3: "QUIT", 4: "ILL", 5: "TRAP", 6: "ABRT", 7: "BUS", 8: "FPE", 9: "KILL", 10: "USR1", 11: "SEGV",
        12: "USR2", 13: "PIPE", 14: "ALRM", 15: "TERM", 16: "STKFLT", 17: "CHLD", 18: "CONT", 19: "STOP", 20: "TSTP",
        21: "TTIN", 22: "TTOU", 23: "URG", 24: "XCPU", 25: "XFSZ", 26: "VTALRM", 27: "PROF", 28: "WINCH", 29: "IO", 30: "PWR",
        31: "SYS",
    ]

    package static func of(_ number: Int) -> String { "SIG" + (names[number] ?? String(number)) }

    /// The number of a name that `of` gave.
    package static func number(_ name: String) -> Int? {
        let short = String(name.dropFirst(3))
        return names.first { $0.value == short }?.key ?? Int(short)
    }
}
