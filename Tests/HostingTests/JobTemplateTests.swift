import Files
import Glibc
import Hosting
import Testing

@Suite struct JobTemplateTests {
    static let programs: [JobTemplate.Language: String] = [
        .sh: "bash", .py: "python3", .js: "node", .pl: "perl", .rb: "ruby", .php: "php",
    ]
    static let installed = JobTemplate.Language.allCases.filter {
        system("command -v \(programs[$0]!) >/dev/null") == 0
    }

    @Test(arguments: JobTemplate.Language.allCases)
    func files_areSettingsAndAScriptOfReadableLength(_ language: JobTemplate.Language) throws {
        let files = JobTemplate(name: FileName("count"), language: language).files
        #expect(files.map(\.name.escaped) == ["settings.job", "run.\(language.rawValue)"])
        #expect(files.map(\.mode) == [0o644, 0o755])
        for file in files {
            let lines = String(decoding: file.content, as: UTF8.self).split(
                separator: "\n", omittingEmptySubsequences: false)
            #expect(lines.count <= 36 && lines.allSatisfy { $0.count <= 130 }, "\(file.name): \(lines.count)")
        }
        let settings = try JobSettings.read(files[0].content, file: "settings.job", kind: .triggered).get()
        #expect(settings.maxConcurrency == 2 && settings.timeout == .seconds(3600))
    }

    @Test(arguments: installed)
    func script_runsAndAnswersAsItsCommentsSay(_ language: JobTemplate.Language) throws {
        let root = try TemporaryFolder()
        let file = try #require(JobTemplate(name: FileName("count"), language: language).files.last)
        try root.write(String(decoding: file.content, as: UTF8.self), to: file.name.escaped, mode: file.mode)
        try root.write("a\nb\nc\n", to: "good.txt")
        try root.write("", to: "empty.txt")
        try root.makeFolder("results")
        func run(_ input: String) -> Int32 {
            let variables =
                "BOBBIN_NAME=\(input) BOBBIN_PROGRESS=progress BOBBIN_RESULTS=results BOBBIN_OUTPUT=output BOBBIN_ATTEMPT=1 BOBBIN_MAX_ATTEMPTS=5"
            return system("cd \(root.text) && \(variables) ./\(file.name) \(input) < \(input) > log 2>&1") >> 8
        }
        #expect(run("good.txt") == 0)
        #expect(try root.read("log") == "attempt 1 of 5: 3 lines\n")
        #expect(try root.read("output") == "lines=3\n")
        #expect(try root.read("progress").hasPrefix("10 counting"))
        #expect(
            try Folder.open(root.place("results")).read(RelativePath(FileName("count.txt"))) == Array("3 lines\n".utf8))
        #expect(run("empty.txt") == 65)
        #expect(try root.read("log").contains("is empty"))
    }

    @Test func hostileName_staysInItsComment() throws {
        let name = try #require(FileName("x\n?>*evil"))
        for language in JobTemplate.Language.allCases {
            let script = String(decoding: JobTemplate(name: name, language: language).files[1].content, as: UTF8.self)
            #expect(!script.contains("?>") && script.contains(#"Job x\n? >*evil:"#))
        }
        let settings = JobTemplate(name: name).files[0].content
        #expect(throws: Never.self) { try JobSettings.read(settings, file: "f", kind: .triggered).get() }
    }
}
