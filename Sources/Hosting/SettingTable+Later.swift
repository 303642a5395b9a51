import Documents

extension SettingTable {
    /// Keys whose work is not done yet. They are known, so that a misspelling is not taken for one of them, and refused
    /// at their line, so that nobody relies on what does not happen; a value that asks for what happens today anyway is
    /// accepted. A key moves to `available` in the change that makes it work.
    static let later: [SettingKey] = [
        .later(
            "watch", .null, [], otherNames: ["watches"], today: "only the job's queue and inbox are looked at",
            "Paths outside the spool whose changes run the job."),
        .later(
            "mode", "file", today: "every item gets a process of its own",
            "A process per item, per batch, or workers that stay."),
        .later(
            "batch_size", .null, 1, today: "every item gets a process of its own", "Items per process in mode batch."),
        .later(
            "batch_wait", .null, today: "every item gets a process of its own", "How long a batch may wait to fill up."),
        .later(
            "lanes", [], otherNames: ["priorities", "priority"], today: "the queue has one lane",
            "Sub-folders of the queue, highest first."),
        .later(
            "session", .null, otherNames: ["sessions", "order_by"], today: "items start in no promised order",
            "Groups of items that run in order."),
        .later(
            "session_on_failure", "block", today: "there are no sessions", "What a failed item does to its session."),
        .later(
            "deduplicate", .null, otherNames: ["dedup", "unique"], today: "every file is an item of its own",
            "Drops repeats within a window."),
        .later(
            "rate", .null, otherNames: ["rate_limit", "throttle"], today: "starts are limited by max_concurrency only",
            "Starts per duration."),
        .later("results", .null, today: "results stay in the queue's results folder", "Where results are published."),
        .later(
            "forward_to", .null, otherNames: ["next", "forward"], today: "a script forwards through $BOBBIN_NEXT",
            "The next queue."),
        .later(
            "reply_to", .null, today: "callers read the status file", "Queue that gets a status document for each item."
        ),
        .later(
            "callback", .null, otherNames: ["webhook", "notify"], today: "callers read the status file",
            "URL that is told of start, progress and finish."),
    ]
}
