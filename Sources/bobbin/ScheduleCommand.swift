import ArgumentParser
import Documents
import Engine
import Files
import Hosting
import Scheduling
import Spool

struct ScheduleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedule",
        abstract: "Show when jobs run by the clock: the next times, and what became of the last.",
        discussion: """
            One line for each job that has a schedule, and its next due times with the shift of its jitter. With an expression \
            instead of a job, shows when that would be due; nothing is read then but the time zone. Answers without an \
            orchestrator, too. Exits with 66 when a job that was named does not exist or has no schedule.

            Examples: bobbin schedule report
                      bobbin schedule --expression '0 30 2 * * *' --time-zone Europe/Berlin --count 10
            """)

    @OptionGroup var root: RootOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "Only the jobs of this name.", completion: .jobs)
    var name: NameArgument?

    @Option(help: "How many due times to show.")
    var count = 5

    @Option(help: ArgumentHelp("Show when this would be due, instead of jobs.", valueName: "schedule"))
    var expression: String?

    @Option(help: ArgumentHelp("Time zone of the expression; default: the system's.", valueName: "zone"))
    var timeZone: String?

    func validate() throws {
        if count < 1 || count > 10_000 { throw ValidationError("--count must be from 1 to 10000.") }
        if expression != nil, name != nil { throw ValidationError("Give a job or an --expression, not both.") }
        if timeZone != nil, expression == nil { throw ValidationError("--time-zone goes with --expression; a job has its own.") }
    }

    func run() throws {
        if let expression { return try showExpression(expression) }
        let look = try JobsLook(root.layout)
        var rows: [Row] = []
        for job in look.hosted ?? [] where job.key.kind == .triggered && (name?.names.contains(job.key.name) ?? true) {
            if let settings = job.settings, let rule = ScheduleRule(settings, of: job.key.name) {
                rows.append(try Row(job, rule, look, count))
            }
        }
        if let name, rows.isEmpty {
            let isThere = look.hosted?.contains { name.names.contains($0.key.name) } ?? false
            throw Failure(
                .notFound,
                isThere
                    ? "job \"\(name.escaped)\" has no schedule; give it one in settings.job: \"schedule\": \"0 30 4 * * *\""
                    : "there is no job \"\(name.escaped)\" in \(look.layout.jobs.escaped)")
        }
        if output.json {
            Terminal.say(JSON.object([.init("running", .bool(look.isServed)), .init("schedules", .array(rows.map(\.json)))]))
        } else if rows.isEmpty {
            Terminal.say("No job has a schedule.")
        } else {
            for row in rows { row.show() }
            if !look.isServed {
                Terminal.complain("No orchestrator is running here: bobbin run --root \(look.layout.root.escaped)")
            }
        }
    }

    private func showExpression(_ text: String) throws {
        let schedule: Schedule
        do throws(ScheduleError) { schedule = try Schedule(text) } catch { throw Failure(.usage, error.description) }
        if let timeZone, Zone.load(timeZone) == nil { throw Failure(.usage, "there is no time zone \"\(timeZone)\"") }
        let zone = timeZone.flatMap { Zone.load($0) } ?? .system()
        let times = Self.times(schedule, after: Clocks.system.now(), zone, count)
        if output.json {
            Terminal.say(
                JSON.object([
                    .init("schedule", .string(text)), .init("time_zone", .string(zone.name)), .init("next", .array(times.map { JSON($0) })),
                ]))
        } else if times.isEmpty {
            Terminal.say(schedule == .reboot ? "Due once after each start of the machine." : "Not due any more.")
        } else {
            for time in times { Terminal.say(Self.shown(time, zone)) }
        }
    }

    private static func times(_ schedule: Schedule, after base: Instant, _ zone: Zone, _ count: Int) -> [Instant] {
        Array(schedule.dueTimes(after: base, through: Instant(nanoseconds: .max), in: zone).prefix(count))
    }

    /// By the clock of the zone, and as all other times are shown.
    private static func shown(_ time: Instant, _ zone: Zone) -> String { "\(zone.wallTime(at: time)) \(zone.name)  \(Shown.time(time))" }

    private struct Row {
        let job: FileName
        let rule: ScheduleRule
        let record: ScheduleRecord?
        let last: StatusDocument?
        let times: [Instant]
        let isDisabled: Bool

        init(_ hosted: HostedJob, _ rule: ScheduleRule, _ look: JobsLook, _ count: Int) throws {
            job = hosted.key.name
            self.rule = rule
            isDisabled = hosted.settings?.isDisabled ?? false
            let known = try (try? Folder.open(look.layout.schedules)).flatMap { try ScheduleRecord.read(hosted.key.name, in: $0) }
            record = known.flatMap { $0.isOf(rule) ? $0 : nil }
            let now = Clocks.system.now()
            // An interval goes on from its last due time; everything else is the clock's.
            var base = now
            if case .every(let interval) = rule.schedule, let record, record.base + interval > now { base = record.base }
            times = ScheduleCommand.times(rule.schedule, after: base, rule.zone, count).map { $0 + rule.shift }
            if let item = record?.item, let spool = try? Folder.open(look.layout.spool),
                let reader = try QueueReader.open(hosted.key.name, in: spool)
            {
                last = try reader.status(of: item)
            } else {
                last = nil
            }
        }

        var json: JSON {
            .object(
                named: job,
                [
                    .init("schedule", .string(rule.text)), .init("time_zone", .string(rule.zone.name)),
                    .init("catch_up", .string(rule.catchUp.rawValue)), .init("overlap", .string(rule.overlap.rawValue)),
                    .init("shift", .number(rule.shift.seconds)), .init("disabled", .bool(isDisabled)),
                    .init("next", .array(times.map { JSON($0) })), .init("last_due", record?.lastDue.map { JSON($0) } ?? .null),
                    .init("last_item", JSON(record?.item?.description)), .init("last_state", JSON(last?.state.rawValue)),
                    .init("skipped", JSON(record?.skipped ?? 0)),
                    .init("last_skipped", record?.lastSkipped.map { JSON($0) } ?? .null),
                ])
        }

        func show() {
            Terminal.say("\(job.escaped)  \"\(rule.text)\"" + (isDisabled ? "  " + Terminal.paint("disabled", .yellow) : ""))
            if let due = record?.lastDue {
                let what = last.map { Shown.state($0.state) } ?? "waiting, or removed since"
                Terminal.say("  last  \(ScheduleCommand.shown(due, rule.zone))  \(what)")
            }
            if let record, record.skipped > 0, let time = record.lastSkipped {
                Terminal.say("  \(record.skipped) skipped because the one before was not done, the last of \(time.rfc3339)")
            }
            for time in times { Terminal.say("  next  \(ScheduleCommand.shown(time, rule.zone))") }
            if times.isEmpty {
                Terminal.say(rule.schedule == .reboot ? "  due once after each start of the machine" : "  not due any more")
            }
        }
    }
}
