import Files

/// A kind of script, told by the end of its name, and the program that runs it.
struct ScriptType: Sendable {
    /// With the dot, in lower case; the end of a name is compared without regard to case, as WebJobs does.
    let suffix: String
    let program: String
    /// Between the program and the script.
    let options: [String]
    /// What to do when the program is missing.
    let advice: String

    /// In the order of contract §7: of two scripts the one of the earlier type runs.
    static let known = [
        ScriptType(suffix: ".sh", program: "bash", options: [], advice: "apt install bash"),
        ScriptType(suffix: ".py", program: "python3", options: [], advice: "apt install python3"),
        ScriptType(suffix: ".js", program: "node", options: [], advice: "apt install nodejs"),
        ScriptType(suffix: ".php", program: "php", options: [], advice: "apt install php-cli"),
        ScriptType(suffix: ".rb", program: "ruby", options: [], advice: "apt install ruby"),
        ScriptType(suffix: ".pl", program: "perl", options: [], advice: "apt install perl"),
        ScriptType(suffix: ".ps1", program: "pwsh", options: ["-File"], advice: "install PowerShell for Linux"),
        ScriptType(suffix: ".jar", program: "java", options: ["-jar"], advice: "apt install default-jre-headless"),
        ScriptType(suffix: ".dll", program: "dotnet", options: [], advice: "install the .NET runtime"),
    ]

    /// Types that WebJobs run on Windows.
    static let windows = [".cmd", ".bat", ".exe"]

    static func of(_ name: FileName) -> ScriptType? { known.first { name.endsLike($0.suffix) } }
}

extension FileName {
    /// Whether the name ends with a text in lower case, without regard to the case of its own letters.
    func endsLike(_ suffix: String) -> Bool {
        bytes.count > suffix.utf8.count && lowered.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
    }

    func beginsLike(_ prefix: String) -> Bool { lowered.starts(with: prefix.utf8) }

    func isLike(_ text: String) -> Bool { lowered.elementsEqual(text.utf8) }

    private var lowered: [UInt8] { bytes.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 } }
}
