#if DEBUG
    import Glibc
    import Synchronization

    /// The seam through which tests have the program die between two steps. Exists in debug builds only.
    ///
    /// - `BOBBIN_DIE_AT=commit.outcome.after`, or `…:2` for the second time it comes there: SIGKILL to itself, as sudden
    ///   as any crash.
    /// - `BOBBIN_TRACE=FILE`: appends the name of each point as it is reached, so that a test knows which there are.
    package enum StepFaults {
        private static let deadly = variable("BOBBIN_DIE_AT")?.split(separator: ":")
        private static let trace = variable("BOBBIN_TRACE").map { open($0, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644) }
        private static let passages = Atomic<Int>(0)

        private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

        package static func reach(_ step: Step, _ side: Step.Side) {
            guard deadly != nil || trace != nil else { return }
            let point = "\(step.rawValue).\(side.rawValue)"
            if let trace {
                let line = Array("\(point)\n".utf8)
                _ = write(trace, line, line.count)
            }
            guard let deadly, deadly.first.map(String.init) == point else { return }
            let passage = deadly.count > 1 ? Int(deadly[1]) ?? 1 : 1
            guard passages.add(1, ordering: .relaxed).newValue == passage else { return }
            kill(getpid(), SIGKILL)
            // The signal has been sent; nothing may happen until it arrives.
            while true { pause() }
        }
    }
#endif
