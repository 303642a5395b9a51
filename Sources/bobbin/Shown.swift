import Documents
import Files
import Spool

/// Values as people read them in tables and summaries.
enum Shown {
    /// `3 s`, `12 min`, `5 h`, `8 d`: an age to look at, not to reckon with.
    static func age(_ duration: Duration) -> String {
        let seconds = max(0, duration.seconds)
        return switch seconds {
        case ..<0.001: "less than 1 ms"
        case ..<1: "\(Int(seconds * 1000)) ms"
        case ..<120: "\(Int(seconds)) s"
        case ..<7200: "\(Int(seconds / 60)) min"
        case ..<172_800: "\(Int(seconds / 3600)) h"
        default: "\(Int(seconds / 86_400)) d"
        }
    }

    static func size(_ bytes: UInt64) -> String {
        var value = Double(bytes)
        for unit in ["B", "KiB", "MiB", "GiB"] {
            if value < 1024 { return unit == "B" ? "\(bytes) B" : "\((value * 10).rounded() / 10) \(unit)" }
            value /= 1024
        }
        return "\((value * 10).rounded() / 10) TiB"
    }

    /// When something is going to be, or was, with its distance from now.
    static func time(_ instant: Instant, now: Instant = Clocks.system.now()) -> String {
        instant > now
            ? "\(instant.rfc3339) (in \(age(instant - now)))" : "\(instant.rfc3339) (\(age(now - instant)) ago)"
    }

    static func state(_ state: StatusDocument.State) -> String {
        switch state {
        case .succeeded: Terminal.paint(state.rawValue, .green)
        case .failed: Terminal.paint(state.rawValue, .red)
        case .cancelled, .held: Terminal.paint(state.rawValue, .yellow)
        case .running: Terminal.paint(state.rawValue, .blue)
        case .retrying: Terminal.paint(state.rawValue, .yellow)
        }
    }

    static func progress(_ progress: StatusDocument.Progress?) -> String {
        guard let progress else { return "" }
        let percent = progress.percent.map { "\(Int($0)) % " } ?? ""
        return percent + Escaped.text(Array(progress.message.utf8))
    }

    /// How the last run ended: `exit code 3`, `SIGKILL`, `timeout`.
    static func ending(reason: String?, exitCode: Int?, signal: String?) -> String {
        if let signal { return reason == nil || reason == "signal" ? signal : "\(reason ?? ""), \(signal)" }
        if let exitCode, exitCode != 0 || reason == nil {
            return "exit code \(exitCode)"
                + (reason == nil || reason == "exit" || reason == "exit_code" ? "" : ", \(reason ?? "")")
        }
        return reason ?? ""
    }
}

extension JSON {
    /// Members that every answer about a file has: the name, with its bytes where it is not plain text.
    static func object(named name: FileName, _ members: [Member]) -> JSON {
        .object(ItemRecord.members(of: name) + members)
    }
}
