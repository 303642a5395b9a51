import Files
import Glibc
import SystemPackage

/// The first line of a script that names its interpreter (execve(2)): checked before a run, since the kernel's answer
/// to a missing interpreter, "No such file or directory" on the script, misleads.
struct Shebang: Equatable {
    /// The kernel looks at no more bytes (BINPRM_BUF_SIZE since Linux 5.1).
    static let limit = 256

    let line: [UInt8]

    init?(_ head: [UInt8]) {
        guard head.starts(with: "#!".utf8) else { return nil }
        line = Array(head.dropFirst(2).prefix { $0 != UInt8(ascii: "\n") })
    }

    /// Why the script cannot be started, and the mend; nil when it can.
    func problem(search: ProgramSearch) -> String? {
        if line.last == UInt8(ascii: "\r") {
            return
                "its lines end as on Windows, so Linux looks for an interpreter with a carriage return in its name; mend it with: sed -i 's/\\r$//' FILE"
        }
        let words = line.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }.map(Array.init)
        guard let interpreter = words.first else {
            return "\"#!\" in its first line names no interpreter; write #!/bin/sh"
        }
        guard interpreter.first == UInt8(ascii: "/"), FilePath(bytes: interpreter).isProgram else {
            return
                "its interpreter \(Escaped.text(interpreter)) (first line) is missing or not executable; install it or correct the line"
        }
        guard FilePath(bytes: interpreter).name == FileName("env") else { return nil }
        // `env -S`, `env NAME=value`: what follows them is the program.
        let program = words.dropFirst().first { !$0.starts(with: "-".utf8) && !$0.contains(UInt8(ascii: "=")) }
        guard let program, !program.contains(UInt8(ascii: "/")), search.find(program) == nil else { return nil }
        return
            "its interpreter \(Escaped.text(program)) (first line) is not in PATH (\(search.description)); install it or correct the line"
    }
}

extension FilePath {
    /// The working directory of this process.
    static var workingFolder: FilePath? {
        guard let text = getcwd(nil, 0) else { return nil }
        defer { free(text) }
        return FilePath(platformString: text)
    }
}
