import Documents
import Engine
import Files
import Spool
struct HistoryKeeper: TransitionRecorder {
    init(layout: Layout) throws {}
    func record(_ transition: Transition) {}
    func prune(_ ages: [(queue: FileName, age: Duration?)]) async {}
    func flush() async {}
}
