// bobbin-watch: tells of changes in folders, as a process of its own around libinotifytools.
//
// A process of its own because the library keeps everything in globals and serves one instance and one thread per
// process, aborts beyond descriptor 1023, and is GPL-2 (design/architecture.md). One thread makes all its calls. It
// waits for commands and events with one poll(2), answers with records (Protocol.swift), and ends with its parent.

import CInotifyTools
import CLinux
import Glibc

/// What ends a command in the making; none is longer than a path and a token.
let commandLimit = 8192

func start() -> Watches {
    var output = Output()
    do throws(Library.Failure) {
        let library = try Library()
        output.put(Letter.ready, 1)
        output.flush()
        return Watches(library, output)
    } catch {
        output.put(Letter.unavailable, 0, "\(error.code)")
        output.flush()
        exit(EX_UNAVAILABLE)
    }
}

func readCommands(into pending: inout [UInt8], buffer: inout [UInt8], watches: inout Watches) {
    let count = buffer.withUnsafeMutableBytes { read(STDIN_FILENO, $0.baseAddress, $0.count) }
    if count < 0, errno == EINTR { return }
    guard count > 0 else { exit(EX_OK) }
    pending += buffer[..<count]
    var rest = pending[...]
    while let end = rest.firstIndex(of: 0) {
        if let command = Command(rest[..<end]) { watches.obey(command) }
        rest = rest[(end + 1)...]
    }
    guard rest.count <= commandLimit else { exit(EX_USAGE) }
    pending = Array(rest)
}

_ = clinux_end_with_parent()
var watches = start()
let library = watches.descriptor
var pending: [UInt8] = []
var buffer = [UInt8](repeating: 0, count: 16 * 1024)
var mayHaveMore = false
var waits = [
    pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0),
    pollfd(fd: library, events: Int16(POLLIN), revents: 0),
    // Asked for nothing: a broken pipe is reported anyway.
    pollfd(fd: STDOUT_FILENO, events: 0, revents: 0),
]
while !watches.needsFreshStart {
    let ready = poll(&waits, nfds_t(waits.count), mayHaveMore ? 0 : -1)
    if ready < 0, errno != EINTR { exit(EX_OSERR) }
    if ready < 0 { continue }
    if waits[2].revents != 0 { exit(EX_OK) }
    if waits[0].revents != 0 { readCommands(into: &pending, buffer: &buffer, watches: &watches) }
    if waits[1].revents != 0 || mayHaveMore { mayHaveMore = watches.drain() }
    watches.output.flush()
}
exit(EX_TEMPFAIL)
