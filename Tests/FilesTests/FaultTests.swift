import Glibc
import Synchronization
import SystemPackage
import Testing

@testable import Files

@Suite struct FaultTests {
    @Test(
        "a call that a signal interrupts, or that a file server answers by ESTALE, is repeated, and nobody hears of it",
        arguments: FileOperation.allCases, [(Errno.interrupted, 1), (.interrupted, 3), (.staleNFSFileHandle, 1), (.staleNFSFileHandle, 3)])
    func repeated(_ operation: FileOperation, _ trouble: (code: Errno, times: Int)) throws {
        let scratch = try Scratch()
        let left = Mutex(trouble.times)
        let plan = Faults { asked, _ in
            asked == operation
                && left.withLock { left in
                    left -= 1
                    return left >= 0
                } ? trouble.code : nil
        }
        try Faults.$plan.withValue(plan) {
            try scratch.folder.makeFolder("folder")
            try scratch.folder.replace("folder/a", with: [1, 2, 3])
            let file = try scratch.folder.open("folder/a")
            try file.sync()
            #expect(try file.tryLock() && file.takeLease() == .granted)
            file.dropLease()
            try scratch.folder.setMode("folder/a", 0o600)
            try scratch.folder.setOwner("folder/a", user: geteuid(), group: getegid())
            #expect(try scratch.folder.link("folder/a", to: scratch.folder, as: "b") == .moved)
            #expect(try scratch.folder.move("b", to: scratch.folder, as: "c") == .moved)
            #expect(try scratch.folder.stamp("c")?.size == 3)
            #expect(try scratch.folder.read("c") == [1, 2, 3])
            #expect(try scratch.names == ["c", "folder"])
            try scratch.folder.removeTree("folder")
            #expect(try scratch.names == ["c"])
        }
        #expect(left.withLock { $0 } < 0, "no call of \(operation) was in trouble")
    }

    @Test func staleHandle_thatStays_isTold() throws {
        let scratch = try Scratch()
        #expect(throws: FileError(.stamp, scratch.folder.path.appending("a").escaped, .staleNFSFileHandle)) {
            try Faults.$plan.withValue(Fault(.stamp, .staleNFSFileHandle).plan) { _ = try scratch.folder.stamp("a") }
        }
    }

    @Test func fault_isInForceOnThreadsForBlockingCalls() async throws {
        let scratch = try Scratch()
        let folder = scratch.folder
        await Faults.$plan.withValue(Fault(.stamp, .ioError).plan) {
            await #expect(throws: FileError.self) { try await Offload.run { () throws(FileError) in _ = try folder.stamp("a") } }
        }
    }
}
