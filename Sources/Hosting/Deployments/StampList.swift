import Documents
import Files

/// Files as they were when their content was known: a file that still has its stamp still has its content.
///
/// Two of them are kept for each job: `stamps`, of the job's folder, so that a file that has not changed is not read
/// again; and `HASH.seal`, of a snapshot, so that it shows when somebody changed what was deployed.
struct StampList: Equatable {
    struct Line: Equatable {
        let device: UInt64
        let inode: UInt64
        let size: UInt64
        let modified: Int64
        let changed: Int64
        let digest: [UInt8]

        init(_ stamp: Stamp, digest: [UInt8]) {
            device = stamp.device
            inode = stamp.inode
            size = stamp.size
            modified = stamp.modified.nanoseconds
            changed = stamp.changed.nanoseconds
            self.digest = digest
        }

        func matches(_ stamp: Stamp) -> Bool { self == Line(stamp, digest: digest) }
    }

    /// The start of the machine in which it was written: what was not on the disk before the next one may be lost.
    var boot: String
    var lines: [RelativePath: Line] = [:]

    private static let head = "bobbin-stamps-1 "

    init(boot: String = BootID.current ?? "") { self.boot = boot }

    /// A line is numbers in text, the digest and the path in bytes, and NUL, which neither numbers nor paths contain.
    var bytes: [UInt8] {
        var bytes = Array("\(Self.head)\(boot)\0".utf8)
        bytes.reserveCapacity(bytes.count + lines.count * 160)
        for (place, line) in lines {
            let numbers = "\(line.device) \(line.inode) \(line.size) \(line.modified) \(line.changed) "
            bytes += numbers.utf8
            bytes += ContentHash.hexadecimal(line.digest).utf8
            bytes.append(UInt8(ascii: " "))
            bytes += place.bytes
            bytes.append(0)
        }
        return bytes
    }

    /// nil when it was damaged: then nothing is known.
    init?(_ bytes: [UInt8]) {
        guard bytes.last == 0 else { return nil }
        var records = bytes.dropLast().split(separator: 0, omittingEmptySubsequences: false)[...]
        guard let first = records.popFirst(), first.starts(with: Self.head.utf8) else { return nil }
        boot = String(decoding: first.dropFirst(Self.head.utf8.count), as: UTF8.self)
        for record in records {
            let fields = record.split(separator: UInt8(ascii: " "), maxSplits: 6, omittingEmptySubsequences: false)
            guard fields.count == 7, let place = RelativePath(path: fields[6]), let line = Line(fields) else { return nil }
            lines[place] = line
        }
    }
}

extension StampList.Line {
    fileprivate init?(_ fields: [ArraySlice<UInt8>]) {
        func number<Number: FixedWidthInteger>(_ index: Int) -> Number? { Number(String(decoding: fields[index], as: UTF8.self)) }
        guard let device: UInt64 = number(0), let inode: UInt64 = number(1), let size: UInt64 = number(2),
            let modified: Int64 = number(3), let changed: Int64 = number(4), fields[5].count == 64
        else { return nil }
        self.device = device
        self.inode = inode
        self.size = size
        self.modified = modified
        self.changed = changed
        var digest: [UInt8] = []
        var rest = fields[5]
        while let high = rest.popFirst(), let low = rest.popFirst() {
            guard let byte = UInt8(String(decoding: [high, low], as: UTF8.self), radix: 16) else { return nil }
            digest.append(byte)
        }
        self.digest = digest
    }
}
