import Files
import Glibc

extension WatchMachine {
    /// A record of bobbin-watch; nil stands for bytes that are none.
    mutating func handle(_ record: WatchRecord?, _ now: Duration) {
        guard let record else { return distrust(now) }
        let token = WatchToken(number: record.number)
        switch record.letter {
        case .movedIn: name(token, record, now) { .movedIn($0) }
        case .closed: name(token, record, now) { .closed($0) }
        case .created: name(token, record, now) { .created($0) }
        case .touched: name(token, record, now) { .touched($0) }
        case .changed: if folders[token] != nil { tell(token, .changed, now) }
        case .inForce: inForce(token, record, now)
        case .refused: refused(token, record, now)
        case .deleted, .movedAway, .dropped: lost(token, .replaced, now)
        case .unmounted: lost(token, .unmounted, now)
        case .overflow: overflowed(now)
        case .ready: record.number == 1 ? ready(now) : distrust(now)
        case .unavailable: unavailable(record)
        }
    }

    private mutating func name(
        _ token: WatchToken, _ record: WatchRecord, _ now: Duration, _ kind: (FileName) -> FolderChange.Kind
    ) {
        guard folders[token] != nil else { return }
        if record.rest.first == UInt8(ascii: ".") { return probeArrived(token, record.rest, now) }
        guard let name = FileName(record.rest) else { return distrust(now) }
        tell(token, kind(name), now)
    }

    private mutating func inForce(_ token: WatchToken, _ record: WatchRecord, _ now: Duration) {
        // Removed in the meantime: the command to stop is on its way.
        guard let folder = folders[token] else { return }
        guard let numbers = record.numbers, numbers.count == 2 else { return distrust(now) }
        let identity = Identity(device: numbers[0], inode: numbers[1])
        switch folder.state {
        case .arming: break
        case .events, .silent:
            // Asked again after an overflow, which may have hidden that the folder was replaced.
            if identity == folder.identity { return }
            tell(token, .lost(.replaced), now)
        case .examining, .unarmed, .polling, .missing:
            // An answer to a command that was overtaken by a loss; the next command will be answered too.
            return
        }
        folders[token]?.identity = identity
        folders[token]?.pause = nil
        if proofs[identity.device] == .silent {
            enter(.silent, token, now)
            tell(token, .lost(.polling), now)
        } else {
            enter(.events, token, now)
            tell(token, .lost(.started), now)
            proveIfNeeded(token, now)
        }
    }

    private mutating func refused(_ token: WatchToken, _ record: WatchRecord, _ now: Duration) {
        guard let folder = folders[token] else { return }
        guard let numbers = record.numbers, numbers.count == 1, let code = Int32(exactly: numbers[0]) else {
            return distrust(now)
        }
        guard folder.state == .arming || folder.isArmed else { return }
        folders[token]?.identity = nil
        switch code {
        case ENOSPC: poll(token, .watchLimit, now)
        case ENOMEM: poll(token, .noMemory, now)
        default: miss(token, "could not watch \(folder.path.escaped): \(Notices.text(errno: code))", isNew: true, now)
        }
    }

    private mutating func lost(_ token: WatchToken, _ reason: LostReason, _ now: Duration) {
        guard let folder = folders[token], folder.isArmed || folder.state == .arming else { return }
        wentAway(token, reason, now)
    }

    /// Events of any folder may be missing, also that a folder went away: each is told, and watched again.
    private mutating func overflowed(_ now: Duration) {
        health.overflows += 1
        notice(about: "overflow", Notices.overflow)
        for (token, folder) in folders.sorted(by: { $0.key < $1.key }) where folder.isArmed {
            tell(token, .lost(.overflow), now)
            actions.append(.command(.watch(token, path: folder.path.bytes, isWhole: folder.isWhole)))
        }
        repeatProbes(now)
    }

    private mutating func unavailable(_ record: WatchRecord) {
        let code = record.numbers?.first.flatMap { Int32(exactly: $0) } ?? EIO
        notice(about: "unavailable", Notices.unavailable(code, settings))
    }
}
