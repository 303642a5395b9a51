import Documents
import Files
import Glibc
import Testing

/// A kind of item in the kill matrix: how it comes into being, which steps are on its path, and what has to be in the end.
struct ItemKind: Sendable, CustomTestStringConvertible {
    let name: String
    var script = "see; finish 0"
    var settings = #"{"retry_delay": [0.05], "stopping_wait_time": 0}"#
    /// What is made before the run that dies; the item is named `f`, its job `q`.
    var prepare: @Sendable (Root, Queue) async throws -> Void = { _, queue in try queue.drop("f") }
    /// The steps that the run passes, without those of the start that every run passes.
    let path: [Step]
    /// The program dies at these only; nil = at all of its path.
    var deadly: [Step]?
    /// Runs that start when nothing goes wrong.
    var runs = 1
    /// What is wrong in the end; none is what is wanted.
    let problems: @Sendable (Root, Queue) -> [String]

    var testDescription: String { name }
    var points: [Step] { deadly ?? path }

    // MARK: Paths

    private static let claim: [Step] = [
        .claimOpen, .claimLease, .claimLock, .claimFolder, .claimRename, .claimSlot, .claimRecord, .fileWrite,
    ]
    private static let letter: [Step] = [.claimLetter, .claimUnlink]
    private static let again: [Step] = [.retryOpen, .retryLock, .retryRename]
    private static let run: [Step] = [.runStart, .runEnd, .commitWork]
    private static let success: [Step] = [
        .commitResults, .commitNext, .commitOutcome, .fileReplace, .publishStatus, .publishClear, .moveDay, .moveFinal, .claimAhead,
    ]
    private static let rest: [Step] = [.commitRecord, .fileReplace, .moveClear, .moveRetry, .statusWrite, .statusRename, .claimAhead]
    private static let burial: [Step] = [.buryOutcome, .buryRecord, .fileWrite, .fileReplace, .publishStatus, .buryFinal]

    // MARK: Ends

    /// Exactly one item, with this final status.
    private static func ended(
        _ state: Status.State, reason: String? = nil,
        _ more: @escaping @Sendable (Root, Queue, Queue.Item, Status) -> [String] = { _, _, _, _ in [] }
    ) -> @Sendable (Root, Queue) -> [String] {
        { root, queue in
            guard queue.items.count == 1, let item = queue.items.first, let status = item.outcome else {
                return ["\(queue.items.map(\.folder)) instead of one final item"]
            }
            guard status.state == state, reason == nil || status.reason == reason else {
                return ["it \(status.state), \(status.reason ?? "no reason"), instead of \(state)"]
            }
            return more(root, queue, item, status)
        }
    }

    private static func differ(_ what: String, _ found: [String], _ wanted: [String]) -> [String] {
        found == wanted ? [] : ["\(what): \(found) instead of \(wanted)"]
    }

    // MARK: The kinds

    static let plain = ItemKind(name: "plain", path: claim + run + success, problems: ended(.succeeded))

    /// Its first attempt fails; the second succeeds.
    static let retried = ItemKind(
        name: "retried", script: "[ $BOBBIN_ATTEMPT -ge 2 ] || finish 75; see; finish 0", path: claim + run + rest + again + success,
        runs: 2,
        problems: ended(.succeeded) { _, _, _, status in status.attempt == 2 ? [] : ["attempt \(status.attempt) instead of 2"] })

    /// Its next attempt is an hour away: the status file has to say so all the same.
    static let resting = ItemKind(
        name: "resting", script: "finish 75", settings: #"{"retry_delay": ["1h"], "stopping_wait_time": 0}"#, path: claim + run + rest,
        problems: { _, queue in
            guard queue.items.count == 1, let item = queue.items(.retry).first else {
                return ["\(queue.items.map(\.folder)) is not one resting item"]
            }
            let status = queue.status("f")
            return status?.state == .retrying && item.record?["failures"]?.integer == 1
                ? [] : ["status \(status.map { "\($0.state)" } ?? "none"), failures \(item.record?["failures"]?.integer ?? -1)"]
        })

    /// A step that ends with 85, long enough for a status while it runs; then the rest.
    static let checkpointed = ItemKind(
        name: "checkpointed",
        script: """
            step=$(cat "$BOBBIN_CHECKPOINT" 2> /dev/null || echo 0)
            echo "$((step * 50)) step" > "$BOBBIN_PROGRESS"
            [ $step = 1 ] && finish 0
            sleep 0.12
            echo $step >> "$BOBBIN_WORK/steps"; echo $((step + 1)) > "$BOBBIN_CHECKPOINT.new"; mv "$BOBBIN_CHECKPOINT.new" "$BOBBIN_CHECKPOINT"
            finish 85
            """,
        path: claim + run + rest + [.commitCheckpoint] + again + success, runs: 2,
        problems: ended(.succeeded) { _, _, item, status in
            let kept = (item.folder / "checkpoint").lines
            return (kept == ["1"] ? [] : ["checkpoint \(kept)"])
                + (status.attempt == 1 ? [] : ["attempt \(status.attempt): a step counted as a failure"])
        })

    /// Leaves results, outputs, and files for another queue; comes with an envelope.
    static let productive = ItemKind(
        name: "productive",
        script: """
            see
            mkdir "$BOBBIN_RESULTS/sub"; echo 1 > "$BOBBIN_RESULTS/a"; echo 2 > "$BOBBIN_RESULTS/sub/b"; echo n=1 > "$BOBBIN_OUTPUT"
            mkdir "$BOBBIN_NEXT/sink"; cp "$1" "$BOBBIN_NEXT/sink/one"; cp "$1" "$BOBBIN_NEXT/sink/two"
            finish 0
            """,
        prepare: { _, queue in
            (queue.path / "f.envelope").write(#"{"correlation_id": "c"}"#)
            try queue.drop("f")
        },
        path: claim + letter + run + success + [.commitSync, .publishResults, .publishLetter, .publishForward, .publishSync],
        problems: ended(.succeeded) { root, queue, item, status in
            let results = (queue.path / "results").tree.filter { !$0.isFolder }.map { String("\($0)".dropFirst("\(queue.path)/".count)) }
            let sink = root.spool / "sink"
            let names = ["claimed", "done", "failed", "one", "one.envelope", "results", "retry", "status", "two", "two.envelope"]
            return differ("results", results, ["results/\(item.id)/a", "results/\(item.id)/sub/b"])
                + differ("status", status.results, results)
                + differ("forwards", sink.names.map { String(decoding: $0, as: UTF8.self) }, names)
                + differ("forwarded", ["one", "two"].map { (sink / $0).string }, ["content\n", "content\n"])
                + differ("correlation", ["one", "two"].map { (sink / "\($0).envelope").string.contains("\"c\"") ? "c" : "" }, ["c", "c"])
                + differ("output", [status.output("n") ?? ""], ["1"])
        })

    /// Its job is broken at first: the file goes back to its inbox.
    static let returned = ItemKind(
        name: "returned", script: #"[ -e "$N/mended" ] || { echo > "$N/mended"; finish 78; }; see; finish 0"#,
        path: claim + run + [.moveInbox, .moveUnstatus, .moveRemove, .claimBlank] + success, runs: 2, problems: ended(.succeeded))

    /// Its envelope is bad.
    static let refused = ItemKind(
        name: "refused",
        prepare: { _, queue in
            (queue.path / "f.envelope").write(#"{"bad": 1}"#)
            try queue.drop("f")
        },
        path: [.buryFolder, .buryRename, .buryLetter] + burial, runs: 0, problems: ended(.failed, reason: "bad_envelope"))

    /// No file at all.
    static let link = ItemKind(
        name: "link",
        prepare: { root, queue in try await root.run("ln -s /etc/passwd $Q/f", queue: queue) },
        path: [.buryFolder, .buryRename, .buryLetter] + burial, runs: 0,
        problems: ended(.failed, reason: "not_a_file") { _, _, item, _ in
            item.payload.first?.kind == S_IFLNK ? [] : ["the link is gone"]
        })

    /// Dropped again after a success, and not kept: its status takes the place of the earlier one.
    static let replaced = ItemKind(
        name: "replaced", settings: #"{"on_success": "delete"}"#,
        prepare: { root, queue in
            try queue.drop("f")
            try await root.drain()
            try queue.drop("f", "again\n")
        },
        path: claim + run + success + [.commitSync, .publishSwap, .publishPayload],
        problems: { _, queue in
            let latest = queue.items(.done).map(\.id).max()
            return queue.items.count == 2 && queue.items(.done).count == 2 && queue.status("f")?.id == latest
                ? [] : ["\(queue.items.map(\.folder)), status of \(queue.status("f")?.id ?? "nobody")"]
        })

    /// Finished long ago, with results: it is swept.
    static let swept = ItemKind(
        name: "swept", script: #"echo 1 > "$BOBBIN_RESULTS/a"; finish 0"#,
        prepare: { root, queue in
            try queue.drop("f")
            try await root.drain()
            root.forget("f")
            try await root.run("mv $Q/done/* $Q/done/2020-01-01", queue: queue)
            (queue.jobFolder / "settings.job").write(#"{"retention": {"done": "0s"}}"#)
        },
        path: [.sweepStatus, .sweepResults, .sweepItem, .sweepDay], runs: 0,
        problems: { _, queue in
            let left = ["done", "results", "status"].flatMap { (queue.path / $0).children }
            return left.isEmpty ? [] : ["\(left) is left"]
        })

    /// Interrupted twice: once more is too often.
    static let worn = ItemKind(
        name: "worn",
        prepare: { root, queue in
            try queue.drop("f")
            for _ in 1...2 { try await root.die(at: "run.start.after") }
        },
        path: again + run + success + [.claimSlot, .claimRecord], deadly: [.runStart, .runEnd, .commitOutcome],
        problems: { root, queue in
            let failed = ended(.failed, reason: "interrupted_too_often")(root, queue)
            return failed.isEmpty ? [] : ended(.succeeded)(root, queue)
        })

    /// Its outcome was torn by a power cut.
    static let torn = ItemKind(
        name: "torn",
        prepare: { root, queue in
            try queue.drop("f")
            try await root.die(at: "commit.outcome.after")
            for item in queue.items { (item.folder / "outcome.json").write("{") }
        },
        path: [.recoverTorn, .claimSlot, .claimRecord] + again + run + success, deadly: [.recoverTorn], runs: 2, problems: ended(.succeeded)
    )

    /// The third of three files, one at a time: its folder was made ahead, when the first one's outcome was filed.
    static let following = ItemKind(
        name: "following", settings: #"{"max_concurrency": 1}"#,
        prepare: { _, queue in for name in ["f", "g", "h"] { try queue.drop(name) } },
        path: [.claimBlank] + claim + run + success, deadly: [.claimAhead, .claimBlank], runs: 3,
        problems: { _, queue in
            queue.items.count == 3 && queue.items(.done).count == 3 && ["f", "g", "h"].allSatisfy { queue.status($0)?.state == .succeeded }
                ? [] : ["\(queue.items.map(\.folder)) instead of three in done/"]
        })

    static let all = [plain, retried, resting, checkpointed, productive, returned, refused, link, replaced, swept, worn, torn, following]
}
