import Glibc
import Testing

/// The tools of a Debian machine, as people use them to put files into folders.
enum Tool {
    static let sftpServer = "/usr/lib/openssh/sftp-server"

    static func isPresent(_ name: String) -> Bool {
        if name.hasPrefix("/") { return access(name, X_OK) == 0 }
        return ["/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"].contains {
            access("\($0)/\(name)", X_OK) == 0
        }
    }

    /// Those of a list that are missing, for the reason of a skipped test.
    static func missing(_ names: [String]) -> [String] { names.filter { !isPresent($0) } }
}
