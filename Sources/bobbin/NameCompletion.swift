import ArgumentParser
import Documents
import Engine
import Files
import SystemPackage

/// Names that a shell completes by asking `bobbin` itself (docs/operations.md, "Completions").
extension CompletionKind {
    /// Queues, and jobs that have none yet.
    static let queues = CompletionKind.custom { words, _, _ in
        names(words) { [$0.spool, $0.triggeredJobs] }
    }

    static let jobs = CompletionKind.custom { words, _, _ in
        names(words) { [$0.triggeredJobs, $0.continuousJobs] }
    }

    /// The folders in some places of the layout that the command line, as far as it is written, names.
    private static func names(_ words: [String], in places: (Layout) -> [FilePath]) -> [String] {
        guard let root = try? RootOptions.parse(placeOptions(words)) else { return [] }
        var found: Set<String> = []
        for place in places(root.layout) {
            guard let folder = try? Folder.open(place), let names = try? folder.names() else { continue }
            for name in names where !name.hasPrefix(".") && (try? folder.stamp(RelativePath(name)))??.kind == .folder {
                // A shell could not tell where a name with a line feed ends; one that is no text it cannot show.
                guard let text = String(validating: name.bytes, as: UTF8.self), !text.contains("\n") else { continue }
                found.insert(text)
            }
        }
        return found.sorted()
    }

    private static func placeOptions(_ words: [String]) -> [String] {
        let options = ["--root", "--jobs", "--spool", "--data"]
        return words.indices.flatMap { index in
            if options.contains(words[index]), index + 1 < words.endIndex { return Array(words[index...(index + 1)]) }
            return options.contains { words[index].hasPrefix($0 + "=") } ? [words[index]] : []
        }
    }
}
