// What bobbin-watch reads and writes.
//
// Both directions carry records that end with a NUL byte and have one form:
//
//     LETTER NUMBER "/" REST NUL
//
// LETTER is one ASCII letter or sign, NUMBER is decimal (a token, chosen by whoever sends the commands, or 0), REST is
// any bytes but NUL. A file name cannot hold "/" or NUL, and a path cannot hold NUL, so nothing needs escaping.
//
// Commands, on standard input:
//
//     +TOKEN/PATH        watch the folder at PATH (the "/" is the separator: +7//spool/in watches /spool/in)
//     *TOKEN/PATH        the same, and tell by B of what is removed, renamed away or hidden there
//     -TOKEN/            stop watching it
//
// Records, on standard output:
//
//     R1/                ready; the number is the version of this protocol
//     +TOKEN/DEVICE.INODE  the watch is in force, on the folder with this device and inode number (decimal)
//     !TOKEN/ERRNO       the folder cannot be watched (ENOSPC: the user's watches are used up)
//     MTOKEN/NAME        moved in under this name
//     WTOKEN/NAME        closed after it was open for writing
//     CTOKEN/NAME        created (also a link, a folder, a pipe)
//     ATOKEN/NAME        attributes changed (mode, owner, times, links)
//     BTOKEN/            something else changed, where that was asked for
//     DTOKEN/            the folder was deleted; it is not watched any more, as after V, U and X
//     VTOKEN/            the folder was moved elsewhere
//     UTOKEN/            its file system was unmounted
//     XTOKEN/            the kernel dropped the watch for another reason
//     O0/                the kernel's queue overflowed: events of any folder may be missing
//     E0/ERRNO           events cannot be had at all (EMFILE: the user's inotify instances are used up); it then ends
//
// Names that begin with a dot are never items and are not reported, except those of probes, `.bobbin-probe-…`.
// The program ends when standard input ends or standard output breaks. Exit codes: 0 asked to end, 69 (EX_UNAVAILABLE)
// no events to be had, 75 (EX_TEMPFAIL) it wants to be started anew.

/// The letters of records.
enum Letter {
    static let ready = UInt8(ascii: "R")
    static let inForce = UInt8(ascii: "+")
    static let refused = UInt8(ascii: "!")
    static let movedIn = UInt8(ascii: "M")
    static let closed = UInt8(ascii: "W")
    static let created = UInt8(ascii: "C")
    static let touched = UInt8(ascii: "A")
    static let changed = UInt8(ascii: "B")
    static let deleted = UInt8(ascii: "D")
    static let movedAway = UInt8(ascii: "V")
    static let unmounted = UInt8(ascii: "U")
    static let dropped = UInt8(ascii: "X")
    static let overflow = UInt8(ascii: "O")
    static let unavailable = UInt8(ascii: "E")
}

/// A command as it was read.
enum Command {
    case watch(token: Int, path: [UInt8], isWhole: Bool)
    case stop(token: Int)

    /// Nil when the bytes (without the NUL) are no command; whoever sent them is not the Bobbin we know.
    init?(_ bytes: ArraySlice<UInt8>) {
        guard let letter = bytes.first, let separator = bytes.firstIndex(of: UInt8(ascii: "/")) else { return nil }
        let digits = bytes[(bytes.startIndex + 1)..<separator]
        guard let token = Int(String(decoding: digits, as: UTF8.self)), token >= 0 else { return nil }
        switch letter {
        case UInt8(ascii: "+"), UInt8(ascii: "*"):
            self = .watch(token: token, path: Array(bytes[(separator + 1)...]), isWhole: letter == UInt8(ascii: "*"))
        case UInt8(ascii: "-"): self = .stop(token: token)
        default: return nil
        }
    }
}
