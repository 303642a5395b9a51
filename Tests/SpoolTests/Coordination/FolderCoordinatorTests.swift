import Documents
import Files
import Glibc
import Synchronization
import SystemPackage
import Testing

@testable import Spool

/// Roles kept by lock files.
@Suite struct FolderCoordinatorTests {
    @Test(arguments: CoordinatorConformance.allCases)
    func coordinator_keepsItsPromises(_ conformance: CoordinatorConformance) async throws {
        let place = try Place()
        try await conformance.check(Pair(place))
    }

    private static let role = Role.triggered(job: "job")

    /// What a script inherits keeps the role, whatever becomes of the instance that started it.
    @Test func inheritedLock_keepsTheRole_untilItIsClosed() async throws {
        let place = try Place()
        let pair = try Pair(place)
        let (first, second) = (try pair.first, pair.second)
        let tenure = try #require(first.acquire(Self.role).tenure)
        let inherited = dup(try #require(first.lock(of: tenure)).descriptor)
        first.release(tenure)
        #expect(first.lock(of: tenure) == nil)
        #expect(second.holder(of: Self.role)?.fence == tenure.fence)
        #expect(second.acquire(Self.role).tenure == nil)
        #expect(first.acquire(Self.role).tenure == nil, "nor does it come back to who released it")
        #expect(!second.hintIfFree(Self.role))
        close(inherited)
        await waitUntil("the role is free") { second.hintIfFree(Self.role) }
        #expect(second.acquire(Self.role).tenure?.fence == Fence(tenure.fence.value + 1))
    }

    /// Its close would look like a release to the others, whose attempts would look like one to it: for ever.
    @Test func attempt_onAHeldRole_opensNothingForWriting() throws {
        let place = try Place()
        let pair = try Pair(place)
        let (first, second) = (try pair.first, pair.second)
        _ = try #require(first.acquire(Self.role).tenure)
        let path = try #require(first.places.first { $0.kind == .triggered }).path
        let watch = inotify_init1(O_NONBLOCK | O_CLOEXEC)
        defer { close(watch) }
        _ = path.withPlatformString { inotify_add_watch(watch, $0, UInt32(IN_CLOSE_WRITE)) }
        #expect(second.acquire(Self.role).tenure == nil)
        var buffer = [UInt8](repeating: 0, count: 4096)
        #expect(read(watch, &buffer, buffer.count) == -1 && errno == EAGAIN)
    }

    @Test func lockFile_removedByAnOperator_isNotTakenInPlaceOfTheNewOne() throws {
        let place = try Place()
        let pair = try Pair(place)
        let (first, second) = (try pair.first, pair.second)
        let folder = try Folder.open(try #require(first.places.first { $0.kind == .triggered }).path)
        let removals = Mutex(0)
        // Removed after the file was opened, before it is locked for itself.
        let plan = Faults { operation, _ in
            let isFirst = removals.withLock { count in
                if operation == .lock { count += 1 }
                return operation == .lock && count == 1
            }
            if isFirst { _ = try? folder.remove("job") }
            return nil
        }
        let tenure = Faults.$plan.withValue(plan) { first.acquire(Self.role).tenure }
        #expect(tenure != nil)
        #expect(second.acquire(Self.role).tenure == nil)
    }

    /// Nobody acts on a role that could not be written down.
    @Test(arguments: [FileOperation.create, .write, .lock]) func failingDisk_grantsNothing(_ operation: FileOperation) throws {
        let place = try Place()
        let pair = try Pair(place)
        let (first, second) = (try pair.first, pair.second)
        let plan = Faults { failing, _ in failing == operation ? .noSpace : nil }
        let answer = Faults.$plan.withValue(plan) { first.acquire(Self.role) }
        guard case .unknown(let why) = answer else {
            Issue.record("\(answer)")
            return
        }
        #expect(why.contains("job"))
        #expect(second.acquire(Self.role).tenure != nil, "and nothing is left locked")
    }

    @Test func unreadableRecord_countsAsNone() throws {
        let place = try Place()
        let pair = try Pair(place)
        let (first, second) = (try pair.first, pair.second)
        let folder = try Folder.open(try #require(first.places.first { $0.kind == .triggered }).path)
        try folder.write(Array("{\"fence\": ".utf8), toNew: "job")
        let tenure = try #require(first.acquire(Self.role).tenure)
        #expect(tenure.fence == Fence(1) && tenure.predecessor == nil)
        #expect(second.holder(of: Self.role)?.instance == first.instances().first?.id)
    }

    @Test(arguments: ["job", "-rf", "a b\nc", "ü", String(repeating: "n", count: 255)])
    func role_ofAnyJobName_canBeTaken(_ name: String) throws {
        let place = try Place()
        let pair = try Pair(place)
        let (first, second) = (try pair.first, pair.second)
        let role = Role.continuous(job: try #require(FileName(name)))
        let tenure = try #require(first.acquire(role).tenure)
        #expect(second.holder(of: role)?.fence == tenure.fence)
    }

    @Test func awaitedRoles_areThoseThatSomebodyStillWaitsFor() async throws {
        let place = try Place()
        let coordinator = try Pair(place).first
        let (a, b) = (Role.triggered(job: "a"), Role.triggered(job: "b"))
        let waitA = coordinator.hints(of: a)
        do {
            let waitB = coordinator.hints(of: b)
            #expect(Set(coordinator.awaited(.triggered)) == [a, b])
            #expect(coordinator.awaited(.triggered, job: "b") == [b])
            #expect(coordinator.awaited(.continuous).isEmpty)
            withExtendedLifetime(waitB) {}
        }
        await waitUntil("the one that waits no more is forgotten") { coordinator.awaited(.triggered) == [a] }
        withExtendedLifetime(waitA) {}
    }
}

/// Two orchestrators' coordinators at a place.
private final class Pair: CoordinatorSubject {
    private let mortal: Mutex<FolderCoordinator?>
    let second: FolderCoordinator
    let firstID: ItemID
    let secondID: ItemID

    var first: FolderCoordinator { get throws { try #require(mortal.withLock { $0 }) } }

    init(_ place: Place) throws {
        let one = try Instances.register(dataFolder: place.data, clocks: place.clocks)
        let other = try Instances.register(dataFolder: place.data, clocks: place.clocks)
        (firstID, secondID) = (one.own, other.own)
        mortal = Mutex(try FolderCoordinator(dataFolder: place.data, instances: one, clocks: place.clocks))
        second = try FolderCoordinator(dataFolder: place.data, instances: other, clocks: place.clocks)
    }

    func kill() async {
        mortal.withLock { $0 = nil }
        await waitUntil("the lock of the dead is free") { second.instances().first { $0.id == firstID }?.isAlive == false }
    }

    func tell(_ role: Role) async { await waitUntil("the role is free") { second.hintIfFree(role) } }
}
