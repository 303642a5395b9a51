import Glibc

/// A path as bytes, for names that are no text; plain POSIX calls, so that nothing of Bobbin's is trusted here.
struct Path: Hashable, Sendable, CustomStringConvertible {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }
    init(_ text: String) { bytes = Array(text.utf8) }

    static func / (left: Path, right: String) -> Path { Path(left.bytes + [47] + Array(right.utf8)) }
    static func / (left: Path, right: [UInt8]) -> Path { Path(left.bytes + [47] + right) }

    /// For paths that tests choose themselves, which are text.
    var text: String { String(decoding: bytes, as: UTF8.self) }
    var description: String { text }
    var name: [UInt8] { Array(bytes.split(separator: 47).last ?? []) }
    /// A word for a shell.
    var quoted: String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }

    func withC<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        (bytes + [0]).withUnsafeBytes { body($0.baseAddress!.assumingMemoryBound(to: CChar.self)) }
    }

    // MARK: Looking

    /// lstat(2); nil when there is nothing.
    var stat: Glibc.stat? {
        var found = Glibc.stat()
        return withC { lstat($0, &found) } == 0 ? found : nil
    }
    var exists: Bool { stat != nil }
    var kind: mode_t { (stat?.st_mode ?? 0) & S_IFMT }
    var isFolder: Bool { kind == S_IFDIR }
    /// Nanoseconds since 1970; 0 when there is nothing.
    var changed: Int { stat.map { $0.st_ctim.tv_sec * 1_000_000_000 + $0.st_ctim.tv_nsec } ?? 0 }
    var inode: UInt64? { stat.map { UInt64($0.st_ino) } }

    /// Sorted names; none when it is not a folder that can be read.
    var names: [[UInt8]] {
        guard let folder = withC({ opendir($0) }) else { return [] }
        defer { closedir(folder) }
        var names: [[UInt8]] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: UInt8.self, capacity: 256) {
                    Array(UnsafeBufferPointer(start: $0, count: strlen(pointer)))
                }
            }
            if name != [46] && name != [46, 46] { names.append(name) }
        }
        return names.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// How many there are, without their names.
    var childCount: Int {
        guard let folder = withC({ opendir($0) }) else { return 0 }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        return max(0, count - 2)
    }

    var children: [Path] { names.map { self / $0 } }

    /// Everything below, folders before what is in them; links are not followed.
    var tree: [Path] { children.flatMap { [$0] + ($0.isFolder ? $0.tree : []) } }

    /// The whole content; nil when it cannot be read.
    var content: [UInt8]? {
        let descriptor = withC { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 256 * 1024)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            if count < 0 { return nil }
            if count == 0 { return content }
            content += buffer[..<count]
        }
    }
    var string: String { String(decoding: content ?? [], as: UTF8.self) }
    var lines: [String] { string.split(separator: "\n").map(String.init) }

    // MARK: Changing

    /// Writes in place: create, write, close, as most tools do.
    func write(_ content: [UInt8], mode: mode_t = 0o644) {
        let descriptor = withC { open($0, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode) }
        precondition(descriptor >= 0, "cannot write \(self): errno \(errno)")
        defer { close(descriptor) }
        var rest = content[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            precondition(count >= 0 || errno == EINTR, "cannot write \(self): errno \(errno)")
            rest = rest.dropFirst(max(count, 0))
        }
    }
    func write(_ text: String, mode: mode_t = 0o644) { write(Array(text.utf8), mode: mode) }

    func makeFolder() { _ = withC { mkdir($0, 0o755) } }

    @discardableResult
    func move(to target: Path) -> Bool { withC { from in target.withC { rename(from, $0) } } == 0 }

    @discardableResult
    func link(to target: Path) -> Bool { withC { from in target.withC { Glibc.link(from, $0) } } == 0 }

    func remove() { _ = withC { unlink($0) } }

    func removeTree() {
        if isFolder {
            _ = withC { chmod($0, 0o700) }
            for child in children { child.removeTree() }
            _ = withC { rmdir($0) }
        } else {
            remove()
        }
    }

    /// Sets the modification time, `seconds` from now.
    func touch(in seconds: Int) {
        let time = timespec(tv_sec: time(nil) + seconds, tv_nsec: 0)
        _ = withC { path in
            withUnsafePointer(to: (time, time)) { pair in
                pair.withMemoryRebound(to: timespec.self, capacity: 2) { utimensat(AT_FDCWD, path, $0, 0) }
            }
        }
    }
}

/// Bytes as a test names them in its messages.
func shown(_ bytes: [UInt8]) -> String {
    bytes.count > 80 ? "\(bytes.count) bytes" : String(decoding: bytes, as: UTF8.self).debugDescription
}
