import Documents
import Files
import Glibc
import SystemPackage

/// Finds the processes of runs, wherever they went: children that left the process group or the session, that closed
/// their standard input, or that outlived their orchestrator.
///
/// A process belongs to a run when its environment carries the run's id (contract §2), when its environment names no other
/// run and its standard input is the run's payload, one of its descriptors the run's lock, or its limit of locks the run's
/// mark, or when a process that does is its ancestor.
package struct ProcessTree: Sendable {
    package struct Process: Sendable, Hashable {
        package let pid: pid_t
        package let parent: pid_t
        package let isZombie: Bool
    }

    let processes: [pid_t: Process]

    /// Takes a picture of all processes. Costs a millisecond or so: for the ends that need it, not for every run.
    package init() {
        var found: [pid_t: Process] = [:]
        for pid in Self.allPIDs() { found[pid] = Self.look(pid) }
        processes = found
    }

    /// The processes of one run, ancestors before descendants; never this process itself.
    package func members(
        run: ItemID, of instance: ItemID? = nil, payloadPath: FilePath? = nil, lockPath: FilePath? = nil, root: pid_t? = nil
    ) -> [Process] {
        let mark = instance.map { RunMark(run: run, of: $0) }
        let own = getpid()
        let marked = processes.values.filter { process in
            guard process.pid != own, !process.isZombie else { return false }
            return process.pid == root
                || Self.belongs(process.pid, to: run, mark: mark, payloadPath: payloadPath, lockPath: lockPath)
        }
        var members = Dictionary(uniqueKeysWithValues: marked.map { ($0.pid, $0) })
        var hasGrown = true
        while hasGrown {
            hasGrown = false
            for process in processes.values where members[process.pid] == nil && members[process.parent] != nil && !process.isZombie {
                members[process.pid] = process
                hasGrown = true
            }
        }
        return members.values.sorted { $0.pid < $1.pid }
    }

    static func belongs(_ pid: pid_t, to run: ItemID, mark: RunMark?, payloadPath: FilePath?, lockPath: FilePath?) -> Bool {
        // The next run of the same item reads the same payload.
        if let named = Self.run(of: pid) { return named == run }
        return payloadPath.map { standardInput(of: pid) == $0 } ?? false || mark.map { RunMark(of: pid) == $0 } ?? false
            || lockPath.map { has($0, open: pid) } ?? false
    }

    static func allPIDs() -> [pid_t] {
        guard let listing = try? Folder.open("/proc").listing() else { return [] }
        var pids: [pid_t] = []
        while let entry = try? listing.next() {
            if let text = entry.name.utf8, let pid = pid_t(text) { pids.append(pid) }
        }
        return pids
    }

    /// Reads `/proc/PID/stat` (proc(5)): the command in parentheses may itself contain any byte.
    static func look(_ pid: pid_t) -> Process? {
        guard let bytes = read("/proc/\(pid)/stat", limit: 1024), let end = bytes.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = bytes[(end + 1)...].split(separator: UInt8(ascii: " "))
        guard fields.count > 1, let parent = pid_t(String(decoding: fields[1], as: UTF8.self)) else { return nil }
        return Process(pid: pid, parent: parent, isZombie: fields[0].first == UInt8(ascii: "Z") || fields[0].first == UInt8(ascii: "X"))
    }

    /// The entries of a process's environment, as it was when its program began; none when it cannot be read.
    static func environment(of pid: pid_t) -> [ArraySlice<UInt8>] {
        read("/proc/\(pid)/environ", limit: 2 << 20)?.split(separator: 0) ?? []
    }

    static func standardInput(of pid: pid_t) -> FilePath? { target(of: "/proc/\(pid)/fd/0") }

    /// Whether a process has a file open.
    static func has(_ path: FilePath, open pid: pid_t) -> Bool {
        guard let names = try? Folder.open(FilePath("/proc/\(pid)/fd")).names() else { return false }
        return names.contains { name in target(of: "/proc/\(pid)/fd/\(name.escaped)") == path }
    }

    static func path(ofOwn descriptor: Int32) -> FilePath? { target(of: "/proc/self/fd/\(descriptor)") }

    private static func target(of link: String) -> FilePath? {
        var buffer = [CChar](repeating: 0, count: 4097)
        let length = readlink(link, &buffer, 4096)
        return length > 0 ? FilePath(bytes: buffer.prefix(length).map(UInt8.init(bitPattern:))) : nil
    }

    static func read(_ path: String, limit: Int) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        let file = OpenFile(adopting: descriptor, subject: FileSubject(text: path))
        return try? file.readAll(limit: limit)
    }

    /// Children of this process, started or adopted: a subreaper's orphans become children of one of its threads
    /// (proc(5), `/proc/PID/task/TID/children`).
    ///
    /// To be looked at before they are touched (`child`): a long list is read in parts, and where it changes in between,
    /// the end of one number and the beginning of another make a third.
    static func children() -> [pid_t] {
        guard let tasks = try? Folder.open("/proc/self/task"), let names = try? tasks.names() else { return [] }
        return names.flatMap { name -> [pid_t] in
            guard let bytes = try? tasks.read(RelativePath(name) / "children", limit: 1 << 20) else { return [] }
            return bytes.split(separator: UInt8(ascii: " ")).compactMap { pid_t(String(decoding: $0, as: UTF8.self)) }
        }
    }

    /// A child of this process, as it is now; nil when it is none.
    static func child(_ pid: pid_t) -> Process? { look(pid).flatMap { $0.parent == getpid() ? $0 : nil } }

    /// The run that a process belongs to by its environment.
    static func run(of pid: pid_t) -> ItemID? { value(of: "BOBBIN_RUN_ID", in: pid).flatMap { ItemID(bytes: $0) } }

    /// A variable of a process's environment.
    static func value(of name: String, in pid: pid_t) -> [UInt8]? {
        let key = Array("\(name)=".utf8)
        return environment(of: pid).first { $0.starts(with: key) }.map { Array($0.dropFirst(key.count)) }
    }
}
