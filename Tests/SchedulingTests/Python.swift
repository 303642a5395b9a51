import Glibc
import Testing

/// Runs a Python script, gives it text, and returns what it prints.
enum Python {
    static func run(_ script: String, input: String) throws -> String {
        let folder = "/tmp/bobbin-scheduling-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        try #require(mkdir(folder, 0o700) == 0)
        defer { for name in ["script", "input", "output", ""] { remove("\(folder)/\(name)") } }
        for (name, text) in [("script", script), ("input", input)] {
            let file = try #require(fopen("\(folder)/\(name)", "we"))
            fputs(text, file)
            fclose(file)
        }
        let code = system("python3 \(folder)/script < \(folder)/input > \(folder)/output 2>&1")
        let file = try #require(fopen("\(folder)/output", "re"))
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let text = String(decoding: bytes[..<fread(&bytes, 1, bytes.count, file)], as: UTF8.self)
        #expect(code == 0, "\(text)")
        return text
    }
}
