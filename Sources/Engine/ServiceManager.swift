import Glibc

/// The service manager that has started this program, systemd or one that speaks its protocol (sd_notify(3)).
package struct ServiceManager: Sendable {
    /// A sockaddr_un(7): the family, then the path, or a zero byte and an abstract name.
    private let address: [UInt8]
    /// It wants a sign of life at least so often; nil = none.
    let watchdogTime: Duration?

    /// The one that the environment names, and nil when there is none. Forgotten there: nothing that is started, and no
    /// setting that asks for a variable, is to speak for this program. To be called before the program starts a thread.
    package static func leave(notice: (String) -> Void) -> ServiceManager? {
        let names = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]
        let values = names.map { name in getenv(name).map { String(cString: $0) } }
        for name in names { unsetenv(name) }
        guard let socket = values[0] else { return nil }
        let manager = ServiceManager(socket: socket, watchdog: values[1], for: values[2], process: getpid())
        if manager == nil { notice("NOTIFY_SOCKET is \(socket), which is no path and no abstract name; nobody is told how it goes") }
        return manager
    }

    /// - Parameters:
    ///   - socket: an absolute path, or `@` and an abstract name; other kinds (vsock) cannot be used.
    ///   - watchdog: microseconds. Meant for `process` when `for` names it or nobody.
    init?(socket: String, watchdog: String? = nil, for owner: String? = nil, process: pid_t) {
        var path = Array(socket.utf8)
        guard path.count > 1, path.count < 108, path[0] == UInt8(ascii: "/") || path[0] == UInt8(ascii: "@") else { return nil }
        if path[0] == UInt8(ascii: "@") { path[0] = 0 } else { path.append(0) }
        address = withUnsafeBytes(of: sa_family_t(AF_UNIX)) { Array($0) } + path
        let isMeant = owner.map { $0 == String(process) } ?? true
        watchdogTime = isMeant ? watchdog.flatMap { Int64($0) }.flatMap { $0 > 0 ? .microseconds($0) : nil } : nil
    }

    /// Tells it something, all in one message. What it does not take within a second it is not told.
    func tell(_ assignments: String...) {
        let message = Array(assignments.joined(separator: "\n").utf8)
        let socket = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { return }
        defer { close(socket) }
        var patience = timeval(tv_sec: 1, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        address.withUnsafeBytes { address in
            let target = address.assumingMemoryBound(to: sockaddr.self).baseAddress
            _ = sendto(socket, message, message.count, Int32(MSG_NOSIGNAL), target, socklen_t(address.count))
        }
    }
}
