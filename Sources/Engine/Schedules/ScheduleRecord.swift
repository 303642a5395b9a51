import Documents
import Files
import Spool

/// How far a job's schedule has been acted on: `data/schedules/JOB.json`.
package struct ScheduleRecord: Sendable, Equatable {
    /// Of the rule that this belongs to.
    package var identity: String
    /// Due times up to this one have been acted on, or were before the schedule was first seen.
    package var base: Instant
    /// The item of the last due time that made one.
    package var item: ItemID?
    package var itemName: String?
    package var lastDue: Instant?
    /// Due times that found the item of an earlier one not done.
    package var skipped = 0
    package var lastSkipped: Instant?
    /// The start of the machine that `@reboot` was due for.
    package var boot: String?

    init(identity: String, base: Instant) {
        self.identity = identity
        self.base = base
    }

    package func isOf(_ rule: ScheduleRule) -> Bool { identity == rule.identity }

    init?(bytes: [UInt8]) {
        guard let json = try? JSONParser.parse(bytes), let identity = json["schedule"]?.string,
            let base = json["acted_until"]?.string.flatMap({ Instant(rfc3339: $0) })
        else { return nil }
        self.init(identity: identity, base: base)
        item = json["item"]?.string.flatMap { ItemID($0) }
        itemName = json["item_name"]?.string
        lastDue = json["last_due"]?.string.flatMap { Instant(rfc3339: $0) }
        skipped = json["skipped"]?.integer.map { Int(clamping: $0) } ?? 0
        lastSkipped = json["last_skipped"]?.string.flatMap { Instant(rfc3339: $0) }
        boot = json["boot"]?.string
    }

    var json: JSON {
        var members: [JSON.Member] = [.init("schedule", .string(identity)), .init("acted_until", JSON(base))]
        if let lastDue { members.append(.init("last_due", JSON(lastDue))) }
        if let item { members.append(.init("item", .string(item.description))) }
        if let itemName { members.append(.init("item_name", .string(itemName))) }
        if skipped > 0 { members.append(.init("skipped", JSON(skipped))) }
        if let lastSkipped { members.append(.init("last_skipped", JSON(lastSkipped))) }
        if let boot { members.append(.init("boot", .string(boot))) }
        return .object(members)
    }

    private static func place(_ job: FileName) -> RelativePath { RelativePath(ShortName.of(job, suffix: ".json")) }

    /// nil when the job's schedule was never acted on, or when the record is damaged.
    package static func read(_ job: FileName, in folder: Folder) throws(FileError) -> ScheduleRecord? {
        try folder.read(place(job), limit: 64 * 1024).flatMap(ScheduleRecord.init(bytes:))
    }

    /// On the disk before it is relied on: a due time that was acted on is not due again.
    func write(_ job: FileName, in folder: Folder) throws(FileError) {
        let draft = try folder.draft(Self.place(job), json.prettyBytes, mode: 0o644)
        try draft.file.sync()
        try draft.publish()
        try folder.file.sync()
    }
}
