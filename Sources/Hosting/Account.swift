import Glibc

/// Whom a script runs as: settings `user` and `group`, looked up in the system's databases.
package struct Account: Sendable, Equatable {
    package var user: UInt32
    package var group: UInt32
    /// All groups, the one above among them.
    package var groups: [UInt32]
    /// For `USER` and `LOGNAME`; nil when only a group was given.
    package var name: String?
    /// For `HOME`.
    package var home: String?

    /// What cannot be honoured, and what to do.
    package struct Refusal: Error, Equatable, CustomStringConvertible {
        package let description: String
    }

    /// - Returns: nil when the settings name nobody.
    package static func of(_ settings: JobSettings) throws(Refusal) -> Account? {
        guard settings.user != nil || settings.group != nil else { return nil }
        let group = try settings.group.map { (text) throws(Refusal) in try groupNumber(text) }
        guard let user = settings.user else {
            let group = group ?? getegid()
            return Account(user: geteuid(), group: group, groups: [group])
        }
        guard let entry = entry(of: user) else {
            guard let number = UInt32(user) else {
                throw Refusal(description: "user: there is no user \"\(user)\"; create it (adduser --system \(user)), or name another")
            }
            guard let group else {
                throw Refusal(description: "user: \(number) has no entry in the system's users; give \"group\" too, or a user that has one")
            }
            return Account(user: number, group: group, groups: [group], name: user, home: "/")
        }
        let own = group ?? entry.group
        return Account(user: entry.user, group: own, groups: groups(of: entry.name, with: own), name: entry.name, home: entry.home)
    }

    /// What is wrong with the names; whether we may become these, only the orchestrator knows.
    static func problem(_ settings: JobSettings) -> String? {
        do throws(Refusal) {
            _ = try of(settings)
            return nil
        } catch {
            return error.description
        }
    }

    private static func entry(of user: String) -> (name: String, user: UInt32, group: UInt32, home: String)? {
        withBuffer { buffer in
            var entry = passwd()
            var found: UnsafeMutablePointer<passwd>?
            if let number = UInt32(user) {
                getpwuid_r(number, &entry, buffer.baseAddress!, buffer.count, &found)
            } else {
                getpwnam_r(user, &entry, buffer.baseAddress!, buffer.count, &found)
            }
            guard let found = found?.pointee, let name = found.pw_name, let home = found.pw_dir else { return nil }
            return (String(cString: name), found.pw_uid, found.pw_gid, String(cString: home))
        }
    }

    private static func groupNumber(_ text: String) throws(Refusal) -> UInt32 {
        if let number = UInt32(text) { return number }
        let number: UInt32? = withBuffer { buffer in
            var entry = Glibc.group()
            var found: UnsafeMutablePointer<Glibc.group>?
            getgrnam_r(text, &entry, buffer.baseAddress!, buffer.count, &found)
            return found?.pointee.gr_gid
        }
        guard let number else {
            throw Refusal(description: "group: there is no group \"\(text)\"; create it (addgroup --system \(text)), or name another")
        }
        return number
    }

    private static func groups(of user: String, with own: UInt32) -> [UInt32] {
        var groups = [gid_t](repeating: 0, count: 1024)
        var count = Int32(groups.count)
        return getgrouplist(user, own, &groups, &count) < 0 ? [own] : Array(groups.prefix(Int(count)))
    }

    private static func withBuffer<Result>(_ body: (UnsafeMutableBufferPointer<CChar>) -> Result) -> Result {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64 * 1024, body)
    }
}
