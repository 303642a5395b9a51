import Threads

/// Runs blocking calls (fsync, large listings, removal of trees) on threads of their own, so that they never hold up
/// the few threads on which everything asynchronous runs.
package enum Offload {
    package static func run<Value: Sendable, Failure: Error>(
        _ body: @escaping @Sendable () throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let result: Result<Value, Failure> = await withCheckedContinuation { continuation in
            #if DEBUG
                let plan = Faults.plan
                BlockingThreads.shared.perform {
                    Faults.$plan.withValue(plan) { continuation.resume(returning: Self.result(of: body)) }
                }
            #else
                BlockingThreads.shared.perform { continuation.resume(returning: Self.result(of: body)) }
            #endif
        }
        return try result.get()
    }

    private static func result<Value, Failure: Error>(of body: () throws(Failure) -> Value) -> Result<Value, Failure> {
        do throws(Failure) { return .success(try body()) } catch { return .failure(error) }
    }
}
