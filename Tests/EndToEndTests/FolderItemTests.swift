import Glibc
import Testing

/// Folders that come into a queue.
struct FolderItemTests {
    @Test(arguments: [
        "mkdir $Q/tree && cp -r tree/. $Q/tree/", "cp -r tree $Q/", "tar cf x.tar tree && tar xf x.tar -C $Q",
        "mv tree $Q/",
    ])
    func folder_whenOnlyFilesAreAccepted_isLeftAlone(_ line: String) async throws {
        try await withRoot { root in
            let queue = root.job("q")
            let bobbin = try await root.start()
            try await root.run("mkdir -p tree/sub; echo 1 > tree/a; echo 2 > tree/sub/b; \(line)", queue: queue)
            try await queue.settle()
            try await queue.settle()
            try await root.stop(bobbin)
            #expect(root.runs.count("start") == 2)
            #expect((queue.path / "tree" / "sub" / "b").string == "2\n")
            #expect(queue.waiting == [queue.path / "tree"])
            try await root.expectPromises(isDrained: true)
        }
    }

    @Test(arguments: ["directories", "both"])
    func folder_movedInWhereFoldersAreAccepted_isOneItem(_ accept: String) async throws {
        try await withRoot { root in
            let queue = root.job("q", #"cp -r "$1" "$N/tree"; finish 0"#, settings: #"{"accept": "\#(accept)"}"#)
            let bobbin = try await root.start()
            try await root.run("mkdir -p x/sub; echo 1 > x/a; echo 2 > x/sub/b; mv x $Q/tree", queue: queue)
            let status = try await queue.wait("tree", .succeeded)
            try await root.stop(bobbin)
            #expect(root.runs.count("start") == 1)
            #expect((root.notes / "tree" / "sub" / "b").string == "2\n")
            let item = try queue.item(status)
            #expect((item.folder / "payload" / "tree" / "a").string == "1\n")
            #expect(queue.waiting == [])
        }
    }

    @Test func file_whenOnlyFoldersAreAccepted_isLeftAlone() async throws {
        try await withRoot { root in
            let queue = root.job("q", settings: #"{"accept": "directories"}"#)
            let bobbin = try await root.start()
            try queue.drop("file")
            try await root.run("mkdir x; mv x $Q/tree", queue: queue)
            try await queue.wait("tree", .succeeded)
            try await root.stop(bobbin)
            #expect(queue.waiting == [queue.path / "file"])
        }
    }
}
