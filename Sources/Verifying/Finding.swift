import Documents
import Files
import Spool

/// Something that does not hold, or does not hold yet.
package struct Finding: Sendable, Equatable {
    package enum Level: String, Sendable {
        /// A promise is broken.
        case violation
        /// Left by a crash, as it may be until an orchestrator has started again.
        case due
    }

    package let invariant: Invariant
    package let level: Level
    /// A machine-readable word, the same at every look.
    package let problem: String
    package let queue: FileName?
    package let item: ItemID?
    /// As it may be shown.
    package let path: String
    package let message: String
    /// What to do about it.
    package let mend: String

    /// The same accusation at another look, wherever the item lies by then.
    struct Identity: Hashable {
        let invariant: Invariant
        let problem: String
        let queue: FileName?
        let item: ItemID?
        let path: String?
    }

    var identity: Identity {
        Identity(invariant: invariant, problem: problem, queue: queue, item: item, path: item == nil ? path : nil)
    }

    package var json: JSON {
        [
            "invariant": .string(invariant.rawValue), "level": .string(level.rawValue), "problem": .string(problem),
            "queue": JSON(queue?.escaped), "item": JSON(item?.description), "path": .string(path), "message": .string(message),
            "mend": .string(mend),
        ]
    }

    package var text: String { "\(invariant.rawValue) \(level.rawValue): \(path): \(message)" }
}
