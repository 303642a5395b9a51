import Documents
import Files
import SystemPackage

@testable import Spool

extension PowerLossStory {
    static let all: [PowerLossStory] = [
        PowerLossStory(name: "a run that leaves nothing") { teller in
            try await teller.commit(teller.claim(), .success)
        },
        PowerLossStory(name: "a failure and a success", isClaimedTwice: true) { teller in
            try await teller.commit(teller.claim(), .failure)
            try await teller.commit(teller.claim(), .success)
        },
        PowerLossStory(name: "bad input") { teller in try await teller.commit(teller.claim(), .badInput) },
        PowerLossStory(name: "a file with an envelope", isClaimedTwice: true, envelope: "{\"correlation_id\": \"c\"}") { teller in
            try await teller.commit(teller.claim(), .failure)
            try await teller.commit(teller.claim(), .success)
        },
        PowerLossStory(name: "results", hasResults: true) { try await $0.succeed() },
        PowerLossStory(name: "forwards", hasForwards: true) { try await $0.succeed() },
        PowerLossStory(name: "results and forwards", hasResults: true, hasForwards: true) { try await $0.succeed() },
        PowerLossStory(
            name: "a payload that is deleted", rules: QueueRules(limits: .init(maxAttempts: 2), onSuccess: .delete)
        ) { try await $0.succeed() },
        PowerLossStory(name: "a checkpoint, then results", isClaimedTwice: true, hasResults: true) { teller in
            let grant = try await teller.claim()
            try await teller.saveCheckpoint(grant)
            try await teller.commit(grant, .again)
            teller.promise(.checkpoint(checkpoint))
            try await teller.succeed()
        },
        PowerLossStory(name: "a checkpoint before a failure") { teller in
            let grant = try await teller.claim()
            try await teller.saveCheckpoint(grant)
            try await teller.commit(grant, .failure)
            teller.promise(.checkpoint(checkpoint))
        },
        PowerLossStory(name: "an orderly stop") { teller in try await teller.commit(teller.claim(), .stopped) },
        PowerLossStory(name: "an orderly stop after a checkpoint") { teller in
            let grant = try await teller.claim()
            try await teller.saveCheckpoint(grant)
            try await teller.commit(grant, .stopped)
            teller.promise(.checkpoint(checkpoint))
        },
        PowerLossStory(
            name: "recovery of a run with a checkpoint",
            work: { teller in
                try await teller.saveCheckpoint(teller.claim())
                try await teller.die()
                _ = try await teller.started().queue.recover()
                teller.promise(.checkpoint(checkpoint))
            }),
        PowerLossStory(
            name: "recovery that finishes a commit", hasResults: true, hasForwards: true,
            work: { teller in
                try await teller.dieAfterOutcome()
                _ = try await teller.started().queue.recover()
                teller.promise(.final)
            }),
        PowerLossStory(
            name: "recovery that deletes a payload", rulesLater: QueueRules(limits: .init(maxAttempts: 2), onSuccess: .delete),
            work: { teller in
                try await teller.dieAfterOutcome()
                _ = try await teller.started().queue.recover()
                teller.promise(.final)
            }),
        PowerLossStory(
            name: "a sweep", hasResults: true, isUnwanted: true, before: { try await $0.succeed() },
            work: { teller in
                teller.place.advance(by: .seconds(86_400))
                _ = try Sweeper(name: "q", folder: teller.place.folder, clocks: teller.place.clocks).sweep(
                    .init(done: .init(age: .seconds(60))))
            }),
        PowerLossStory(
            name: "a failed item that is put back", isClaimedTwice: true, isPutBack: true,
            before: { try await $0.commit($0.claim(), .badInput) },
            work: { teller in
                guard let id = try teller.place.items(.failed).first else { return }
                _ = try await teller.started().queue.control(id, .retry)
                try await teller.commit(teller.claim(), .success)
            }),
        PowerLossStory(
            name: "a failed item that is thrown away", isUnwanted: true, before: { try await $0.commit($0.claim(), .badInput) },
            work: { teller in
                guard let id = try teller.place.items(.failed).first else { return }
                _ = try await teller.started().queue.control(id, .discard)
            }),
        PowerLossStory(
            name: "a resting item that is told to start", before: { try await $0.commit($0.claim(), .failure) },
            work: { teller in
                guard let id = try teller.place.items(.retry).first else { return }
                _ = try await teller.started().queue.control(id, .retry)
            }),
        PowerLossStory(
            name: "a resting item that is cancelled", before: { try await $0.commit($0.claim(), .failure) },
            work: { teller in
                guard let id = try teller.place.items(.retry).first else { return }
                _ = try await teller.started().queue.control(id, .cancel)
            }),
    ]
}

extension PowerLossStory.Teller {
    func succeed() async throws {
        let grant = try await claim()
        try await produce(grant)
        try await commit(grant, .success)
        promise(.final)
    }

    /// The orchestrator dies between the outcome's rename and its sync.
    fileprivate func dieAfterOutcome() async throws {
        try await commitUntilOutcome(claim())
        try await die()
    }

    private func commitUntilOutcome(_ grant: Grant) async throws {
        try await produce(grant)
        let keeper = try started()
        var plan = Faults.plan ?? Faults { _, _ in nil }
        plan.decide = { [place] _, _ in
            Faults.$plan.withValue(nil) { place.folder.exists(ItemPlace.claimed(grant.item).outcome) ? .ioError : nil }
        }
        let commit = Faults.$plan.withValue(plan) { Task { await keeper.commit(grant, .success) } }
        await waitUntil("the commit is in trouble") { !keeper.notices.all.isEmpty }
        commit.cancel()
        _ = await commit.value
    }
}
