import Documents
import Glibc
import SystemPackage
import Testing

@testable import Files

@Suite struct LockTests {
    @Test("while a writer has the file open a lease is refused, and granted as soon as it has closed it")
    func lease_followsTheWriter() throws {
        let scratch = try Scratch()
        try scratch.write("x", "a")
        var writer: OpenFile? = try scratch.folder.open("a", writing: true)
        let reader = try scratch.folder.open("a")
        #expect(writer != nil)
        #expect(reader.takeLease() == .busy)
        writer = nil
        // The kernel drops a writer's reference a moment after the close.
        try waitUntil("the kernel has forgotten the writer") { reader.takeLease() == .granted }
        reader.dropLease()
        #expect(try scratch.folder.open("a", writing: true).descriptor >= 0)
    }

    @Test func lease_thatTheSystemDoesNotPermit_isToldApartFromABusyFile() throws {
        let scratch = try Scratch()
        try scratch.write("x", "a")
        let reader = try scratch.folder.open("a")
        for (code, expected) in [
            (Errno.permissionDenied, OpenFile.LeaseAnswer.notPermitted), (.invalidArgument, .notPermitted),
            (.resourceTemporarilyUnavailable, .busy),
        ] {
            let answer = Faults.$plan.withValue(Fault(.lease, code).plan) { reader.takeLease() }
            #expect(answer == expected)
        }
    }

    @Test func lettingGo_leavesTheLockToWhoHasInheritedIt() throws {
        let scratch = try Scratch()
        try scratch.write("x", "a")
        let holder = try scratch.folder.open("a")
        #expect(try holder.tryLock())
        var inherited: OpenFile? = OpenFile(adopting: dup(holder.descriptor), subject: "a")
        holder.letGo()
        #expect(inherited != nil)
        let other = try scratch.folder.open("a")
        #expect(try !other.tryLock())
        inherited = nil
        #expect(try other.tryLock())
        #expect(try holder.readAll(limit: 10).isEmpty, "it stands for nothing any more")
    }

    @Test func lock_isHeldUntilTheLastCopyOfTheDescriptorIsClosed() throws {
        let scratch = try Scratch()
        try scratch.write("x", "a")
        var holder: OpenFile? = try scratch.folder.open("a")
        #expect(try holder?.tryLock() == true)
        let other = try scratch.folder.open("a")
        #expect(try !other.tryLock())
        let copy = dup(try #require(holder).descriptor)
        holder = nil
        #expect(try !other.tryLock())
        close(copy)
        #expect(try other.tryLock())
        other.unlock()
        #expect(try scratch.folder.open("a").tryLock())
    }

    @Test func lock_staysWithTheFileThroughARename() throws {
        let scratch = try Scratch()
        try scratch.write("x", "a")
        let holder = try scratch.folder.open("a")
        #expect(try holder.tryLock())
        #expect(try scratch.folder.move("a", to: scratch.folder, as: "b") == .moved)
        #expect(try !scratch.folder.open("b").tryLock())
    }

    @Test func lock_isAskedForWithoutBeingTakenForItsHolder() throws {
        let scratch = try Scratch()
        try scratch.write("x", "a")
        let (first, second) = (try scratch.folder.open("a"), try scratch.folder.open("a"))
        var holder: OpenFile? = try scratch.folder.open("a", writing: true)
        #expect(try holder?.tryLock() == true)
        #expect(try first.isLocked() && second.isLocked())
        holder = nil
        #expect(try !first.isLocked())
        #expect(flock(first.descriptor, LOCK_SH) == 0)
        #expect(try !second.isLocked(), "somebody else is asking at this moment")
    }

    @Test(arguments: [Errno.tooManyOpenFiles, .ioError, .noMemory])
    func lock_thatFailsOtherwise_isAnError(_ code: Errno) throws {
        let scratch = try Scratch()
        try scratch.write("x", "a")
        let file = try scratch.folder.open("a")
        Faults.$plan.withValue(Fault(.lock, code).plan) { #expect(throws: FileError.self) { try file.tryLock() } }
    }
}

/// Waits for a named condition, at most ten seconds.
func waitUntil(_ what: String, _ condition: () throws -> Bool) throws {
    let limit = Clocks.system.uptime() + .seconds(10)
    while try !condition() {
        guard Clocks.system.uptime() < limit else {
            Issue.record("waited ten seconds in vain until \(what)")
            return
        }
        usleep(1000)
    }
}
