import Foundation
import Testing

@Suite("submit")
struct SubmitTests {
    @Test func submit_passesArgumentsAndProperties() async throws {
        let root = try Root()
        try root.job("args", #"printf '%s|' "$@"; cat "$BOBBIN_META""#)
        try await root.start()
        let answer = try await root.bobbin(
            "submit", "args", "-", "--name", "in", "--property", "a=b=c", "--wait", "--", "x y", "-z", "", input: "text"
        )
        #expect(answer.status == 0, "\(answer.error)")
        let log = try await root.bobbin("logs", "args", "in")
        #expect(log.output.contains("x y|-z||"))
        #expect(log.output.contains(#""a": "b=c""#))
    }

    @Test func submit_whenItCannotBeDone_saysWhyAndWritesNothing() async throws {
        let root = try Root()
        try root.job("ok", "true")
        let file = try root.file("f.txt")
        #expect(try await root.bobbin("submit", "nobody", file).status == 66)
        #expect(try await root.bobbin("submit", "ok", root.path + "/missing").status == 66)
        #expect(try await root.bobbin("submit", "ok", "-", input: "x").status == 64)
        #expect(try await root.bobbin("submit", "ok").status == 64)
        for name in [".hidden", "done", "a.part", "a.envelope", "a/b", String(repeating: "n", count: 256)] {
            #expect(try await root.bobbin("submit", "ok", file, "--name", name).status == 64, "\(name)")
        }
        #expect(try await root.bobbin("submit", "ok", file, "--correlation-id", "two\nlines").status == 64)
        #expect(
            root.names("spool/ok") == ["claimed", "done", "failed", "results", "retry", "status"],
            "the queue of a job is made")

        #expect(try await root.bobbin("submit", "ok", file).status == 0)
        let taken = try await root.bobbin("submit", "ok", file)
        #expect(taken.status == 1 && taken.error.contains("--unique-name"))
        let unique = try await root.bobbin("submit", "ok", file, "--unique-name", "--json")
        let name = try #require(unique.list.first?["name"] as? String)
        #expect(unique.status == 0 && name.hasPrefix("f-") && name.hasSuffix(".txt"))
        #expect(
            root.names("spool/ok").filter { $0.hasSuffix(".envelope") }.sorted()
                == ["\(name).envelope", "f.txt.envelope"].sorted())

        let long = String(repeating: "n", count: 255)
        let id = try await root.bobbin("submit", "ok", file, "--name", long).id
        #expect(try await root.bobbin("status", "ok", id, "--json").object["name"] as? String == long, "it waits, and is found by its id")

        try FileManager.default.createDirectory(atPath: root.path + "/spool/later", withIntermediateDirectories: false)
        let later = try await root.bobbin("submit", "later", file)
        #expect(later.status == 0 && later.error.contains("has no job"))
    }
}
