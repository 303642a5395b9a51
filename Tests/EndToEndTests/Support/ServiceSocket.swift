import Glibc
import Testing

/// The end of sd_notify(3) that systemd holds: a socket that a program is to tell how it goes.
final class ServiceSocket: @unchecked Sendable {
    /// What `NOTIFY_SOCKET` is.
    let name: String
    private let descriptor: Int32
    /// Messages as they came: lines, and when.
    private(set) var messages: [(lines: [String], at: Double)] = []

    /// - Parameter name: an absolute path, or `@` and an abstract name.
    init(_ name: String) throws {
        self.name = name
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var path = Array(name.utf8)
        if path.first == UInt8(ascii: "@") { path[0] = 0 } else { path.append(0) }
        let address = withUnsafeBytes(of: sa_family_t(AF_UNIX)) { Array($0) } + path
        let bound = address.withUnsafeBytes {
            bind(descriptor, $0.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t($0.count))
        }
        try #require(bound == 0, "cannot bind \(name): errno \(errno)")
    }

    deinit { close(descriptor) }

    private func receive() {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT)), count >= 0 {
            var now = timespec()
            clock_gettime(CLOCK_MONOTONIC, &now)
            let lines = String(decoding: buffer[..<count], as: UTF8.self).split(separator: "\n").map(String.init)
            messages.append((lines, Double(now.tv_sec) + Double(now.tv_nsec) / 1e9))
        }
    }

    /// All lines that have come.
    var lines: [String] {
        receive()
        return messages.flatMap(\.lines)
    }

    /// Values of one variable, in order.
    func values(_ variable: String) -> [String] {
        lines.filter { $0.hasPrefix(variable + "=") }.map { String($0.dropFirst(variable.utf8.count + 1)) }
    }

    func wait(for line: String, within limit: Duration = usualLimit, times: Int = 1) async throws {
        try await EndToEndTests.wait(for: line, within: limit, details: { "\(self.lines)" }) {
            self.lines.count { $0 == line } >= times
        }
    }
}
