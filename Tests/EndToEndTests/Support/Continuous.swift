import Documents
import Glibc
import Testing

/// A continuous job as its owner sees it: its folder, its log, its status.
struct Continuous {
    let name: String
    let root: Root

    var folder: Path { root.path / "jobs" / "continuous" / name }
    var data: Path { root.data / "jobs" / "continuous" / name }
    var disableFile: Path { folder / "disable.job" }
    /// What its runs and Bobbin wrote, as far as it is in the newest file.
    var log: String { (data / "job_log.txt").string }

    /// Puts a script in place, complete at once; `$N` is the folder for notes, `note WORD` writes into `$N/NAME`.
    func deploy(_ script: String) {
        let draft = root.notes / "draft-\(name)"
        draft.write(
            """
            #!/bin/bash
            N=\(root.notes.quoted)
            note() { echo "$1" >> "$N/\(name)"; }
            \(script)

            """, mode: 0o755)
        draft.move(to: folder / "run.sh")
    }

    func settings(_ text: String) {
        let draft = root.notes / "settings-\(name)"
        draft.write(text)
        draft.move(to: folder / "settings.job")
    }

    /// The words that its scripts have noted.
    var notes: [String] { (root.notes / name).lines }

    func waitFor(_ note: String, count: Int = 1, within limit: Duration = usualLimit) async throws {
        try await EndToEndTests.wait(for: "\(count) × \"\(note)\" of \(name)", within: limit, details: { "\(notes)\n\(log)\n\(root.said)" })
        {
            notes.count { $0 == note } >= count
        }
    }

    /// What each instance tells of it.
    var states: [JSON] {
        data.children.filter { $0.name.starts(with: Array("state_".utf8)) }.compactMap { file in
            file.content.flatMap { try? JSONParser.parse($0) }
        }
    }

    var words: [String] { states.compactMap { $0["state"]?.string }.sorted() }

    /// What the files in the form of WebJobs say.
    var statuses: [String] {
        data.children.filter { $0.name.starts(with: Array("status_".utf8)) }.map(\.string).sorted()
    }

    /// Waits until the instances say so, in order of the words.
    func wait(for words: String..., within limit: Duration = usualLimit) async throws {
        try await EndToEndTests.wait(for: "\(name) to be \(words)", within: limit, details: { "\(states)\n\(log)\n\(root.said)" }) {
            self.words == words.sorted()
        }
    }

    /// Its living processes, whichever run they belong to.
    var processes: [pid_t] { ProcessTable.carrying("WEBJOBS_DATA_PATH=\(data.text)") }

    func waitForNoProcess(within limit: Duration = usualLimit) async throws {
        try await EndToEndTests.wait(for: "the end of the processes of \(name)", within: limit, details: { "\(processes)\n\(log)" }) {
            processes.isEmpty
        }
    }
}

extension Root {
    /// Makes a continuous job; its script runs under bash.
    @discardableResult
    func continuous(_ name: String, _ script: String, settings: String? = nil) -> Continuous {
        let job = Continuous(name: name, root: self)
        (path / "jobs" / "continuous").makeFolder()
        job.folder.makeFolder()
        if let settings { job.settings(settings) }
        job.deploy(script)
        return job
    }
}
