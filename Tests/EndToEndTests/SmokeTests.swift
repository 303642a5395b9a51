import Testing

struct SmokeTests {
    @Test func smoke() async throws {
        try await withRoot { root in
            let queue = root.job("q")
            let bobbin = try await root.start()
            try queue.drop("hello")
            let status = try await queue.wait("hello", .succeeded)
            #expect(queue.seen(status.id) == [Array("content\n".utf8)])
            try await root.stop(bobbin)
            #expect(InvariantChecker(root: root).violations(isDrained: true) == [])
        }
    }
}
