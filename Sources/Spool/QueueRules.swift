import Files

/// What the owner of a job decided about its queue: the settings of contract §4 that concern items, not processes.
package struct QueueRules: Sendable, Equatable {
    package enum Accept: String, Sendable { case files, directories, both }
    package enum OnSuccess: String, Sendable { case keep, delete }

    package var accept: Accept
    package var names: NameFilter
    /// Quiet time a file needs where the evidence is not final.
    package var settleTime: Duration
    package var limits: ItemMachine.Limits
    package var onSuccess: OnSuccess
    package var retention: Retention
    /// Who runs the items, if that is somebody else than the orchestrator.
    package var runner: Runner?

    /// To whom a run's places are given.
    package struct Runner: Sendable, Equatable {
        package var user: UInt32
        package var group: UInt32

        package init(user: UInt32, group: UInt32) {
            self.user = user
            self.group = group
        }
    }

    package init(
        accept: Accept = .files, names: NameFilter = .standard, settleTime: Duration = .milliseconds(100),
        limits: ItemMachine.Limits = ItemMachine.Limits(), onSuccess: OnSuccess = .keep, retention: Retention = Retention()
    ) {
        self.accept = accept
        self.names = names
        self.settleTime = settleTime
        self.limits = limits
        self.onSuccess = onSuccess
        self.retention = retention
    }
}

/// How long finished items are kept; nil = for ever.
package struct Retention: Sendable, Equatable {
    package struct Limit: Sendable, Equatable {
        package var age: Duration?
        package var count: Int?

        package init(age: Duration? = nil, count: Int? = nil) {
            self.age = age
            self.count = count
        }
    }

    package var done: Limit
    package var failed: Limit

    package init(done: Limit = Limit(age: .seconds(7 * 86_400)), failed: Limit = Limit()) {
        self.done = done
        self.failed = failed
    }
}
