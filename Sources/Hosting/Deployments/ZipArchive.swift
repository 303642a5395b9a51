import CZlib
import Files
import SystemPackage

/// Reads a zip file (APPNOTE.TXT of PKWARE, the parts that deployments need: stored and deflated, with Unix modes and
/// links). What could write outside its folder, or more than it says, is refused before anything is written.
struct ZipArchive {
    struct Entry: Equatable {
        let place: RelativePath
        let kind: Kind
        let mode: UInt32
        let size: Int
        let packedSize: Int
        let isDeflated: Bool
        let checksum: UInt32
        let offset: Int

        enum Kind: Equatable { case file, folder, link }
    }

    let entries: [Entry]
    private let file: OpenFile

    static let countLimit = 100_000
    /// Of all files together, unpacked.
    static let sizeLimit = 1 << 30
    private static let linkLimit = 4096
    private static let directoryLimit = 64 << 20
    /// The first bytes of a zip file; an empty one begins with its end.
    static let magic: [[UInt8]] = [[0x50, 0x4B, 3, 4], [0x50, 0x4B, 5, 6]]

    init(_ file: OpenFile) throws(DeployFailure) {
        self.file = file
        let length = Int(clamping: try DeployFailure.wrap { () throws(FileError) in try file.stamp().size })
        let tail = try Self.bytes(file, at: max(0, length - 22 - 0xFFFF), count: min(length, 22 + 0xFFFF))
        guard let end = Self.end(of: tail) else { throw Self.refusal(file, "is no zip file, or is cut off") }
        let record = Fields(tail[end...])
        let (count, size, start) = (record.short(10), record.long(12), record.long(16))
        guard count < 0xFFFF, start < 0xFFFF_FFFF else { throw Self.refusal(file, "is a zip64 file; deploy the unpacked folder instead") }
        guard count <= Self.countLimit, size <= Self.directoryLimit, start + size <= length else {
            throw Self.refusal(file, "has a directory that does not fit into it")
        }
        entries = try Self.directory(try Self.bytes(file, at: start, count: size), count: count, of: file)
    }

    /// The last place that looks like the end of the directory and ends with the file.
    private static func end(of tail: [UInt8]) -> Int? {
        guard tail.count >= 22 else { return nil }
        return (0...(tail.count - 22)).reversed().first { at in
            tail[at...].starts(with: [0x50, 0x4B, 5, 6]) && at + 22 + Fields(tail[at...]).short(20) == tail.count
        }
    }

    private static func directory(_ bytes: [UInt8], count: Int, of file: OpenFile) throws(DeployFailure) -> [Entry] {
        var entries: [Entry] = []
        var seen: Set<RelativePath> = []
        var at = 0
        var total = 0
        for _ in 0..<count {
            guard bytes.count - at >= 46, bytes[at...].starts(with: [0x50, 0x4B, 1, 2]) else {
                throw refusal(file, "has a damaged directory")
            }
            let fields = Fields(bytes[at...])
            let nameLength = fields.short(28)
            let next = at + 46 + nameLength + fields.short(30) + fields.short(32)
            guard next <= bytes.count else { throw refusal(file, "has a damaged directory") }
            let entry = try entry(fields, name: Array(bytes[(at + 46)..<(at + 46 + nameLength)]), of: file)
            at = next
            guard let entry else { continue }
            guard seen.insert(entry.place).inserted || entry.kind == .folder else {
                throw refusal(file, "holds \(entry.place.escaped) twice")
            }
            total += entry.size
            guard total <= sizeLimit else { throw refusal(file, "unpacks to more than \(sizeLimit >> 20) MiB") }
            entries.append(entry)
        }
        return entries
    }

    /// nil for the folder itself.
    private static func entry(_ fields: Fields, name: [UInt8], of file: OpenFile) throws(DeployFailure) -> Entry? {
        let isUnix = fields.byte(5) == 3
        // Some programs on Windows write their own separator.
        let name = isUnix ? name : name.map { $0 == UInt8(ascii: "\\") ? UInt8(ascii: "/") : $0 }
        let shown = Escaped.text(name)
        guard fields.short(8) & 1 == 0 else { throw refusal(file, "is encrypted (\(shown))") }
        let isFolder = name.last == UInt8(ascii: "/")
        let path = isFolder ? name.dropLast() : name[...]
        if isFolder, path == [UInt8(ascii: ".")] || path.isEmpty { return nil }
        let clean = path.starts(with: "./".utf8) ? path.dropFirst(2) : path
        guard let place = RelativePath(path: clean) else {
            throw refusal(file, "holds the name \(shown), which leads out of its folder or is none")
        }
        let attributes = UInt32(fields.long(38)) >> 16
        let kind: Entry.Kind
        switch attributes & 0o170000 {
        case _ where isFolder: kind = .folder
        case 0o120000 where isUnix: kind = .link
        case 0o100000, 0: kind = .file
        default: throw refusal(file, "holds \(shown), which is neither a file nor a folder nor a link")
        }
        let method = fields.short(10)
        guard method == 0 || method == 8 else { throw refusal(file, "holds \(shown), packed in a way that is not known (\(method))") }
        let mode = isUnix && attributes & 0o777 != 0 ? attributes & 0o777 : (kind == .folder ? 0o755 : 0o644)
        return Entry(
            place: place, kind: kind, mode: mode, size: kind == .folder ? 0 : fields.long(24), packedSize: fields.long(20),
            isDeflated: method == 8, checksum: UInt32(fields.long(16)), offset: fields.long(42))
    }

    // MARK: Unpacking

    /// Unpacks all into an empty folder, links last: nothing is written through one. Blocks.
    func unpack(into target: Folder) throws(DeployFailure) {
        for entry in entries where entry.kind != .link {
            let folders = entry.kind == .folder ? entry.place : nil
            try makeParents(of: entry.place, in: target)
            if let folders { try DeployFailure.wrap { () throws(FileError) in _ = try target.makeFolder(folders, mode: 0o755) } }
            if entry.kind == .file { try unpack(entry, into: target) }
        }
        for entry in entries where entry.kind == .link {
            guard entry.size <= Self.linkLimit else { throw refusal("holds the link \(entry.place.escaped), which is too long") }
            var says: [UInt8] = []
            try read(entry) { says += $0 }
            guard Self.staysInside(says, at: entry.place) else {
                throw refusal("holds the link \(entry.place.escaped), which leads out of its folder")
            }
            try makeParents(of: entry.place, in: target)
            try DeployFailure.wrap { () throws(FileError) in try target.makeLink(entry.place, to: says) }
        }
    }

    /// Steps up are at the beginning only: behind a name that is a link itself they would lead elsewhere.
    static func staysInside(_ says: [UInt8], at place: RelativePath) -> Bool {
        guard !says.isEmpty, !says.contains(0), says.first != UInt8(ascii: "/") else { return false }
        var parts = says.split(separator: UInt8(ascii: "/")).filter { $0 != [UInt8(ascii: ".")] }[...]
        var depth = place.bytes.count { $0 == UInt8(ascii: "/") }
        let up: ArraySlice<UInt8> = [UInt8(ascii: "."), UInt8(ascii: ".")]
        while parts.first == up {
            parts.removeFirst()
            depth -= 1
        }
        return depth >= 0 && !parts.contains(up)
    }

    private func makeParents(of place: RelativePath, in target: Folder) throws(DeployFailure) {
        var path: RelativePath?
        for part in place.bytes.split(separator: UInt8(ascii: "/")).dropLast() {
            guard let name = FileName(part) else { return }
            let next = path.map { $0 / name } ?? RelativePath(name)
            try DeployFailure.wrap { () throws(FileError) in _ = try target.makeFolder(next, mode: 0o755) }
            path = next
        }
    }

    private func unpack(_ entry: Entry, into target: Folder) throws(DeployFailure) {
        let file = try DeployFailure.wrap { () throws(FileError) in try target.create(entry.place) }
        var failure: FileError?
        try read(entry) { piece in
            do throws(FileError) { if failure == nil { try file.write(piece) } } catch { failure = error }
        }
        if let failure { throw .file(failure) }
        try DeployFailure.wrap { () throws(FileError) in try file.setMode(entry.mode) }
    }

    /// The content, piece by piece: as long as it says, with the checksum that it says.
    private func read(_ entry: Entry, _ take: ([UInt8]) -> Void) throws(DeployFailure) {
        let damaged = refusal("is damaged at \(entry.place.escaped)")
        let head = try Self.bytes(file, at: entry.offset, count: 30)
        guard head.starts(with: [0x50, 0x4B, 3, 4]) else { throw damaged }
        var offset = entry.offset + 30 + Fields(head[...]).short(26) + Fields(head[...]).short(28)
        var rest = entry.packedSize
        let inflater = entry.isDeflated ? Inflater() : nil
        var size = 0
        var checksum: UInt = 0
        while rest > 0, inflater?.isAtEnd != true {
            let piece = try DeployFailure.wrap { () throws(FileError) in try file.read(at: offset, count: min(rest, 64 * 1024)) }
            guard !piece.isEmpty else { throw damaged }
            offset += piece.count
            rest -= piece.count
            let isGood = Inflater.pass(piece, through: inflater) { unpacked in
                size += unpacked.count
                guard size <= entry.size else { return false }
                checksum = crc32(checksum, unpacked, UInt32(unpacked.count))
                take(unpacked)
                return true
            }
            guard isGood else { throw damaged }
        }
        guard size == entry.size, UInt32(truncatingIfNeeded: checksum) == entry.checksum || size == 0 else { throw damaged }
    }

    // MARK: Bytes

    private static func bytes(_ file: OpenFile, at offset: Int, count: Int) throws(DeployFailure) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let piece = try DeployFailure.wrap { () throws(FileError) in
                try file.read(at: offset + bytes.count, count: count - bytes.count)
            }
            guard !piece.isEmpty else { throw refusal(file, "is cut off") }
            bytes += piece
        }
        return bytes
    }

    private func refusal(_ text: String) -> DeployFailure { Self.refusal(file, text) }
    private static func refusal(_ file: OpenFile, _ text: String) -> DeployFailure { .refused("\(file.subject) \(text)") }

    /// Numbers of two and four bytes, the low byte first.
    private struct Fields {
        let bytes: ArraySlice<UInt8>
        init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }
        func byte(_ at: Int) -> Int { Int(bytes[bytes.startIndex + at]) }
        func short(_ at: Int) -> Int { byte(at) | byte(at + 1) << 8 }
        func long(_ at: Int) -> Int { short(at) | short(at + 2) << 16 }
    }
}
