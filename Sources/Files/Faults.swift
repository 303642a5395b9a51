import Glibc
import SystemPackage

/// The seam through which tests force any errno at any call, and see what was changed in which order. Exists in debug
/// builds only; a release build calls the kernel and nothing else.
package struct Faults: Sendable {
    /// Asked before each call with the operation and the shown path; a returned errno is the call's answer.
    package var decide: @Sendable (FileOperation, String) -> Errno?
    /// Told of each change, after the kernel has made it.
    package var observe: (@Sendable (FileChange) -> Void)?

    package init(_ decide: @escaping @Sendable (FileOperation, String) -> Errno?) { self.decide = decide }

    /// Forces nothing and only looks on.
    package init(observing observe: @escaping @Sendable (FileChange) -> Void) {
        decide = { _, _ in nil }
        self.observe = observe
    }

    #if DEBUG
        /// The plan in force for this task and those it starts.
        @TaskLocal package static var plan: Faults?
    #endif
}

/// What a call changed on the disk, or made sure of.
package enum FileChange: Sendable {
    /// Opened for writing; `emptied` when what was there is gone.
    case create(Folder, RelativePath, OpenFile, emptied: Bool)
    case write(OpenFile, [UInt8])
    case makeFolder(Folder, RelativePath)
    /// Moved, over whatever had the new name.
    case move(Folder, RelativePath, Folder, RelativePath)
    case link(Folder, RelativePath, Folder, RelativePath)
    case remove(Folder, RelativePath)
    case removeFolder(Folder, RelativePath)
    case sync(OpenFile)
}

/// Makes one call and throws when it answers below zero. Repeats it on EINTR, and for a moment on ESTALE: a file server
/// answers so when another machine has just changed what a name means, and right when it is asked anew
/// (reference/distributed.md §4).
@discardableResult
func call<Number: FixedWidthInteger & SignedInteger>(
    _ operation: FileOperation, _ subject: @autoclosure () -> FileSubject, changes change: @autoclosure () -> FileChange? = nil,
    _ body: () -> Number
) throws(FileError) -> Number {
    var pause = StalePause()
    while true {
        var forced: Errno?
        #if DEBUG
            if let plan = Faults.plan { forced = plan.decide(operation, subject().description) }
        #endif
        let answer = forced == nil ? body() : -1
        if answer >= 0 {
            #if DEBUG
                if let observe = Faults.plan?.observe, let change = change() { observe(change) }
            #endif
            return answer
        }
        let code = forced ?? Errno(rawValue: errno)
        if code == .interrupted || code == .staleNFSFileHandle && pause.isWorthIt() { continue }
        throw FileError(operation, subject(), code)
    }
}

/// 1, 8, 64 ms.
private struct StalePause {
    private var milliseconds: UInt32 = 1

    /// Waits, unless that has been done often enough.
    mutating func isWorthIt() -> Bool {
        guard milliseconds < 100 else { return false }
        usleep(milliseconds * 1000)
        milliseconds *= 8
        return true
    }
}
