import Testing

/// `bobbin run --max-runs`: places that all jobs share.
struct SharingTests {
    @Test func busyJob_doesNotStarveASmallOne() async throws {
        try await withRoot { root in
            let script = #"see; note "$BOBBIN_QUEUE"; sleep 0.02; finish 0"#
            let busy = root.job("busy", script, settings: #"{"max_concurrency": 50}"#)
            let small = root.job("small", script)
            for number in 0..<150 { try busy.drop("b\(number)") }
            for number in 0..<5 { try small.drop("s\(number)") }
            let bobbin = try await root.start(["--max-runs", "1"])
            for number in 0..<5 { _ = try await small.wait("s\(number)", .succeeded, within: .seconds(60)) }
            let order = root.runs.events.map(\.event).filter { ["busy", "small"].contains($0) }
            let last = try #require(order.lastIndex(of: "small"))
            #expect(last < 40, "the five are among the first: they take turns with the others")
            for number in 0..<150 { _ = try await busy.wait("b\(number)", .succeeded, within: .seconds(90)) }
            // One at a time: no run noted its start before the one before had ended.
            let steps = root.runs.events.map(\.event).filter { $0 == "start" || $0.hasPrefix("end:") }
            #expect(zip(steps, steps.dropFirst()).allSatisfy { ($0 == "start") != ($1 == "start") })
            try await root.stop(bobbin)
            try await root.expectPromises(isDrained: true)
        }
    }
}
