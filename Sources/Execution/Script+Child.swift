import CLinux
import Glibc

extension Script.Limit {
    var raw: clinux_limit { clinux_limit(resource: number, soft: soft, hard: hard) }

    private var number: Int32 {
        switch resource {
        case .data: Int32(RLIMIT_DATA.rawValue)
        case .cpu: Int32(RLIMIT_CPU.rawValue)
        case .openFiles: Int32(RLIMIT_NOFILE.rawValue)
        case .fileSize: Int32(RLIMIT_FSIZE.rawValue)
        case .processes: Int32(__RLIMIT_NPROC.rawValue)
        }
    }

    /// Whether somebody who is not root may have a child set it: not above this program's own hard limit.
    package var mayBeSet: Bool {
        var own = rlimit()
        return getrlimit(number, &own) == 0 && hard <= own.rlim_max
    }
}

extension Script.Identity? {
    /// Has a start become this identity.
    func become(_ request: inout clinux_start, _ start: (inout clinux_start) -> pid_t) -> pid_t {
        guard let self else { return start(&request) }
        return self.groups.withUnsafeBufferPointer { groups in
            var ids = clinux_ids(user: self.user, group: self.group, groups: groups.baseAddress, group_count: Int32(groups.count))
            return withUnsafePointer(to: &ids) { ids in
                request.ids = ids
                defer { request.ids = nil }
                return start(&request)
            }
        }
    }
}
