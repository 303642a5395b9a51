import Documents
import TestSupport
import Testing

@Suite struct ItemIDTests {
    @Test func text_isThatOfUUIDVersion7() throws {
        let id = ItemID.make(at: Instant(seconds: 1_795_458_302, nanoseconds: 123_000_000))
        let text = Array(id.description.utf8)
        #expect(text.count == 36)
        #expect([8, 13, 18, 23].allSatisfy { text[$0] == UInt8(ascii: "-") })
        #expect(text[14] == UInt8(ascii: "7"))
        #expect("89ab".utf8.contains(text[19]))
        #expect(ItemID(id.description) == id)
        #expect(ItemID(bytes: text) == id)
    }

    /// The example of RFC 9562, appendix A.6: 2022-02-22T14:22:22-05:00.
    @Test func exampleOfTheRFC_isRead() throws {
        let id = try #require(ItemID("017f22e2-79b0-7cc3-98c4-dc0c0c07398f"))
        #expect(id.madeAt == Instant(rfc3339: "2022-02-22T14:22:22-05:00"))
        #expect(id.description == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f")
    }

    @Test(arguments: [
        "", "017f22e2-79b0-7cc3-98c4-dc0c0c07398", "017f22e2-79b0-7cc3-98c4-dc0c0c07398ff",
        "017F22E2-79B0-7CC3-98C4-DC0C0C07398F",
        "017f22e279b07cc398c4dc0c0c07398f0000", "017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
        "017f22e2_79b0_7cc3_98c4_dc0c0c07398f",
        "{017f22e2-79b0-7cc3-98c4-dc0c0c0739}", "017f22e2-79b0-7cc3-98c4-dc0c0c0739 f",
        "../../../../../../../../../../../etc/x",
    ])
    func anythingElse_isNone(_ text: String) {
        #expect(ItemID(text) == nil)
    }

    /// The time in an id that somebody made up overflowed the clock.
    @Test func idOfTheFarthestFuture_hasAClampedTime() throws {
        let id = try #require(ItemID("ffffffff-ffff-ffff-ffff-ffffffffffff"))
        #expect(id.madeAt == Instant(nanoseconds: .max))
    }

    @Test func idsMadeInARow_growAndSortAsText() {
        let now = Instant(seconds: 1_800_000_000)
        let ids = (0..<10_000).map { ItemID.make(at: now + .microseconds($0 / 3)) }
        #expect(zip(ids, ids.dropFirst()).allSatisfy { $0 < $1 && $0.description < $1.description })
    }

    @Test func idsMadeWhileTheClockStepsBack_stillGrow() {
        let first = ItemID.make(at: Instant(seconds: 1_900_000_000))
        let second = ItemID.make(at: Instant(seconds: 1_900_000_000 - 3600))
        #expect(first < second)
    }

    @Test func idsMadeByManyTasks_areUnique() async {
        let ids = await withTaskGroup(of: [ItemID].self) { group in
            for _ in 0..<8 {
                group.addTask { (0..<2000).map { _ in ItemID.make(at: Instant(seconds: 1_850_000_000)) } }
            }
            return await group.reduce(into: Set<ItemID>()) { $0.formUnion($1) }
        }
        #expect(ids.count == 16_000)
    }

    @Test func comparison_isThatOfTheText() throws {
        var dice = Dice(seed: 1)
        for _ in 0..<1000 {
            let left = ItemID(
                high: UInt64.random(in: 0...3, using: &dice), low: .random(in: .min ... .max, using: &dice))
            let right = ItemID(
                high: UInt64.random(in: 0...3, using: &dice), low: .random(in: .min ... .max, using: &dice))
            #expect((left < right) == (left.description < right.description))
            #expect(ItemID(left.description) == left)
        }
    }
}
