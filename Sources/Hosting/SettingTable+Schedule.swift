import Documents
import Files
import Scheduling

extension SettingTable {
    /// When a job runs by the clock (contract §8).
    static let ofTime: [SettingKey] = [
        SettingKey(
            "schedule", .text(.schedule),
            "When the job runs by the clock: NCRONTAB with six fields (seconds first), a crontab's five, @hourly … @yearly, \"@every 90s\", @reboot, or one instant (RFC 3339). Each due time makes an item of the job's queue.",
            otherNames: ["cron", "interval", "every", "timer"],
            refusal: { value in value.string.flatMap(problem) }, show: { JSON($0.schedule) },
            assign: { $1.schedule = $0.string }),
        SettingKey(
            "time_zone", .text(.zone),
            "Time zone of the schedule, by its IANA name such as \"Europe/Berlin\". Without it that of the system.", otherNames: ["tz"],
            defaultWords: "the system's",
            refusal: { value in
                guard let name = value.string, TextForm.zone.accepts(name), Zone.load(name) == nil else { return nil }
                return
                    "there is no zone \"\(name)\" in \(Zone.folder.escaped); give an IANA name such as \"Europe/Berlin\", or install tzdata"
            }, show: { JSON($0.timeZone) }, assign: { $1.timeZone = $0.string }),
        .word(
            "catch_up", \.catchUp,
            "Due times that came while nobody was there: the latest is made good, all are (at most the latest 100), or none."),
        .word(
            "overlap", \.overlap,
            "A due time that comes while the item of an earlier one is not done: it is skipped (and recorded as that), it makes an item all the same, or it replaces the earlier one, which is cancelled."
        ),
        .duration(
            "jitter", .zero ... .seconds(86_400), \.jitter,
            "Due times are shifted by a part of this, which is always the same for a job: so that a hundred jobs of midnight do not start at once."
        ),
    ]

    private static func problem(_ text: String) -> String? {
        do throws(ScheduleError) {
            _ = try Schedule(text)
            return nil
        } catch {
            return error.description
        }
    }
}
