import Dispatch
import Synchronization
import SystemPackage
import Testing

@testable import Files

@Suite(.timeLimit(.minutes(1))) struct SyncGroupTests {
    /// Counts syncs and holds the first up until it is let go.
    private final class Gate: Sendable {
        private let syncs = Mutex(0)
        private let isOpen = DispatchSemaphore(value: 0)
        let hasBegun = AsyncStream<Void>.makeStream()

        var count: Int { syncs.withLock { $0 } }
        func open() { isOpen.signal() }

        func plan(failing code: Errno? = nil) -> Faults {
            Faults { [self] operation, _ in
                guard operation == .sync else { return nil }
                let number = syncs.withLock { syncs in
                    syncs += 1
                    return syncs
                }
                if number == 1 {
                    hasBegun.continuation.finish()
                    isOpen.wait()
                    return nil
                }
                return code
            }
        }
    }

    /// How many syncs of one folder a hundred callers cost of whom the first is under way when the others come.
    private func crowd(failing code: Errno? = nil) async throws -> (syncs: Int, failures: Int) {
        let scratch = try Scratch()
        let gate = Gate()
        let group = SyncGroup()
        let failures = try await Faults.$plan.withValue(gate.plan(failing: code)) {
            try await withThrowingTaskGroup(of: Bool.self) { callers in
                for number in 0..<100 {
                    // Each has a descriptor of its own: it is the folder that counts.
                    let folder = try Folder.open(scratch.folder.path)
                    callers.addTask {
                        do { try await group.sync([folder.file]) } catch { return true }
                        return false
                    }
                    if number == 0 { for await _ in gate.hasBegun.stream {} }
                }
                while await group.waiters < 99 { await Task.yield() }
                gate.open()
                return try await callers.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
        }
        return (gate.count, failures)
    }

    @Test func whoComesDuringASync_sharesTheNext() async throws {
        let (syncs, failures) = try await crowd()
        #expect(syncs == 2 && failures == 0)
    }

    @Test func failure_isToldToAllWhoShareTheSync() async throws {
        let (syncs, failures) = try await crowd(failing: .ioError)
        #expect(syncs == 2 && failures == 99)
    }

    @Test func differentFiles_areSyncedEachAndTogether() async throws {
        let scratch = try Scratch()
        let files = try (0..<10).map { try scratch.folder.create(RelativePath(.of("\($0)"))) }
        let gate = Gate()
        await Faults.$plan.withValue(gate.plan()) {
            async let synced: Void? = try? SyncGroup().sync(files)
            // The nine others do not wait for the one that is held up.
            while gate.count < 10 { await Task.yield() }
            gate.open()
            _ = await synced
        }
        #expect(gate.count == 10)
    }
}
