import CLinux
import Glibc

/// File systems that are not local in the eyes of Bobbin, made of a folder: no events from elsewhere, no
/// RENAME_NOREPLACE, and each with something of its own.
enum Fuse: String, CaseIterable, Sendable {
    /// Hard links like those of the folder behind it.
    case bindfs
    /// A second hard link has an inode of its own; times are whole seconds.
    case sshfs
    case sshfsWithoutLinks

    /// A line of bash that mounts it. sshfs talks to a server of its own through a pipe.
    func line(from back: Path, to place: Path) -> String {
        let server = Path(back.bytes + Array("-server".utf8))
        let script = "printf '#!/bin/sh\\nexec \(Tool.sftpServer)\\n' > \(server.quoted); chmod +x \(server.quoted); "
        let sshfs = "sshfs -o ssh_command=\(server.quoted),allow_other none:\(back.quoted) \(place.quoted)"
        return switch self {
        case .bindfs: "bindfs -o allow_other \(back.quoted) \(place.quoted)"
        case .sshfs: script + sshfs
        case .sshfsWithoutLinks: script + sshfs + " -o disable_hardlink"
        }
    }

    static func unmount(_ place: Path) { run("umount -l \(place.quoted)") }

    /// Why nothing can be mounted here; nil when it can, which is tried once.
    static let obstacle: String? = {
        let missing = Tool.missing(["bindfs", "sshfs", Tool.sftpServer])
        if !missing.isEmpty { return "missing: \(missing.joined(separator: ", ")) (Scripts/setup test)" }
        if geteuid() != 0 { return "only root mounts for other users" }
        if access("/dev/fuse", R_OK | W_OK) != 0 { return "there is no /dev/fuse here" }
        let place = Path("/tmp/bobbin-e2e-fuse-\(getpid())")
        place.makeFolder()
        defer { place.removeTree() }
        let back = place / "back"
        let mount = place / "mount"
        for folder in [back, mount] { folder.makeFolder() }
        defer { unmount(mount) }
        return run(Fuse.bindfs.line(from: back, to: mount)) == 0 ? nil : "FUSE cannot be mounted here (no CAP_SYS_ADMIN?)"
    }()

    /// Runs a line and waits for it: for the short, and where nothing may be awaited.
    @discardableResult
    private static func run(_ line: String) -> Int32 {
        let quiet = Path("/dev/null")
        guard let program = try? Program(["/bin/sh", "-c", line], output: quiet, error: quiet) else { return -1 }
        while program.isRunning { usleep(2000) }
        return program.ending ?? -1
    }
}
