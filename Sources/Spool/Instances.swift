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
    /// An orchestrator was at work when the machine last went down: what it had not synced may be lost.
    package let isAfterPowerLoss: Bool

    /// Where the lock files lie. They are opened for writing by their holders only: a close after writing there is a death.
    package var place: FilePath { folder.path }

    /// Registers a new instance; `data/locks/instances/` is created when missing.
    package static func register(dataFolder: FilePath, clocks: Clocks, version: String? = nil) throws(FileError) -> Instances {
        let folder = try Folder.make(dataFolder.appending("locks").appending("instances"), mode: 0o700)
        // Another that is just tidying up may have taken the new file, not yet locked, for one of the dead.
        for _ in 0..<10 {
            if let instances = try register(in: folder, clocks: clocks, version: version) { return instances }
        }
        throw FileError(.lock, folder.path.escaped, .wouldBlock)
    }

    private static func register(in folder: Folder, clocks: Clocks, version: String?) throws(FileError) -> Instances? {
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
            "boot": JSON(BootID.current), "host": JSON(hostName),
            "version": JSON(version),
        ]
        try file.write(facts.prettyBytes)
        guard try folder.replace(temporary, to: folder, as: place) else { return nil }
        // On the disk before anything is claimed: after a power cut it is what tells that somebody was at work.
        try folder.file.sync()
        let earlier = look(folder)
        let isAfterPowerLoss = try folder.names().contains { name in
            ItemID(bytes: name.bytes).map { $0 != own && earlier.isOfEarlierBoot($0) } ?? false
        }
        return Instances(own: own, folder: folder, lock: file, isAfterPowerLoss: isAfterPowerLoss)
    }

    /// For looking only: registers nothing.
    package static func look(dataFolder: FilePath) -> Instances? {
        guard let folder = try? Folder.open(dataFolder.appending("locks").appending("instances")) else { return nil }
        return look(folder)
    }

    private static func look(_ folder: Folder) -> Instances {
        Instances(own: ItemID(high: 0, low: 0), folder: folder, lock: nil, isAfterPowerLoss: false)
    }

    /// Whether a dead instance was at work when the machine went down. Its facts may be lost with it.
    private func isOfEarlierBoot(_ id: ItemID) -> Bool {
        guard !isAlive(id), let bytes = try? folder.read(RelativePath(id)) else { return false }
        return (try? JSONParser.parse(bytes))?["boot"]?.string != BootID.current
    }

    package func isAlive(_ instance: ItemID) -> Bool {
        if instance == own { return lock != nil }
        guard let file = try? folder.open(RelativePath(instance)) else { return false }
        return (try? file.isLocked()) != false
    }

    /// The others that share the root, and those that did and have not been buried yet.
    package func peers() -> [(id: ItemID, isAlive: Bool)] {
        ((try? folder.names()) ?? []).compactMap { ItemID(bytes: $0.bytes) }.filter { $0 != own }.map { ($0, isAlive($0)) }
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

    /// All there are, the dead too until they are buried, with what each wrote about itself.
    package func all() -> [Instance] {
        ((try? folder.names()) ?? []).compactMap { ItemID(bytes: $0.bytes) }.sorted().map { id in
            let facts = (try? folder.read(RelativePath(id))).flatMap { $0 }.flatMap { try? JSONParser.parse($0) }
            return Instance(id: id, isAlive: isAlive(id), facts: facts)
        }
    }

    /// Whether no other orchestrator shares the root now.
    package var isAlone: Bool { peers().allSatisfy { !$0.isAlive } }

    /// Removes the lock files of the dead, who never come back under the same id.
    ///
    /// - Parameters:
    ///   - those: these only, and what a start that was cut off has left.
    ///   - afterRecovery: also those of an earlier boot, which tell of a power cut until all is mended.
    package func removeDead(_ those: [ItemID]? = nil, afterRecovery: Bool = false) {
        for name in (try? folder.names()) ?? [] {
            guard let id = ItemID(bytes: name.hasPrefix(".") ? Array(name.bytes.dropFirst()) : name.bytes), id != own,
                those?.contains(id) != false || name.hasPrefix("."), afterRecovery || !isOfEarlierBoot(id),
                let file = try? folder.open(RelativePath(name)), (try? file.isLocked()) == false
            else { continue }
            Step.sweepInstance.before()
            _ = try? folder.remove(RelativePath(name))
            Step.sweepInstance.after()
        }
    }

    /// Ends this instance's registration in an orderly way.
    package func resign() { _ = try? folder.remove(RelativePath(own)) }

    private static var hostName: String? {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return nil }
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
