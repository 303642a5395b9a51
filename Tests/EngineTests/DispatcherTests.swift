import Documents
import Execution
import Files
import Glibc
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import Engine
@testable import Spool

/// A queue in memory that counts what it is asked.
private actor FakeQueue: WorkQueue, PayloadStore {
    nonisolated let name = FileName("q" as StaticString)
    nonisolated let hints: AsyncStream<Void>
    private nonisolated let hint: AsyncStream<Void>.Continuation
    private let place: Place
    private var waiting: Int
    private(set) var running = 0
    private(set) var mostAtOnce = 0
    private(set) var outcomes: [RunEnding] = []
    private(set) var givenBack = 0

    init(_ place: Place, waiting: Int = 0) {
        self.place = place
        self.waiting = waiting
        (hints, hint) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func add(_ count: Int) {
        waiting += count
        hint.yield()
    }

    nonisolated func end() { hint.finish() }
    nonisolated func nudge() { hint.yield() }

    func claim(upTo count: Int) async -> [Grant] {
        await Task.yield()
        let taken = min(count, waiting)
        waiting -= taken
        running += taken
        mostAtOnce = max(mostAtOnce, running)
        return (0..<taken).map { _ in
            let now = Clocks.system.now()
            return Grant(
                item: .make(at: now), run: .make(at: now), queue: name, name: FileName("payload" as StaticString), fence: Fence(1),
                deadline: nil, attempt: 1,
                maxAttempts: 5, interruptions: 0, trigger: .drop, correlationID: nil, session: nil, arguments: nil, submittedAt: now,
                claimedAt: now, size: 7)
        }
    }

    func extend(_ grants: [Grant]) -> [Bool] { grants.map { _ in true } }

    func commit(_ endings: [(grant: Grant, result: RunResult)]) -> [CommitAnswer] {
        for ending in endings {
            running -= 1
            outcomes.append(ending.result.ending)
            if ending.result.ending.meaning == .jobBroken { waiting += 1 }
        }
        return endings.map { _ in .stale }
    }

    func giveBack(_ grants: [Grant], reason: GiveBackReason) {
        running -= grants.count
        givenBack += grants.count
    }

    func recover() -> [Recovered] { [] }
    func control(_ item: ItemID, _ order: ItemOrder) -> OrderAnswer { .done }
    func count() -> QueueCount { QueueCount(waiting: waiting, claimed: running, retrying: 0) }

    func localise(_ grant: Grant, deployment: String?) -> RunSite? {
        guard let payload = try? place.folder.open(RelativePath("payload")) else { return nil }
        let here = RelativePath(".")
        return RunSite(
            payload: payload, folder: place.folder, payloadPlace: RelativePath("payload"), work: here, results: here, next: here,
            checkpoint: RelativePath("checkpoint"), progress: RelativePath("progress"), output: RelativePath("output"), meta: nil,
            shutdownFile: RelativePath("stop"), log: RelativePath("log"))
    }
}

private func waitUntil(_ what: String, _ condition: () async -> Bool) async {
    var patience = Patience(.seconds(60))
    while await !condition() {
        if patience.isOver() {
            Issue.record("waited a minute in vain until \(what)")
            return
        }
        try? await Task.sleep(for: .milliseconds(5))
    }
}

@Suite(.timeLimit(.minutes(4))) struct DispatcherTests {
    private let place: Place

    init() throws { place = try Place() }

    private func dispatcher(_ job: Job, _ queue: FakeQueue) throws -> Dispatcher {
        let layout = Layout(root: place.folder.path)
        let instances = try Instances.register(dataFolder: layout.data, clocks: .system)
        let seat = SingletonSeat(
            .triggered(job: job.name), try FolderCoordinator(dataFolder: layout.data, instances: instances, clocks: .system),
            instance: instances.own, clocks: .system, notice: { _ in }, onHint: { queue.nudge() }, onOrphans: {})
        return Dispatcher(
            job: job, queue: queue, runner: Runner(ownsAllOrphans: false), layout: layout, instance: instances.own, seat: seat, slots: nil,
            clocks: .system, notice: { _ in }, onCircuit: { _, _ in })
    }

    @Test("no hint is lost, and never does more run than may", arguments: [1, 3])
    func thousandHints(_ limit: Int) async throws {
        let queue = FakeQueue(place)
        // Each run takes one of as many places as there are; one too many finds none.
        let takingAPlace = """
            i=0; until mkdir place$i; do i=$((i+1)); [ $i -lt \(limit) ] || exec touch over; done 2>/dev/null; rmdir place$i
            """
        let dispatcher = try dispatcher(place.job(takingAPlace, limit: limit, environment: ["PATH=/usr/bin:/bin"]), queue)
        let task = Task { await dispatcher.run() }
        var dice = SystemRandomNumberGenerator()
        var total = 0
        for _ in 0..<1000 {
            let count = Int.random(in: 0...9, using: &dice) == 0 ? 1 : 0
            total += count
            if count > 0 { await queue.add(count) } else { queue.nudge() }
            if Bool.random(using: &dice) { await Task.yield() }
        }
        await waitUntil("all \(total) items have run") { await queue.outcomes.count == total }
        #expect(!place.folder.exists(RelativePath("over")))
        // The next item starts while the outcome of the last is filed: at most one more is held for each place.
        #expect(await queue.mostAtOnce <= 2 * limit)
        await waitUntil("nothing runs") { await dispatcher.isIdle }
        queue.end()
        await task.value
    }

    @Test func brokenJob_opensTheCircuit_andProbesWithOne() async throws {
        let queue = FakeQueue(place)
        let backoff = Backoff(steps: .list([.milliseconds(200)]), jitter: 0)
        let dispatcher = try dispatcher(place.job("[ -e mended ] || exit 127", limit: 3, backoff: backoff), queue)
        let task = Task { await dispatcher.run() }
        await queue.add(6)
        await waitUntil("the circuit opens") { await dispatcher.circuit.trips >= 1 }
        await waitUntil("what started before has ended") { await dispatcher.isIdle }
        await waitUntil("it was probed twice") { await dispatcher.circuit.trips >= 3 }
        // Three had started when the circuit opened; each time it closed again, one more.
        let outcomes = await queue.outcomes.count
        #expect(await outcomes <= 3 + dispatcher.circuit.trips)
        try place.folder.write([], toNew: RelativePath("mended"))
        await waitUntil("all items have succeeded") { await queue.outcomes.count { $0.meaning == .success } == 6 }
        #expect(await dispatcher.circuit == Circuit())
        queue.end()
        await task.value
    }

    @Test func stop_startsNothingMore_andGivesBackWhatWasGranted() async throws {
        let queue = FakeQueue(place)
        let dispatcher = try dispatcher(place.job("exit 0", limit: 2), queue)
        await dispatcher.stop()
        let task = Task { await dispatcher.run() }
        await queue.add(5)
        queue.end()
        await task.value
        #expect(await queue.outcomes.isEmpty)
        #expect(await queue.running == 0)
    }

    @Test func disabledJob_startsNothing() async throws {
        let queue = FakeQueue(place)
        var job = place.job("exit 0", limit: 2)
        job.isDisabled = true
        let dispatcher = try dispatcher(job, queue)
        let task = Task { await dispatcher.run() }
        await queue.add(3)
        queue.end()
        await task.value
        #expect(await queue.count().waiting == 3)
    }

    // MARK: RunPlan

    @Test func environment_isExactlyThatOfTheContract() async throws {
        let queue = FakeQueue(place)
        await queue.add(1)
        let grant = try #require(await queue.claim(upTo: 1).first)
        let site = try #require(await queue.localise(grant))
        let plan = RunPlan(
            job: place.job("exit 0", limit: 1, environment: ["MINE=1", "PATH=/own"]), layout: Layout(root: place.folder.path),
            instance: grant.item)
        let script = plan.script(grant, site, role: nil)
        let names = script.environment.map { String(decoding: $0.prefix { $0 != UInt8(ascii: "=") }, as: UTF8.self) }
        let inherited = (["HOME", "LANG", "TZ"] as [String]).filter { getenv($0) != nil }
        #expect(
            names.sorted()
                == (inherited + [
                    "PATH", "MINE", "BOBBIN_FILE", "BOBBIN_NAME", "BOBBIN_QUEUE", "BOBBIN_ID", "BOBBIN_RUN_ID", "BOBBIN_ATTEMPT",
                    "BOBBIN_MAX_ATTEMPTS", "BOBBIN_INTERRUPTIONS", "BOBBIN_TRIGGER", "BOBBIN_WORK", "BOBBIN_CHECKPOINT", "BOBBIN_PROGRESS",
                    "BOBBIN_OUTPUT", "BOBBIN_RESULTS", "BOBBIN_NEXT", "BOBBIN_INSTANCE_ID", "WEBJOBS_NAME", "WEBJOBS_TYPE", "WEBJOBS_PATH",
                    "WEBJOBS_DATA_PATH", "WEBJOBS_RUN_ID", "WEBJOBS_SHUTDOWN_FILE",
                ]).sorted())
        #expect(script.environment.contains(Array("PATH=/own".utf8)))
        #expect(script.environment.contains(Array("BOBBIN_RUN_ID=\(grant.run)".utf8)))
        #expect(script.arguments.last == place.folder.path.appending(site.payloadPlace).bytes)
        #expect(script.run == grant.run)
    }

    @Test func equalNames_theLastWins() {
        let entries = ["A=1", "B=2", "A=3", "C"].map { Array($0.utf8) }
        #expect(RunPlan.unique(entries) == ["B=2", "A=3", "C"].map { Array($0.utf8) })
    }
}
