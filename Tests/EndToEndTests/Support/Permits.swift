/// How many roots are at work at a time: tests run in parallel, but a small machine must still answer within the limits
/// of their waits. Waiting for a permit counts against no limit.
actor Permits {
    static let roots = Permits(6)

    private let total: Int
    private var free: Int
    private var waiting: [(count: Int, CheckedContinuation<Void, Never>)] = []

    init(_ count: Int) {
        total = count
        free = count
    }

    /// Runs with one permit, or with all of them: alone.
    func with<Result: Sendable>(alone: Bool, _ body: @Sendable () async throws -> Result) async rethrows -> Result {
        let count = alone ? total : 1
        await take(count)
        defer { give(count) }
        return try await body()
    }

    private func take(_ count: Int) async {
        if waiting.isEmpty, free >= count {
            free -= count
            return
        }
        await withCheckedContinuation { waiting.append((count, $0)) }
    }

    private func give(_ count: Int) {
        free += count
        while let (count, next) = waiting.first, free >= count {
            free -= count
            waiting.removeFirst()
            next.resume()
        }
    }
}
