import Documents
import Files
import Glibc
import SystemPackage

/// The orchestrators that share a root: each holds a lock file under `data/locks/instances/` for as long as it lives.
///
/// No heartbeat and no process id: the kernel frees the lock with the last descriptor, however the process ends.
package struct Instances: Sendable {
    /// This orchestrator. New with every start, so that a restarted one never mistakes old claims for its own.
    package let own: ItemID
    private let folder: Folder
    private let lock: OpenFile?

    /// Registers a new instance; `data/locks/instances/` is created when missing.
    package static func register(dataFolder: FilePath, clocks: Clocks) throws(FileError) -> Instances {
        let folder = try Folder.make(dataFolder.appending("locks").appending("instances"), mode: 0o700)
        // Another that is just tidying up may have taken the new file, not yet locked, for one of the dead.
        for _ in 0..<10 {
            if let instances = try register(in: folder, clocks: clocks) { return instances }
        }
        throw FileError(.lock, folder.path.escaped, .wouldBlock)
    }

    private static func register(in folder: Folder, clocks: Clocks) throws(FileError) -> Instances? {
        let own = ItemID.make(at: clocks.now())
        let place = RelativePath(own)
        // Locked under a hidden name first: a lock file that is seen is held.
        let temporary = RelativePath(FileName(".\(own)") ?? FileName("instance"))
        let file = try folder.create(temporary)
        guard try file.tryLock() else {
            try folder.remove(temporary)
            return nil
        }
        let facts: JSON = [
            "instance": .string(own.description), "pid": .integer(Int64(getpid())), "started_at": JSON(clocks.now()),
            "boot": JSON(bootID), "host": JSON(hostName),
        ]
        try file.write(facts.prettyBytes)
        guard try folder.replace(temporary, to: folder, as: place) else { return nil }
        return Instances(own: own, folder: folder, lock: file)
    }

    /// For looking only: registers nothing.
    package static func look(dataFolder: FilePath) -> Instances? {
        guard let folder = try? Folder.open(dataFolder.appending("locks").appending("instances")) else { return nil }
        return Instances(own: ItemID(high: 0, low: 0), folder: folder, lock: nil)
    }

    package func isAlive(_ instance: ItemID) -> Bool {
        if instance == own { return lock != nil }
        guard let file = try? folder.open(RelativePath(instance), writing: true) else { return false }
        // Taking the lock proves that its holder is gone; it is freed at once with the descriptor. Shared, since others may
        // be asking the same at this moment, and must not be taken for its holder.
        return (try? file.tryLock(shared: true)) != true
    }

    /// What lives now, with the facts each wrote about itself.
    package func living() -> [(id: ItemID, facts: JSON)] {
        ((try? folder.names()) ?? []).compactMap { name in
            guard let id = ItemID(bytes: name.bytes), isAlive(id),
                let bytes = try? folder.read(RelativePath(name)), let facts = try? JSONParser.parse(bytes)
            else { return nil }
            return (id, facts)
        }
    }

    /// Whether no other orchestrator shares the root now.
    package var isAlone: Bool { living().allSatisfy { $0.id == own } }

    /// Removes the lock files of the dead. A file is removed only under its own lock.
    package func removeDead() {
        for name in (try? folder.names()) ?? [] {
            guard let id = ItemID(bytes: name.hasPrefix(".") ? Array(name.bytes.dropFirst()) : name.bytes), id != own,
                let file = try? folder.open(RelativePath(name), writing: true), (try? file.tryLock(shared: true)) == true
            else { continue }
            Step.sweepInstance.before()
            _ = try? folder.remove(RelativePath(name))
            Step.sweepInstance.after()
        }
    }

    /// Ends this instance's registration in an orderly way.
    package func resign() { _ = try? folder.remove(RelativePath(own)) }

    private static var bootID: String? {
        (try? Folder.open("/proc/sys/kernel/random").read(RelativePath("boot_id"), limit: 64)).flatMap { $0 }
            .map { String(decoding: $0.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self) }
    }

    private static var hostName: String? {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return nil }
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
