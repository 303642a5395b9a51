import Files
import SystemPackage

/// A snapshot of a job's folder that runs are started from. It stays on the disk for as long as anybody, in this program
/// or in another on the same root, has one of these: each holds a share of the lock on the snapshot's folder, which is
/// inherited by no process.
package final class Deployment: Sendable, Equatable {
    /// The hash of what is in it, in hexadecimal; with a number behind it when an earlier copy of the same was changed.
    package let id: String
    package let folder: Folder

    init(id: String, folder: Folder) {
        self.id = id
        self.folder = folder
    }

    package static func == (left: Deployment, right: Deployment) -> Bool { left === right }

    package var path: FilePath { folder.path }

    /// What people are shown where room is short.
    package var shortID: String { Self.short(id) }

    package static func short(_ id: String) -> String {
        let parts = id.split(separator: ".", maxSplits: 1)
        return parts.count == 2 ? "\(parts[0].prefix(12)).\(parts[1])" : String(id.prefix(12))
    }

    /// Hexadecimal digits of the hash that are used: 128 bits.
    static let idLength = 32

    /// Whether a name is that of a snapshot.
    static func isID(_ name: FileName) -> Bool {
        func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
        let hash = name.bytes.prefix(idLength)
        guard hash.count == idLength, hash.allSatisfy({ isDigit($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0) }) else {
            return false
        }
        let number = name.bytes.dropFirst(idLength)
        return number.isEmpty || (number.first == UInt8(ascii: ".") && number.count > 1 && number.dropFirst().allSatisfy(isDigit))
    }
}
