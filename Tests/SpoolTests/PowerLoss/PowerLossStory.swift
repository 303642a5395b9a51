import Documents
import Files
import SystemPackage
import Testing

@testable import Spool

/// A piece of work that the power may cut, and what an item then is to be found as.
struct PowerLossStory: Sendable, CustomTestStringConvertible {
    let name: String
    var rules = QueueRules(limits: .init(maxAttempts: 2))
    /// Its folder is claimed a second time. Where renames of folders come to the disk apart from what is in them, an outcome
    /// may then be found in `retry/`: no journaling file system does that, and it is not defended against.
    var isClaimedTwice = false
    /// In force after a death and after the power cut; else the same as before.
    var rulesLater: QueueRules?
    var hasResults = false
    var hasForwards = false
    var envelope: String?
    /// Its time is over, or an operator has thrown it away: it may be gone, and never runs again.
    var isUnwanted = false
    /// An operator has changed its final state.
    var isPutBack = false
    /// What is on the disk for certain before the work begins.
    var before: @Sendable (Teller) async throws -> Void = { _ in }
    let work: @Sendable (Teller) async throws -> Void

    var testDescription: String { name }

    static let payload = "the payload's bytes"
    static let result = Array("the result's bytes".utf8)
    static let forward = Array("the forward's bytes".utf8)
    static let checkpoint = Array("the checkpoint's bytes".utf8)

    /// Does the work once and returns what was recorded of it.
    func record() async throws -> PowerCut {
        let place = try Place(in: Self.memory)
        let teller = Teller(story: self, place: place)
        try place.drop("file", Self.payload, envelope: envelope)
        try await before(teller)
        teller.trace = try DiskTrace(place.root)
        try await teller.trace?.record { try await work(teller) }
        let trace = try #require(teller.trace)
        try #require(trace.problems.isEmpty, "\(trace.problems)")
        let differences = try trace.differences()
        try #require(differences.isEmpty, "\(name): what was recorded is not what is there: \(differences)")
        return PowerCut(start: trace.start, events: trace.events)
    }

    /// Where states are made real: in memory, if there is such a place.
    static let memory: FilePath = (try? Folder.open("/dev/shm").write([], toNew: ".bobbin-try")) != nil ? shm() : "/tmp"

    private static func shm() -> FilePath {
        _ = try? Folder.open("/dev/shm").remove(".bobbin-try")
        return "/dev/shm"
    }

    /// Tells a story: drives a queue as an orchestrator does.
    final class Teller: @unchecked Sendable {
        let story: PowerLossStory
        let place: Place
        var trace: DiskTrace?
        private var keeper: Keeper?
        private var hasDied = false

        init(story: PowerLossStory, place: Place) {
            self.story = story
            self.place = place
        }

        func started() throws -> Keeper {
            let keeper = try keeper ?? place.start((hasDied ? story.rulesLater : nil) ?? story.rules)
            self.keeper = keeper
            return keeper
        }

        func claim() async throws -> Grant {
            let keeper = try started()
            place.advance(by: .seconds(120))
            await keeper.queue.requestScan()
            await keeper.queue.requestRetryScan()
            return try #require(await keeper.claimSoon())
        }

        /// Writes what the script of the story writes.
        func produce(_ grant: Grant) async throws {
            let site = try #require(await started().queue.localise(grant))
            try story.produce(at: site)
        }

        func saveCheckpoint(_ grant: Grant) async throws {
            let site = try #require(await started().queue.localise(grant))
            try site.folder.write(PowerLossStory.checkpoint, toNew: site.checkpoint, mode: 0o644)
        }

        func commit(_ grant: Grant, _ meaning: RunEnding.Meaning) async throws {
            try #require(await !started().commit(grant, meaning).isStale)
        }

        func promise(_ promise: Promise) { trace?.promise(promise) }

        /// The orchestrator dies; the machine lives on.
        func die() async throws {
            guard let id = keeper?.instances.own else { return }
            keeper = nil
            hasDied = true
            let look = try #require(Instances.look(dataFolder: place.data))
            await waitUntil("the dead orchestrator's lock is free") { !look.isAlive(id) }
        }
    }

    func produce(at site: RunSite) throws {
        if hasResults { try site.folder.folder(site.results).write(Self.result, toNew: "out") }
        if hasForwards {
            let next = try site.folder.folder(site.next)
            try next.makeFolder("z")
            try next.write(Self.forward, toNew: "z/file")
        }
    }
}
