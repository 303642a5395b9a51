import Files
import Fuzzing
import Glibc
import SystemPackage
import TestSupport
import Testing

/// The corpus, and mutations of it from a seed, within a fixed budget; `make fuzz` goes on for as long as one likes.
@Suite struct FuzzingTests {
    /// `BOBBIN_FUZZ_SEED`, else a new one.
    private static let seed = getenv("BOBBIN_FUZZ_SEED").flatMap { UInt64(String(cString: $0)) } ?? UInt64.random(in: 0 ... .max)
    /// For each target, in which time at the most.
    private static let mutations = 20_000
    private static let budget = Duration.milliseconds(1500)

    private func corpus(_ target: FuzzTarget) throws -> [(name: String, bytes: [UInt8])] {
        let tests = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
        let folder = try Folder.open(FilePath("/\(tests)/Fuzzing/Corpus/\(target.rawValue)"))
        return try folder.names().sorted().map { ($0.escaped, try folder.read(RelativePath($0)) ?? []) }
    }

    @Test(arguments: FuzzTarget.allCases) func corpus_keepsTheProperties(_ target: FuzzTarget) throws {
        let corpus = try corpus(target)
        #expect(corpus.count >= 3)
        for (name, bytes) in corpus {
            #expect(throws: Never.self, "Tests/Fuzzing/Corpus/\(target)/\(name)") { try target.check(bytes) }
        }
    }

    @Test(arguments: FuzzTarget.allCases) func mutations_keepTheProperties(_ target: FuzzTarget) throws {
        let mutation = Mutation(try corpus(target).map(\.bytes))
        var dice = Dice(seed: Self.seed)
        let end = ContinuousClock.now + Self.budget
        for _ in 0..<Self.mutations where ContinuousClock.now < end {
            let bytes = mutation.next(&dice)
            do {
                try target.check(bytes)
            } catch {
                Issue.record("\(target): \(error); BOBBIN_FUZZ_SEED=\(Self.seed), the bytes are \(bytes)")
                return
            }
        }
    }
}
