import SystemPackage

/// Which start of the machine this is: what was not synced before another one may be lost.
package enum BootID {
    /// nil where /proc does not tell.
    package static var current: String? {
        guard let bytes = try? Folder.open("/proc/sys/kernel/random").read(RelativePath("boot_id"), limit: 64) else { return nil }
        return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }
}
