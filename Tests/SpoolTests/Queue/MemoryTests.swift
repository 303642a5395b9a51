import Documents
import Files
import Testing

@testable import Spool

@Suite struct InboxTests {
    private func key(_ number: Int) -> Inbox.Key { Inbox.Key(folder: 0, name: FileName("f\(number)")!) }
    private let settle = Duration.milliseconds(100)

    @Test func movedIn_standsInLineInOrder() {
        var inbox = Inbox()
        for number in [3, 1, 2] { inbox.note(key(number), .movedIn, at: .zero, settle: settle) }
        #expect([inbox.next(), inbox.next(), inbox.next()].map { $0?.key } == [key(3), key(1), key(2)])
        #expect(inbox.next() == nil)
    }

    @Test func duplicates_standInLineOnce() {
        var inbox = Inbox()
        for _ in 0..<5 { inbox.note(key(1), .movedIn, at: .zero, settle: settle) }
        #expect(inbox.count == 1)
        #expect(inbox.next() != nil)
        #expect(inbox.next() == nil)
    }

    @Test func eventWhileSettling_restartsTheClock() {
        var inbox = Inbox()
        inbox.note(key(1), .closed, at: .zero, settle: settle)
        #expect(inbox.nextDue == settle)
        inbox.note(key(1), .closed, at: .milliseconds(90), settle: settle)
        inbox.promote(at: .milliseconds(100))
        #expect(inbox.next() == nil)
        inbox.promote(at: .milliseconds(190))
        #expect(inbox.next()?.lastEvent == .milliseconds(90))
        #expect(inbox.count == 1)
    }

    @Test func movedIn_endsTheSettling() {
        var inbox = Inbox()
        inbox.note(key(1), .closed, at: .zero, settle: settle)
        inbox.note(key(1), .movedIn, at: .milliseconds(10), settle: settle)
        #expect(inbox.next()?.evidence == .movedIn)
    }

    @Test func scan_doesNotWeakenTheEvidence() {
        var inbox = Inbox()
        inbox.note(key(1), .movedIn, at: .zero, settle: settle)
        inbox.note(key(1), .scanned, at: .milliseconds(10), settle: settle)
        #expect(inbox.next()?.evidence == .movedIn)
    }

    @Test func window_isBounded_andWhatIsLeftOutIsRemembered() {
        var inbox = Inbox()
        for number in 0..<Inbox.window { inbox.note(key(number), .scanned, at: .zero, settle: settle) }
        #expect(inbox.count == Inbox.window)
        #expect(!inbox.hasLeftOut && !inbox.hasRoom)
        inbox.note(key(Inbox.window), .movedIn, at: .zero, settle: settle)
        #expect(inbox.count == Inbox.window && inbox.hasLeftOut)
        inbox.beginScan()
        #expect(!inbox.hasLeftOut)
        inbox.forget(key(0))
        inbox.note(key(Inbox.window), .movedIn, at: .zero, settle: settle)
        #expect(!inbox.hasLeftOut)
    }

    @Test func forgotten_isNeverHandedOut() {
        var inbox = Inbox()
        inbox.note(key(1), .movedIn, at: .zero, settle: settle)
        inbox.note(key(2), .closed, at: .zero, settle: settle)
        inbox.forget(key(1))
        inbox.forget(key(2))
        inbox.promote(at: .seconds(9))
        #expect(inbox.next() == nil)
        #expect(inbox.count == 0)
    }

    @Test func removeAll_asksForAScan() {
        var inbox = Inbox()
        inbox.note(key(1), .movedIn, at: .zero, settle: settle)
        inbox.removeAll()
        #expect(inbox.next() == nil && inbox.hasLeftOut)
    }

    @Test("an endless stream of events for the same files costs no memory") func events_leaveNothingBehind() {
        var inbox = Inbox()
        for round in 0..<100_000 { inbox.note(key(round % 3), .closed, at: .milliseconds(round), settle: settle) }
        #expect(inbox.count == 3)
        inbox.promote(at: .seconds(1000))
        #expect((0..<4).map { _ in inbox.next() != nil } == [true, true, true, false])
    }
}

@Suite struct RetryShelfTests {
    private func id(_ number: UInt64) -> ItemID { ItemID(high: number, low: 0) }

    @Test func items_comeWhenTheyAreDue_inOrder() {
        var shelf = RetryShelf()
        shelf.put(id(1), due: .seconds(3))
        shelf.put(id(2), due: .seconds(1))
        shelf.put(id(3), due: .seconds(2))
        #expect(shelf.nextDue == .seconds(1))
        #expect(shelf.next(at: .milliseconds(999)) == nil)
        #expect(shelf.next(at: .seconds(2)) == id(2))
        #expect(shelf.next(at: .seconds(2)) == id(3))
        #expect(shelf.next(at: .seconds(2)) == nil)
        #expect(shelf.count == 1)
    }

    @Test func newTime_replacesTheOld() {
        var shelf = RetryShelf()
        shelf.put(id(1), due: .seconds(1))
        shelf.put(id(1), due: .seconds(5))
        #expect(shelf.next(at: .seconds(4)) == nil)
        #expect(shelf.next(at: .seconds(5)) == id(1))
        #expect(shelf.next(at: .seconds(9)) == nil)
        shelf.put(id(2), due: .seconds(9))
        shelf.put(id(2), due: .seconds(2))
        #expect(shelf.next(at: .seconds(2)) == id(2))
        #expect(shelf.next(at: .seconds(99)) == nil)
    }

    @Test func forgotten_doesNotCome() {
        var shelf = RetryShelf()
        shelf.put(id(1), due: .zero)
        shelf.forget(id(1))
        #expect(shelf.next(at: .seconds(1)) == nil)
        #expect(!shelf.contains(id(1)))
    }

    @Test func shelf_holdsAWindow_theEarliest() {
        var shelf = RetryShelf()
        for number in 0..<UInt64(RetryShelf.window) { shelf.put(id(number + 1), due: .seconds(1000 + Int(number))) }
        #expect(!shelf.hasLeftOut)
        shelf.put(id(99_999), due: .seconds(99_999))
        #expect(shelf.hasLeftOut && !shelf.contains(id(99_999)))
        shelf.put(id(88_888), due: .seconds(1))
        #expect(shelf.count == RetryShelf.window)
        #expect(shelf.next(at: .seconds(1)) == id(88_888))
    }

    /// An item whose time was brought forward leaves an entry with its old, late time behind.
    @Test func fullShelf_doesNotDropAnItemThatIsDueEarly() {
        var shelf = RetryShelf()
        shelf.put(id(1), due: .seconds(90_000))
        shelf.put(id(1), due: .seconds(1))
        for number in 2...UInt64(RetryShelf.window) { shelf.put(id(number), due: .seconds(1000 + Int(number))) }
        shelf.put(id(88_888), due: .seconds(2))
        #expect(shelf.contains(id(1)))
        #expect(shelf.count == RetryShelf.window)
        #expect(shelf.next(at: .seconds(5)) == id(1))
        #expect(shelf.next(at: .seconds(5)) == id(88_888))
    }
}
