import Threads

/// Runs blocking calls (fsync, large listings, removal of trees) on threads of their own, so that they never hold up
/// the few threads on which everything asynchronous runs.
package enum Offload {
    package static func run<Value: Sendable, Failure: Error>(
        _ body: @escaping @Sendable () throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let result: Result<Value, Failure> = await withCheckedContinuation { continuation in
            BlockingThreads.shared.perform {
                do throws(Failure) {
                    continuation.resume(returning: .success(try body()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }
}
