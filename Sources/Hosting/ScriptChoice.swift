import Files
import SystemPackage

/// How a job's script is started.
package struct ScriptCommand: Sendable, Equatable {
    /// The folder in which it runs; absolute.
    package let scriptFolder: FilePath
    /// The beginning of the argument vector: the program by its absolute path, its options, the script.
    package let arguments: [[UInt8]]
    /// The script; nil when `command` in the settings names the program.
    package let script: FileName?
    /// What of the arguments is a path in the job's folder that Bobbin has put there.
    private let ownArgument: Int?
    /// The snapshot in which it runs; nil = the job's folder itself.
    package private(set) var deployment: Deployment?

    init(scriptFolder: FilePath, arguments: [[UInt8]], script: FileName?, ownArgument: Int? = nil) {
        self.scriptFolder = scriptFolder
        self.arguments = arguments
        self.script = script
        self.ownArgument = ownArgument
    }

    /// The same from a snapshot of the job's folder.
    package func deployed(_ deployment: Deployment, of job: FilePath) -> ScriptCommand {
        let old = job.absolute.bytes
        func moved(_ path: [UInt8]) -> [UInt8] {
            let isInside = path.starts(with: old) && (path.count == old.count || path[old.count] == UInt8(ascii: "/"))
            return isInside ? deployment.path.bytes + path.dropFirst(old.count) : path
        }
        var arguments = arguments
        if let ownArgument { arguments[ownArgument] = moved(arguments[ownArgument]) }
        var command = ScriptCommand(
            scriptFolder: FilePath(bytes: moved(scriptFolder.bytes)), arguments: arguments, script: script, ownArgument: ownArgument)
        command.deployment = deployment
        return command
    }

    /// For people, one line.
    package var shown: String { arguments.map { Escaped.text($0) }.joined(separator: " ") }
}

/// Which program a job runs (contract §7), or why none can be run and what to do about it.
package enum ScriptChoice: Sendable, Equatable {
    case command(ScriptCommand)
    case problem(String)

    package var command: ScriptCommand? { if case .command(let command) = self { command } else { nil } }
    package var problem: String? { if case .problem(let text) = self { text } else { nil } }

    /// Looks into a job's folder.
    ///
    /// - Parameters:
    ///   - command: the setting `command`, which wins over every script.
    ///   - search: where interpreters are looked for.
    package static func choose(in folder: Folder, command: [String]? = nil, search: ProgramSearch) throws(FileError)
        -> ScriptChoice
    {
        choose(try JobLayout(folder), command: command, search: search)
    }

    static func choose(_ layout: JobLayout, command: [String]?, search: ProgramSearch) -> ScriptChoice {
        let finder = ScriptFinder(layout: layout, search: search)
        return command.map(finder.given) ?? finder.found()
    }
}

/// The search itself.
private struct ScriptFinder {
    let layout: JobLayout
    let search: ProgramSearch

    private var place: String { layout.scriptFolder.path.escaped }

    // MARK: `command`

    /// A program with a slash is relative to the folder of `settings.job`, where its author stood.
    func given(_ command: [String]) -> ScriptChoice {
        let base = layout.settingsFolder.path.absolute
        let name = command.first ?? ""
        let program: FilePath
        let isOwn = name.contains("/") && !name.hasPrefix("/")
        if name.contains("/") {
            program = name.hasPrefix("/") ? FilePath(name) : FilePath(bytes: base.bytes + Array("/\(name)".utf8))
            guard program.isProgram else {
                return .problem(
                    "\(base.escaped): \"command\" names \(program.escaped), which is missing or not executable; correct it in settings.job, or: chmod +x \(program.escaped)"
                )
            }
        } else {
            guard let found = search.find(Array(name.utf8)) else {
                let isHere = FileName(name).map(layout.has) ?? false
                let mend =
                    isHere
                    ? "for the file in the job's folder write \"./\(name)\"" : "install it, or write its absolute path"
                return .problem(
                    "\(base.escaped): \"command\" names the program \(Escaped.text(Array(name.utf8))), which is not in PATH (\(search.description)); \(mend)"
                )
            }
            program = found
        }
        return .command(
            ScriptCommand(
                scriptFolder: base, arguments: [program.bytes] + command.dropFirst().map { Array($0.utf8) }, script: nil,
                ownArgument: isOwn ? 0 : nil))
    }

    // MARK: The script

    func found() -> ScriptChoice {
        let files = layout.entries.filter { $0.target?.kind == .file && isCandidate($0.name) }.map(\.name)
        let runs = files.filter {
            $0.isLike("run") || ($0.beginsLike("run.") && !$0.bytes.dropFirst(4).contains(UInt8(ascii: ".")))
        }
        for type in ScriptType.known {
            if let script = runs.first(where: { $0.endsLike(type.suffix) }) { return interpret(script) }
        }
        if let script = runs.first(where: isProgram) { return interpret(script) }
        if let script = runs.first(where: isForWindows) { return windows(script) }
        for type in ScriptType.known {
            if let script = files.first(where: { $0.endsLike(type.suffix) }) { return interpret(script) }
        }
        if let script = files.first(where: isProgram) { return interpret(script) }
        if let script = files.first(where: isForWindows) { return windows(script) }
        return .problem(nothing(files))
    }

    /// Not settings, hooks, or what editors leave behind (an editor's backup copy keeps the x bit).
    private func isCandidate(_ name: FileName) -> Bool {
        if name.hasPrefix(".") || name.endsLike(".job") || name.beginsLike("on_start.") || name.beginsLike("on_stop.") {
            return false
        }
        return !["~", "#", ".bak", ".orig", ".old", ".swp", ".tmp", ".part", ".new"].contains { name.endsLike($0) }
    }

    private func path(_ script: FileName) -> FilePath { layout.scriptFolder.path.absolute.appending(script) }
    private func isProgram(_ script: FileName) -> Bool { path(script).isProgram && !isForWindows(script) }
    private func isForWindows(_ script: FileName) -> Bool { ScriptType.windows.contains { script.endsLike($0) } }

    /// A file with the x bit and `#!` says itself what runs it; else its type does; else it is a program, or, when it
    /// is text, a script of sh, as execvp(3) has it.
    private func interpret(_ script: FileName) -> ScriptChoice {
        let path = path(script)
        let isProgram = path.isProgram
        // What we may execute but not read is a program.
        let head = (try? layout.scriptFolder.readTarget(RelativePath(script), limit: Shebang.limit)) ?? [0]
        if isProgram, let shebang = Shebang(head) {
            if let problem = shebang.problem(search: search) { return .problem("\(path.escaped): \(problem)") }
            return run([path.bytes], script)
        }
        if let type = ScriptType.of(script) {
            guard let program = search.find(Array(type.program.utf8)) else {
                return .problem(
                    "\(path.escaped) needs \(type.program), which is not in PATH (\(search.description)); \(type.advice), or name another program with \"command\" in settings.job"
                )
            }
            return run([program.bytes] + type.options.map { Array($0.utf8) } + [path.bytes], script)
        }
        return run(head.contains(0) ? [path.bytes] : [Array("/bin/sh".utf8), path.bytes], script)
    }

    private func run(_ arguments: [[UInt8]], _ script: FileName) -> ScriptChoice {
        .command(
            ScriptCommand(
                scriptFolder: layout.scriptFolder.path.absolute, arguments: arguments, script: script, ownArgument: arguments.count - 1))
    }

    private func windows(_ script: FileName) -> ScriptChoice {
        .problem(
            "\(path(script).escaped) is a Windows program and does not run on Linux; add run.sh (or another type: \(types)), or name a program with \"command\" in settings.job"
        )
    }

    private var types: String { ScriptType.known.map(\.suffix).joined(separator: " ") }

    private func nothing(_ files: [FileName]) -> String {
        let near =
            files.first { $0.beginsLike("run") }.map {
                "; \($0.escaped) is there, but its type is unknown and it is not executable: chmod +x it"
            } ?? ""
        return
            "\(place): no script: looked for run with \(types), for any file of these types, and for an executable file\(near); add one, or name a program with \"command\" in settings.job"
    }
}

extension FilePath {
    /// The path from the root; a relative one is from the working directory of this process.
    var absolute: FilePath {
        if isAbsolute { return self }
        return FilePath.workingFolder.map { isEmpty ? $0 : FilePath(bytes: $0.bytes + [UInt8(ascii: "/")] + bytes) }
            ?? self
    }
}
