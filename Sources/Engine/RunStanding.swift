import Documents
import Execution
import Glibc
import Hosting

/// As whom and within which limits a job's scripts run, in the words of Execution; refuses what cannot be honoured.
struct RunStanding {
    /// nil = as this program.
    let identity: Script.Identity?
    let limits: [Script.Limit]
    /// HOME, USER and LOGNAME of another user.
    let environment: [[UInt8]]

    struct Refusal: Error, CustomStringConvertible { let description: String }

    init(_ settings: JobSettings, isRoot: Bool = geteuid() == 0) throws {
        let account = try Account.of(settings)
        let isOther = account.map { $0.user != geteuid() || settings.group != nil && $0.group != getegid() } ?? false
        guard isRoot || !isOther else {
            throw Refusal(
                description:
                    "\(settings.user == nil ? "group" : "user"): only root may run scripts as somebody else; run bobbin as root, or as that user, or remove the setting"
            )
        }
        identity = isOther ? account.map { Script.Identity(user: $0.user, group: $0.group, groups: $0.groups) } : nil
        environment =
            identity == nil
            ? []
            : [("HOME", account?.home), ("USER", account?.name), ("LOGNAME", account?.name)].compactMap { name, value in
                value.map { Array("\(name)=\($0)".utf8) }
            }
        if settings.limits.processes != nil, (identity?.user ?? geteuid()) == 0 {
            throw Refusal(description: "limits.processes: the kernel does not hold root to it; give the job a \"user\"")
        }
        limits = try Self.limits(settings.limits, isRoot: isRoot)
    }

    private static func limits(_ limits: ResourceLimits, isRoot: Bool) throws -> [Script.Limit] {
        var all: [Script.Limit] = []
        func add(_ name: String, _ resource: Script.Limit.Resource, _ value: UInt64?, hard: UInt64? = nil) throws {
            guard let value else { return }
            let limit = Script.Limit(resource, soft: value, hard: hard ?? value)
            guard isRoot || limit.mayBeSet else {
                throw Refusal(
                    description:
                        "limits.\(name): \(value) is more than bobbin itself may have; raise its own limit (LimitXXX= of its service), or ask for less"
                )
            }
            all.append(limit)
        }
        try add("memory", .data, limits.memory)
        // SIGXCPU first, so that a script can say so; SIGKILL five seconds of processor time later.
        let seconds = limits.cpu.map { UInt64($0.seconds.rounded(.up)) }
        try add("cpu", .cpu, seconds, hard: seconds.map { $0 + 5 })
        try add("open_files", .openFiles, limits.openFiles)
        try add("file_size", .fileSize, limits.fileSize)
        try add("processes", .processes, limits.processes)
        return all
    }
}
