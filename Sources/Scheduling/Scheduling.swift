// Scheduling: when a job is due.
//
// `Schedule` is what an owner writes: a cron expression of six or five fields, a name such as @daily, `@every 90s`, one
// instant, or @reboot. `CronExpression` finds the next wall-clock time that matches; `Zone` says which instant that is, and
// what becomes of it where clocks are put forward or back. `CatchUp` says which of the due times that were missed are
// made good.
//
// Pure: no clock and no file is read here. Whoever asks says what time it is, and brings the bytes of the zone.
//
// Read `Schedule.swift`, then `CronExpression.swift` and `Schedule+Zone.swift`.
