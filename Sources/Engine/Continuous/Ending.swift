import Execution

/// How a run of a continuous job ended, in words, and what that says of the job (contract §5).
struct Ending: Equatable {
    let words: String
    /// Exit code 125: it wants to stay stopped.
    let isForGood: Bool
    /// It blames the job itself, or could not be started at all.
    let isBroken: Bool
    let isGood: Bool

    init(_ result: ScriptResult) {
        isForGood = result.end == .exited(125)
        isGood = result.end == .exited(0)
        isBroken = ExitPolicy().judge(result).meaning == .jobBroken
        // The last line that it wrote to its standard error is mostly the reason.
        let last = result.errorTail.split(separator: "\n").last.map { ": \($0.suffix(200))" } ?? ""
        words =
            switch result.end {
            case .exited(let code): "exit code \(code)" + (code == 0 ? "" : last)
            case .signalled(let number): SignalName.of(number) + last
            case .notStarted(let step, let code): result.errorTail.isEmpty ? "\(step) failed: \(code)" : result.errorTail
            }
    }
}
