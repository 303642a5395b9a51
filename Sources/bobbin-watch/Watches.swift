import CInotifyTools
import Glibc

/// Which token stands for which watch, and what becomes of events and commands.
struct Watches {
    private var library: Library
    private var tokens: [Int32: [Int]] = [:]
    private var watches: [Int: Int32] = [:]
    /// Tokens for which all changes count.
    private var whole: Set<Int> = []
    private var parents = Parents()
    var output: Output

    /// What the library keeps of dropped watches adds up; at this number a fresh start is due.
    private static let remainsLimit = 10_000
    /// Events handled before commands are looked at again.
    private static let eventsPerRound = 8192
    private static let probePrefix: StaticString = ".bobbin-probe-"

    init(_ library: Library, _ output: Output) {
        self.library = library
        self.output = output
    }

    /// Readable when events are waiting.
    var descriptor: Int32 { library.descriptor }
    var needsFreshStart: Bool { library.remains > Self.remainsLimit }

    // MARK: Commands

    mutating func obey(_ command: Command) {
        switch command {
        case .watch(let token, let path, let isWhole): watch(token, path, isWhole)
        case .stop(let token): stop(token)
        }
    }

    private mutating func watch(_ token: Int, _ path: [UInt8], _ isWhole: Bool) {
        do throws(Library.Failure) {
            let (number, device, inode) = try library.watch(path + [0], isWhole ? .everything : .content)
            if tokens[number] != nil { library.noteRemains() }
            if watches[token] != number {
                stop(token)
                watches[token] = number
                tokens[number, default: []].append(token)
            }
            if isWhole { whole.insert(token) }
            watchParent(of: path, token)
            output.put(Letter.inForce, token, "\(device).\(inode)")
        } catch {
            output.put(Letter.refused, token, "\(error.code)")
        }
    }

    /// A folder that is removed while a program holds it open tells nothing until that program closes it, and the
    /// one we work for does hold it open. Its parent tells at once. Without that watch the slow rescan finds it.
    private mutating func watchParent(of path: [UInt8], _ token: Int) {
        guard let (folder, name) = Parents.split(path) else { return }
        if let number = parents.watch(of: folder) {
            parents.add(token, name, number)
        } else if let (number, _, _) = try? library.watch(folder + [0], .parent) {
            if tokens[number] != nil || parents.isKnown(number) { library.noteRemains() }
            parents.add(token, name, number, at: folder)
        }
    }

    private mutating func stop(_ token: Int) {
        whole.remove(token)
        if let parent = parents.remove(token), tokens[parent] == nil { library.stop(parent) }
        guard let number = watches.removeValue(forKey: token) else { return }
        tokens[number]?.removeAll { $0 == token }
        if tokens[number]?.isEmpty == true {
            tokens[number] = nil
            if !parents.isKnown(number) { library.stop(number) }
        }
    }

    // MARK: Events

    /// Turns waiting events into records; true when some may still be waiting, also in the library's own buffer.
    mutating func drain() -> Bool {
        for _ in 0..<Self.eventsPerRound {
            guard let event = library.next() else { return false }
            handle(event)
            if output.isFull { output.flush() }
        }
        return true
    }

    private mutating func handle(_ event: UnsafeMutablePointer<inotify_event>) {
        let mask = event.pointee.mask
        func has(_ bit: Int32) -> Bool { mask & UInt32(bit) != 0 }
        // Overflow first: it belongs to no watch and has no name.
        if has(IN_Q_OVERFLOW) { return output.put(Letter.overflow, 0) }
        let number = event.pointee.wd
        let concerned = tokens[number] ?? []
        if has(IN_MOVED_TO) { return report(Letter.movedIn, event, to: concerned) }
        if has(IN_CLOSE_WRITE) { return report(Letter.closed, event, to: concerned) }
        if has(IN_CREATE) { return report(Letter.created, event, to: concerned) }
        if has(IN_ATTRIB) { return report(Letter.touched, event, to: concerned) }
        if has(IN_DELETE) || has(IN_MOVED_FROM) { noteChange(concerned) }
        if has(IN_MOVED_FROM) { return }
        if has(IN_DELETE) { return lose(parents.tokens(of: event.name, in: number), Letter.deleted) }
        guard !concerned.isEmpty || parents.isKnown(number) else { return }
        if has(IN_MOVE_SELF) {
            // The watch follows the folder to its new place, where nothing of it is wanted.
            library.stop(number)
            forget(number, Letter.movedAway)
        } else if has(IN_UNMOUNT) || has(IN_DELETE_SELF) || has(IN_IGNORED) {
            library.noteRemains()
            forget(number, has(IN_UNMOUNT) ? Letter.unmounted : has(IN_DELETE_SELF) ? Letter.deleted : Letter.dropped)
        }
    }

    private mutating func report(_ letter: UInt8, _ event: UnsafeMutablePointer<inotify_event>, to concerned: [Int]) {
        let name = event.name
        guard !name.isEmpty else { return }
        if name.first == UInt8(ascii: "."), !Self.probePrefix.withUTF8Buffer({ name.starts(with: $0) }) { return noteChange(concerned) }
        for token in concerned { output.put(letter, token, name) }
    }

    private mutating func noteChange(_ concerned: [Int]) {
        for token in concerned where whole.contains(token) { output.put(Letter.changed, token) }
    }

    /// The watch is gone, and with it all that it served.
    private mutating func forget(_ number: Int32, _ letter: UInt8) {
        let served = (tokens.removeValue(forKey: number) ?? [], parents.forget(number))
        for token in served.0 { watches[token] = nil }
        lose(served.0 + served.1.filter { !served.0.contains($0) }, letter)
    }

    private mutating func lose(_ gone: [Int], _ letter: UInt8) {
        for token in gone {
            stop(token)
            output.put(letter, token)
        }
    }
}

extension UnsafeMutablePointer<inotify_event> {
    /// Empty when the event is about the folder itself. The name follows the fixed part, which is all that Swift sees,
    /// and is padded with NULs.
    fileprivate var name: UnsafeRawBufferPointer {
        let start = UnsafeRawPointer(self) + MemoryLayout<inotify_event>.size
        let size = strnlen(start.assumingMemoryBound(to: CChar.self), Int(pointee.len))
        return UnsafeRawBufferPointer(start: start, count: size)
    }
}
