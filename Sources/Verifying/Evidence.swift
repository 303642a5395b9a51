import Files
import Spool
import SystemPackage

/// What is known besides the root. All of it is optional; the more there is, the more can be judged.
package struct Evidence: Sendable {
    package var ledger: Ledger?
    package var runs: RunLog?
    package var finals: Finals?
    /// Nobody has given orders (retry, cancel), moved files by hand or changed settings: an early start has no excuse.
    package var isUntouched = false
    /// The orchestrators have ended in good order: what is left over is a fault, not work to do.
    package var isSettled = false
    /// The rules of each queue, from the settings of its job as they are now.
    package var rules: [FileName: QueueRules] = [:]
    /// Further folders that a queue takes files from (setting `inbox`).
    package var inboxes: [FileName: [FilePath]] = [:]

    package init() {}
}
