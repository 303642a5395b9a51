import Glibc

/// Records on their way out: collected, then written with one call.
struct Output {
    private var bytes: [UInt8] = []
    /// Written when this many bytes are collected, though more may follow: the capacity of a pipe.
    private static let limit = 64 * 1024

    init() { bytes.reserveCapacity(Self.limit + 512) }

    var isFull: Bool { bytes.count >= Self.limit }

    mutating func put(_ letter: UInt8, _ number: Int, _ rest: UnsafeRawBufferPointer) {
        begin(letter, number)
        bytes.append(contentsOf: rest)
        bytes.append(0)
    }

    mutating func put(_ letter: UInt8, _ number: Int, _ rest: String = "") {
        begin(letter, number)
        bytes.append(contentsOf: rest.utf8)
        bytes.append(0)
    }

    private mutating func begin(_ letter: UInt8, _ number: Int) {
        bytes.append(letter)
        if number < 10 {
            bytes.append(UInt8(ascii: "0") + UInt8(number))
        } else {
            bytes.append(contentsOf: String(number).utf8)
        }
        bytes.append(UInt8(ascii: "/"))
    }

    /// Waits while the reader is slow: meanwhile the kernel queues events, and says when it can no longer.
    /// Ends the program when there is no reader.
    mutating func flush() {
        var start = 0
        while start < bytes.count {
            let written = bytes.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress! + start, $0.count - start) }
            if written > 0 {
                start += written
            } else if errno != EINTR {
                exit(0)
            }
        }
        bytes.removeAll(keepingCapacity: true)
    }
}
