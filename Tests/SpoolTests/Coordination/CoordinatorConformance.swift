import Documents
import Files
import Testing

@testable import Spool

/// Two instances of one coordination, to be judged.
protocol CoordinatorSubject: Sendable {
    associatedtype Judged: Coordinator
    /// Not to be kept by who looks at it: it can be killed.
    var first: Judged { get throws }
    var second: Judged { get }
    var firstID: ItemID { get }
    var secondID: ItemID { get }
    /// Ends the first instance without a word.
    func kill() async
    /// Has the surroundings tell of what they have seen happen to a role, where the implementation needs them for hints.
    func tell(_ role: Role) async
}

/// What every `Coordinator` promises, whatever keeps its roles. An implementation runs all checks with its factory.
enum CoordinatorConformance: String, CaseIterable, Sendable {
    case freeRoleIsGranted, heldRoleNamesItsHolder, roleIsNotGrantedTwiceToOneInstance, rolesAreIndependent
    case fenceGrowsWithEveryTenure, releasedTenureStandsNoMore, secondReleaseHarmsNobody, manyAtOnceAreGrantedOne
    case hintComesAfterARelease, hintComesAfterADeath, roleOfTheDeadIsGrantedWithItsPredecessor, nobodyHoldsAFreeRole
    case roleThatNobodyWaitsForIsKept, roleIsHandedOverToWhoeverAskedForIt, whoeverWaitsNoMoreIsNotWaitedFor
    case instancesAreSeen, theDeadAreToldApart, timeGoesOn

    private static let role = Role.triggered(job: "job")

    func check(_ subject: some CoordinatorSubject) async throws {
        let (second, role) = (subject.second, Self.role)
        func take(_ coordinator: any Coordinator) async throws -> Tenure { try #require(await coordinator.acquire(role).tenure) }
        switch self {
        case .freeRoleIsGranted:
            let tenure = try await take(subject.first)
            #expect(tenure.role == role && tenure.predecessor == nil)
            #expect(try await subject.first.renew(tenure))
        case .heldRoleNamesItsHolder:
            let tenure = try await take(subject.first)
            let holder = try #require(await second.holder(of: role))
            #expect(holder.instance == subject.firstID && holder.fence == tenure.fence)
            #expect(await second.acquire(role) == .held(by: holder))
        case .roleIsNotGrantedTwiceToOneInstance:
            let tenure = try await take(subject.first)
            #expect(try await subject.first.acquire(role).tenure == nil)
            #expect(try await subject.first.renew(tenure))
        case .rolesAreIndependent:
            _ = try await take(subject.first)
            #expect(await second.acquire(.continuous(job: "job")).tenure != nil)
            #expect(await second.acquire(.triggered(job: "other")).tenure != nil)
        case .fenceGrowsWithEveryTenure:
            var fences: [Fence] = []
            for coordinator in [try subject.first, second, second, try subject.first] {
                let tenure = try await take(coordinator)
                fences.append(tenure.fence)
                await coordinator.release(tenure)
            }
            #expect(fences == fences.sorted() && Set(fences).count == 4)
        case .releasedTenureStandsNoMore:
            let tenure = try await take(subject.first)
            try await subject.first.release(tenure)
            #expect(try await !subject.first.renew(tenure))
        case .secondReleaseHarmsNobody:
            let old = try await take(subject.first)
            try await subject.first.release(old)
            let tenure = try await take(subject.first)
            try await subject.first.release(old)
            #expect(try await subject.first.renew(tenure))
            #expect(await second.acquire(role).tenure == nil)
        case .manyAtOnceAreGrantedOne:
            let both: [any Coordinator] = [try subject.first, second]
            for round in 0..<20 {
                let role = Role.continuous(job: try #require(FileName("job\(round)" as String)))
                let tenures = await withTaskGroup(of: Tenure?.self) { group in
                    for number in 0..<20 {
                        group.addTask { await both[number % 2].acquire(role).tenure }
                    }
                    return await group.reduce(into: []) { if let tenure = $1 { $0.append(tenure) } }
                }
                #expect(tenures.count == 1)
            }
        case .hintComesAfterARelease:
            let tenure = try await take(subject.first)
            var hints = second.hints(of: role).makeAsyncIterator()
            try await subject.first.release(tenure)
            await subject.tell(role)
            #expect(await hints.next() != nil)
            _ = try await take(second)
        case .hintComesAfterADeath:
            _ = try await take(subject.first)
            var hints = second.hints(of: role).makeAsyncIterator()
            await subject.kill()
            await subject.tell(role)
            #expect(await hints.next() != nil)
        case .roleOfTheDeadIsGrantedWithItsPredecessor:
            let before = try await take(subject.first)
            await subject.kill()
            let tenure = try await take(second)
            #expect(tenure.predecessor == subject.firstID && tenure.fence > before.fence)
        case .nobodyHoldsAFreeRole:
            #expect(try await subject.first.holder(of: role) == nil)
            let tenure = try await take(subject.first)
            try await subject.first.release(tenure)
            #expect(await second.holder(of: role) == nil)
        case .roleThatNobodyWaitsForIsKept:
            let tenure = try await take(second)
            #expect(await !second.handOver(tenure))
            #expect(await second.renew(tenure))
        case .roleIsHandedOverToWhoeverAskedForIt:
            let tenure = try await take(second)
            let hints = try subject.first.hints(of: role)
            #expect(try await subject.first.acquire(role).tenure == nil)
            async let isHandedOver = second.handOver(tenure)
            var next: Tenure?
            await waitUntil("the other has the role") {
                next = try? await subject.first.acquire(role).tenure
                return next != nil
            }
            #expect(await isHandedOver)
            #expect(await !second.renew(tenure))
            // Nobody else has asked.
            #expect(try await !subject.first.handOver(try #require(next)))
            withExtendedLifetime(hints) {}
        case .whoeverWaitsNoMoreIsNotWaitedFor:
            let tenure = try await take(second)
            do {
                let hints = try subject.first.hints(of: role)
                #expect(try await subject.first.acquire(role).tenure == nil)
                withExtendedLifetime(hints) {}
            }
            await subject.kill()
            #expect(await !second.handOver(tenure))
        case .instancesAreSeen:
            for coordinator in [try subject.first, second] {
                let seen = await coordinator.instances()
                #expect(Set(seen.map(\.id)) == [subject.firstID, subject.secondID])
                #expect(seen.allSatisfy { $0.isAlive && $0.host != nil && $0.boot != nil && $0.startedAt != nil })
            }
        case .theDeadAreToldApart:
            await subject.kill()
            let seen = await second.instances()
            #expect(seen.filter(\.isAlive).map(\.id) == [subject.secondID])
        case .timeGoesOn:
            let (one, other) = (try await subject.first.now(), await second.now())
            #expect(one <= other)
        }
    }
}
