/// The kind of file system a folder lives on, as far as Bobbin's promises depend on it.
package enum FileSystem: Sendable, Equatable {
    /// A local file system: events, leases and locks tell the truth.
    case local
    /// Changes made elsewhere give no events here, a lease sees no remote writer, and `flock` needs a descriptor open
    /// for writing (reference/distributed.md §4). The value is the name for messages.
    case network(String)

    init(magic: Int64) {
        // Numbers of statfs(2) and linux/magic.h.
        self =
            switch magic {
            case 0x6969: .network("NFS")
            case 0xFF53_4D42, 0xFE53_4D42, 0x517B: .network("SMB")
            case 0x6573_5546: .network("FUSE")
            case 0x0102_1997: .network("9p")
            case 0x00C3_6400: .network("Ceph")
            case 0x5346_414F: .network("AFS")
            default: .local
            }
    }

    package var isNetwork: Bool { self != .local }
}
