import Files
import Hosting
import SystemPackage
import Testing

/// A job's folder and a PATH made of stubs.
private struct Workshop {
    let root: TemporaryFolder

    static let interpreters = ["bash", "python3", "node", "php", "ruby", "perl", "pwsh", "java", "dotnet", "tool"]

    init(interpreters: [String] = Workshop.interpreters) throws {
        root = try TemporaryFolder()
        try root.makeFolder("bin")
        for name in interpreters { try root.write("#!/bin/sh\n", to: "bin/\(name)", mode: 0o755) }
        try root.makeFolder("job")
    }

    func add(_ name: String, _ content: String = "content", mode: UInt32 = 0o644) throws {
        try root.write(content, to: "job/\(name)", mode: mode)
    }

    func choose(command: [String]? = nil) throws -> ScriptChoice {
        try ScriptChoice.choose(
            in: try Folder.open(root.place("job")), command: command,
            search: ProgramSearch(path: Array("\(root.text)/bin".utf8)))
    }

    /// The command line with `BIN` and `JOB` for the two folders.
    func line(command: [String]? = nil) throws -> String {
        switch try choose(command: command) {
        case .command(let command): shorten(command.shown)
        case .problem(let text): "problem: " + shorten(text)
        }
    }

    private func shorten(_ text: String) -> String {
        text.replacing("\(root.text)/bin", with: "BIN").replacing("\(root.text)/job", with: "JOB")
    }
}

@Suite struct ScriptChoiceTests {
    @Test(
        arguments: [
            ("run.sh", "BIN/bash JOB/run.sh"), ("run.py", "BIN/python3 JOB/run.py"), ("run.js", "BIN/node JOB/run.js"),
            ("run.php", "BIN/php JOB/run.php"),
            ("run.rb", "BIN/ruby JOB/run.rb"), ("run.pl", "BIN/perl JOB/run.pl"),
            ("run.ps1", "BIN/pwsh -File JOB/run.ps1"),
            ("run.jar", "BIN/java -jar JOB/run.jar"), ("run.dll", "BIN/dotnet JOB/run.dll"),
            ("RUN.PY", "BIN/python3 JOB/RUN.PY"), ("-x.sh", "BIN/bash JOB/-x.sh"),
        ] as [(String, String)])
    func knownType_isRunByItsInterpreter(_ name: String, _ expected: String) throws {
        let shop = try Workshop()
        try shop.add(name)
        #expect(try shop.line() == expected)
        let command = try #require(try shop.choose().command)
        #expect(command.script == FileName(name) && command.scriptFolder == shop.root.place("job"))
    }

    @Test func executableFile_runsItself() throws {
        for (name, content, expected) in [
            ("run", "#!/bin/sh\n", "JOB/run"), ("run.lua", "#!/bin/sh\n", "JOB/run.lua"),
            ("convert", "\u{7F}ELF\0\0", "JOB/convert"),
            ("plain", "echo hello\n", "/bin/sh JOB/plain"), ("run.py", "#!/bin/sh\n", "JOB/run.py"),
            ("run.sh", "echo\n", "BIN/bash JOB/run.sh"),
            ("x", "#!/usr/bin/env tool\n", "JOB/x"), ("y", "#!/usr/bin/env -S tool -a b\n", "JOB/y"),
        ] {
            let shop = try Workshop()
            try shop.add(name, content, mode: 0o755)
            #expect(try shop.line() == expected)
        }
    }

    @Test(arguments: ["run.cmd", "run.bat", "run.exe", "RUN.EXE", "start.bat"])
    func windowsType_isRefusedClearly(_ name: String) throws {
        let shop = try Workshop()
        try shop.add(name, mode: 0o755)
        #expect(
            try shop.line().hasPrefix("problem: JOB/\(name) is a Windows program and does not run on Linux; add run.sh")
        )
    }

    @Test(
        arguments: [
            (["foo.sh", "run.js"], "BIN/node JOB/run.js"), (["run.py", "run.sh"], "BIN/bash JOB/run.sh"),
            (["run.cmd", "run.py"], "BIN/python3 JOB/run.py"),
            (["b.py", "a.py", "c.js"], "BIN/python3 JOB/a.py"), (["z.sh", "a.py"], "BIN/bash JOB/z.sh"),
            (["run.test.py", "a.sh"], "BIN/bash JOB/a.sh"),
            (
                ["settings.job", "disable.job", "on_start.sh", "on_stop.py", ".hidden.sh", "main.py"],
                "BIN/python3 JOB/main.py"
            ), (["steps/10.sh", "main.rb"], "BIN/ruby JOB/main.rb"),
            (["README.md", "data.csv", "main.pl"], "BIN/perl JOB/main.pl"),
            (["run.txt", "main.sh"], "BIN/bash JOB/main.sh"),
        ] as [([String], String)])
    func severalFiles_theRightOneRuns(_ names: [String], _ expected: String) throws {
        let shop = try Workshop()
        for name in names { try shop.add(name) }
        #expect(try shop.line() == expected)
    }

    @Test func executables_comeAfterKnownTypesUnlessTheyAreNamedRun() throws {
        let shop = try Workshop()
        try shop.add("tool", "#!/bin/sh\n", mode: 0o755)
        try shop.add("main.py")
        #expect(try shop.line() == "BIN/python3 JOB/main.py")
        try shop.add("run", "#!/bin/sh\n", mode: 0o755)
        #expect(try shop.line() == "JOB/run")
    }

    @Test func editorsBackup_isNeverTheScript() throws {
        let shop = try Workshop()
        for name in ["run.sh~", "#run.sh#", "old.bak", "run.sh.orig"] { try shop.add(name, "#!/bin/sh\n", mode: 0o755) }
        #expect(try shop.line().contains("no script"))
    }

    @Test func runForWindows_isNotReplacedByAHelper() throws {
        let shop = try Workshop()
        try shop.add("run.cmd")
        try shop.add("helper.py")
        #expect(try shop.line().contains("JOB/run.cmd is a Windows program"))
    }

    @Test(arguments: [
        ("run.sh", "bash", "apt install bash"), ("run.py", "python3", "apt install python3"),
        ("run.js", "node", "apt install nodejs"), ("run.jar", "java", "default-jre"), ("run.dll", "dotnet", ".NET"),
    ])
    func missingInterpreter_isNamedWithItsMend(_ name: String, _ program: String, _ advice: String) throws {
        let shop = try Workshop(interpreters: [])
        try shop.add(name)
        let line = try shop.line()
        #expect(
            line.hasPrefix("problem: JOB/\(name) needs \(program), which is not in PATH (BIN); ")
                && line.contains(advice), "\(line)")
    }

    @Test func brokenShebang_isExplained() throws {
        for (content, expected) in [
            ("#!/bin/bash\r\necho\r\n", "its lines end as on Windows"),
            ("#!/no/such/shell\n", "its interpreter /no/such/shell (first line) is missing"),
            ("#!\n", "names no interpreter"),
            ("#!/usr/bin/env nosuch\n", "its interpreter nosuch (first line) is not in PATH"),
            ("#!bash\n", "its interpreter bash (first line) is missing"),
        ] {
            let shop = try Workshop()
            try shop.add("run.sh", content, mode: 0o755)
            let line = try shop.line()
            #expect(line.contains(expected), "\(line)")
        }
    }

    @Test func noScript_saysWhatWasLookedFor() throws {
        let shop = try Workshop()
        #expect(
            try shop.line().hasPrefix(
                "problem: JOB: no script: looked for run with .sh .py .js .php .rb .pl .ps1 .jar .dll"))
        try shop.add("run.lua")
        #expect(
            try shop.line().contains("run.lua is there, but its type is unknown and it is not executable: chmod +x it"))
    }

    @Test func singleNestedFolder_isDescendedInto() throws {
        let shop = try Workshop()
        try shop.add("outer/inner/run.py")
        try shop.add(".DS_Store")
        try shop.root.makeFolder("job/__MACOSX")
        try shop.add("settings.job", "{}")
        #expect(try shop.line() == "BIN/python3 JOB/outer/inner/run.py")
        #expect(try shop.choose().command?.scriptFolder == shop.root.place("job/outer/inner"))
        try shop.add("other.txt")
        #expect(try shop.line().contains("no script"))
    }

    @Test func stepsFolder_isNotDescendedInto() throws {
        let shop = try Workshop()
        try shop.add("steps/10-a.sh")
        #expect(try shop.line().contains("no script"))
    }

    @Test func command_winsOverEveryScript() throws {
        let shop = try Workshop()
        try shop.add("run.sh")
        try shop.add("bin/own", "#!/bin/sh\n", mode: 0o755)
        #expect(try shop.line(command: ["tool", "-a", "b c", ""]) == "BIN/tool -a b c ")
        #expect(try shop.line(command: ["./bin/own"]) == "JOB/./bin/own")
        #expect(try shop.line(command: ["/bin/sh", "-c", "x"]) == "/bin/sh -c x")
        #expect(try shop.choose(command: ["tool"]).command?.script == nil)
        #expect(
            try shop.line(command: ["nosuch"]).contains(
                "names the program nosuch, which is not in PATH (BIN); install it"))
        #expect(try shop.line(command: ["run.sh"]).contains("for the file in the job's folder write \"./run.sh\""))
        #expect(try shop.line(command: ["./run.sh"]).contains("missing or not executable"))
        #expect(try shop.line(command: ["./none"]).contains("missing or not executable"))
    }

    @Test func linkedScript_runsAndDanglingLinkDoesNot() throws {
        let shop = try Workshop()
        try shop.root.write("print()", to: "shared.py")
        try #require(symbolicLink("\(shop.root.text)/shared.py", at: "\(shop.root.text)/job/run.py"))
        #expect(try shop.line() == "BIN/python3 JOB/run.py")
        try #require(symbolicLink("/no/such/file", at: "\(shop.root.text)/job/run.sh"))
        #expect(try shop.line() == "BIN/python3 JOB/run.py")
    }

    @Test func hostileNames_areShownEscapedAndPassedAsTheyAre() throws {
        let shop = try Workshop()
        let name = try #require(FileName([0xFF, 0x0A] + Array(".sh".utf8)))
        try Folder.open(shop.root.place("job")).write(Array("x".utf8), toNew: RelativePath(name))
        let command = try #require(try shop.choose().command)
        #expect(command.script == name && command.arguments.last == shop.root.place("job").appending(name).bytes)
        #expect(command.shown.hasSuffix(#"\xFF\n.sh"#))
    }

    @Test func relativeAndEmptyFoldersOfPath_areLeftOut() {
        #expect(ProgramSearch(path: Array("/a::b:./c:/d:".utf8)).folders == ["/a", "/d"])
    }
}
