import Documents
import Files
import Hosting
import Scheduling
import Testing

@testable import Engine

/// What is done for a schedule at one moment, in virtual time.
struct ScheduleLookTests {
    private static let start = Instant(rfc3339: "2026-11-25T13:00:00Z")!
    private static let name = FileName("j" as StaticString)

    private func rule(_ schedule: String, _ more: String = "") throws -> ScheduleRule {
        let text = "{\"schedule\": \"\(schedule)\", \"time_zone\": \"UTC\"\(more)}"
        let settings = try JobSettings.read(Array(text.utf8), file: "settings.job", kind: .triggered).get()
        return try #require(ScheduleRule(settings, of: Self.name))
    }

    private func at(_ seconds: Int) -> Instant { Self.start + .seconds(seconds) }

    private func look(
        _ rule: ScheduleRule, _ record: ScheduleRecord?, at seconds: Int, step: Duration = .zero, boot: String? = "b", isOpen: Bool = false
    ) -> ScheduleLook {
        ScheduleLook(rule, record, now: at(seconds), step: step, boot: boot) { isOpen }
    }

    private func made(_ look: ScheduleLook) -> [Int] {
        look.actions.compactMap { if case .make(let due) = $0 { Int((due - Self.start).seconds) } else { nil } }
    }

    @Test func firstLook_makesNothingAndSaysWhenTheFirstIs() throws {
        let first = look(try rule("0 * * * * *"), nil, at: 0)
        #expect(first.actions == [] && first.next == at(60) && first.record.base == at(0))
    }

    @Test func dueTime_isMadeOnce() throws {
        let rule = try rule("0 * * * * *")
        let record = look(rule, nil, at: 0).record
        let second = look(rule, record, at: 60)
        #expect(made(second) == [60] && second.next == at(120))
        #expect(look(rule, second.record, at: 60).actions == [])
        #expect(look(rule, second.record, at: 119).actions == [])
    }

    /// Ten hours at a look a minute, or at looks whenever: each due time once.
    @Test(arguments: [1, 7, 60, 61, 599, 3600])
    func looks_howeverOften_makeEachDueTimeOnce(_ pause: Int) throws {
        let rule = try rule("0 */5 * * * *", #", "catch_up": "all""#)
        var record: ScheduleRecord?
        var all: [Int] = []
        for seconds in stride(from: 0, through: 36_000, by: pause) {
            let found = look(rule, record, at: seconds)
            all += made(found)
            record = found.record
        }
        #expect(all == Array(stride(from: 300, through: 36_000 / pause * pause, by: 300)))
    }

    @Test func missedTimes_latestIsMadeAndTheOthersAreSaid() throws {
        let rule = try rule("0 * * * * *")
        let found = look(rule, look(rule, nil, at: 0).record, at: 605)
        #expect(made(found) == [600])
        #expect(found.actions.contains { if case .say(let text) = $0 { text.contains("missed") } else { false } })
    }

    @Test func missedTimes_withCatchUpNone_areNotMadeAndNotLookedAtAgain() throws {
        let rule = try rule("@hourly", #", "catch_up": "none""#)
        let found = look(rule, look(rule, nil, at: 0).record, at: 3 * 3600 + 60)
        #expect(made(found) == [] && found.next == at(4 * 3600))
        #expect(look(rule, found.record, at: 3 * 3600 + 61).actions == [])
    }

    @Test func anotherSchedule_hasMissedNothing() throws {
        let record = look(try rule("0 * * * * *"), nil, at: 0).record
        let found = look(try rule("0 */2 * * * *"), record, at: 3600)
        #expect(found.actions == [] && found.next == at(3720))
    }

    // MARK: Overlap

    @Test func overlapSkip_whenTheEarlierIsOpen_skipsAndCounts() throws {
        let rule = try rule("0 * * * * *")
        let found = look(rule, look(rule, nil, at: 0).record, at: 60, isOpen: true)
        #expect(found.actions == [.skip(due: at(60))])
        #expect(found.record.skipped == 1 && found.record.lastSkipped == at(60) && found.record.base == at(60))
    }

    @Test func overlapQueue_asksNobody() throws {
        let rule = try rule("0 * * * * *", #", "overlap": "queue""#)
        #expect(made(look(rule, look(rule, nil, at: 0).record, at: 60, isOpen: true)) == [60])
    }

    @Test func overlapReplace_cancelsTheEarlier() throws {
        let rule = try rule("0 * * * * *", #", "overlap": "replace""#)
        let record = look(rule, nil, at: 0).record
        #expect(look(rule, record, at: 60, isOpen: true).actions == [.cancelEarlier, .make(due: at(60))])
        #expect(look(rule, record, at: 60, isOpen: false).actions == [.make(due: at(60))])
    }

    // MARK: Clocks

    /// A step back of less than three hours makes nothing twice; forward, what lies between was missed.
    @Test func stepOfTheClock_underThreeHours_makesNothingTwice() throws {
        let rule = try rule("0 * * * * *")
        var record = look(rule, look(rule, nil, at: 0).record, at: 3600).record
        let back = look(rule, record, at: 60, step: .seconds(-3600))
        #expect(made(back) == [] && back.next == at(3660))
        record = back.record
        #expect(made(look(rule, record, at: 3660)) == [3660])
        #expect(made(look(rule, record, at: 7200, step: .seconds(3600))) == [7200])
    }

    @Test(arguments: [-4 * 3600, 4 * 3600, 400 * 86_400, -400 * 86_400])
    func stepOfTheClock_overThreeHours_makesANewPlan(_ seconds: Int) throws {
        let rule = try rule("0 * * * * *", #", "catch_up": "all""#)
        let record = look(rule, nil, at: 0).record
        let found = look(rule, record, at: seconds, step: .seconds(seconds))
        #expect(made(found) == [] && found.next == at(seconds + 60))
    }

    /// It was set back by hours while nobody looked.
    @Test func recordFarInTheFuture_makesANewPlan() throws {
        let rule = try rule("0 * * * * *")
        let record = look(rule, nil, at: 4 * 3600).record
        #expect(look(rule, record, at: 0).next == at(60))
    }

    @Test func interval_goesOnWhenTheClockIsSetBack() throws {
        let rule = try rule("@every 90s")
        let record = look(rule, nil, at: 3600).record
        let back = look(rule, record, at: 0, step: .seconds(-3600))
        #expect(back.next == at(90))
    }

    // MARK: Others

    @Test func jitter_shiftsByTheSameForAJob() throws {
        let rule = try rule("0 * * * * *", #", "jitter": "30s""#)
        let shift = Int(rule.shift.seconds)
        #expect(try (0..<30).contains(shift) && rule == self.rule("0 * * * * *", #", "jitter": "30s""#))
        let record = look(rule, nil, at: 0).record
        #expect(look(rule, record, at: 0).next == at(60 + shift))
        if shift > 0 { #expect(look(rule, record, at: 60).actions == []) }
        #expect(made(look(rule, record, at: 60 + shift)) == [60])
    }

    @Test func reboot_isDueOncePerBoot() throws {
        let rule = try rule("@reboot")
        let first = look(rule, nil, at: 0, boot: "one")
        #expect(made(first) == [0] && first.next == nil)
        #expect(look(rule, first.record, at: 100, boot: "one").actions == [])
        #expect(made(look(rule, first.record, at: 200, boot: "two")) == [200])
    }

    @Test func instant_isDueOnce() throws {
        let rule = try rule("2026-11-25T13:10:00Z")
        let record = look(rule, nil, at: 0).record
        let found = look(rule, record, at: 600)
        #expect(made(found) == [600] && found.next == nil)
        #expect(look(rule, found.record, at: 700).actions == [])
    }

    @Test func idOfADueTime_isTheSameForAllWhoMakeIt() throws {
        let rule = try rule("0 * * * * *")
        #expect(rule.item(of: at(60), job: Self.name) == rule.item(of: at(60), job: Self.name))
        #expect(rule.item(of: at(60), job: Self.name) != rule.item(of: at(120), job: Self.name))
        #expect(rule.item(of: at(60), job: Self.name) != rule.item(of: at(60), job: FileName("k" as StaticString)))
        let id = rule.item(of: at(60), job: Self.name)
        #expect(id.madeAt == at(60) && ItemID(id.description) == id && id.description.dropFirst(14).first == "7")
    }

    @Test func record_isReadAsItWasWritten() throws {
        let place = try Place()
        var record = ScheduleRecord(identity: "x in UTC", base: at(1))
        record.item = ItemID.make(at: at(0))
        record.itemName = "n"
        record.lastDue = at(1)
        record.skipped = 3
        record.lastSkipped = at(2)
        record.boot = "b"
        try record.write(Self.name, in: place.folder)
        #expect(try ScheduleRecord.read(Self.name, in: place.folder) == record)
        #expect(ScheduleRecord(bytes: Array("{".utf8)) == nil)
    }
}
