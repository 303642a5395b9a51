import Documents

/// The values a key takes. The check of a value (`SettingType+Check.swift`), the words of its error message and the
/// published schema (`SettingType+Schema.swift`) are all made from this one description.
indirect enum SettingType: Sendable {
    case flag
    case whole(ClosedRange<Int64>)
    case number(ClosedRange<Double>)
    /// Seconds as a number, or a text that `DurationText` reads.
    case duration(ClosedRange<Duration>)
    case word([String])
    case text(TextForm)
    /// - Parameter isUnique: no value twice.
    case list(SettingType, count: ClosedRange<Int>, isUnique: Bool)
    /// An object with these keys, each optional.
    case object([SettingField])
    /// An object with keys of the user's choice.
    case map(keys: TextForm, values: SettingType)
    /// One of several forms.
    case either([SettingType])
    /// A form that a later version takes: known, and not checked.
    case later

    /// "a whole number from 1 to 1000": what was expected, for error messages.
    var words: String {
        switch self {
        case .flag: "true or false"
        case .whole(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .number(let range): "a number from \(Self.short(range.lowerBound)) to \(Self.short(range.upperBound))"
        case .duration(let range):
            "a duration from \(DurationText.text(range.lowerBound)) to \(DurationText.text(range.upperBound)) (\(DurationText.expectation))"
        case .word(let words): words.map { "\"\($0)\"" }.joined(separator: " or ")
        case .text(let form): form.words
        case .list(let element, let count, _):
            count.lowerBound > 0
                ? "a list of at least \(count.lowerBound): \(element.words)" : "a list, each \(element.words)"
        case .object(let fields): "an object with " + fields.map { "\"\($0.name)\"" }.joined(separator: ", ")
        case .map(let keys, let values): "an object; each key \(keys.words), each value \(values.words)"
        case .either(let forms): forms.map(\.words).joined(separator: ", or ")
        case .later: "a value of a later version"
        }
    }

    static func short(_ number: Double) -> String {
        number == number.rounded() && abs(number) < 1e15 ? String(Int64(number)) : String(number)
    }
}

/// One key of an inner object.
struct SettingField: Sendable {
    let name: String
    let type: SettingType
    let meaning: String

    init(_ name: String, _ type: SettingType, _ meaning: String) {
        self.name = name
        self.type = type
        self.meaning = meaning
    }
}

/// What a text must look like.
enum TextForm: Sendable {
    /// Any text without NUL: an argument of a program.
    case argument
    /// A name for an environment variable that is the job's to set.
    case variableName
    /// A value with `${NAME}` in it.
    case template
    case glob
    case ignoreGlob
    case absolutePath
    case octal
    case exitCodes
    case schedule
    case zone
    /// A user or a group.
    case account
    /// A number of bytes.
    case size
    /// The address of this schema, for editors.
    case address

    var words: String {
        switch self {
        case .argument: "text without a NUL character"
        case .variableName:
            "a variable name (letters, digits and \"_\", not first a digit) that does not begin with BOBBIN_ or WEBJOBS_"
        case .template: "text, in which \"${NAME}\" is closed and holds a variable name"
        case .glob: "a glob on the file name such as \"*.csv\": not empty, no \"/\", each \"[\" closed by \"]\""
        case .ignoreGlob:
            "a glob on the file name such as \"*.log\", or with \"!\" before it to take such names: not empty, no \"/\", each \"[\" closed by \"]\""
        case .absolutePath: "an absolute path (it begins with \"/\")"
        case .octal: "octal digits in quotes from \"000\" to \"777\""
        case .exitCodes: "exit codes from 0 to 255 such as \"3\", \"10-19\" or \"3, 10-19\""
        case .schedule: "a schedule such as \"0 30 4 * * *\", \"@daily\" or \"@every 90s\""
        case .zone: "the IANA name of a time zone such as \"Europe/Berlin\""
        case .account: "a name or a number as in /etc/passwd and /etc/group"
        case .size: "a size such as \"512M\" or \"2G\""
        case .address: "text"
        }
    }

    /// A regular expression of ECMA 262 (and Python) that tells the form, for the schema.
    var pattern: String {
        switch self {
        case .argument: "^[^\\u0000]*$"
        case .variableName: "^(?!BOBBIN_|WEBJOBS_)[A-Za-z_][A-Za-z0-9_]*$"
        case .template: "^([^$\\u0000]|\\$(?!\\{)|\\$\\{[A-Za-z_][A-Za-z0-9_]*\\})*$"
        case .glob: Self.globPattern
        case .ignoreGlob: "^(?!!$)!?" + Self.globPattern.dropFirst()
        case .absolutePath: "^/[^\\u0000]*$"
        case .octal: "^[0-7]{1,3}$"
        case .exitCodes:
            "^ *\(Self.code) *(- *\(Self.code) *)?(, *\(Self.code) *(- *\(Self.code) *)?)*$"
        case .schedule: "^[^\\u0000]+$"
        case .zone: "^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$"
        case .account: "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,30}\\$?$"
        case .size: "^([1-9][0-9]{0,14}|[1-9][0-9]{0,8}[KM]|[1-9][0-9]{0,5}G|[1-9][0-9]{0,3}T)$"
        case .address: ""
        }
    }

    private static let code = "(0?[0-9]{1,2}|1[0-9][0-9]|2[0-4][0-9]|25[0-5])"
    private static let globPattern =
        #"^([^/\[\\\u0000]|\\[^/\u0000]|\[[!^]\#(inBrackets)\]|\[(?![!^])\#(inBrackets)\])+$"#
    /// A `]` in the first place is one of the characters.
    private static let inBrackets = #"(\][^\]/\u0000]*|[^\]/\u0000]+)"#

    func accepts(_ text: String) -> Bool {
        if text.utf8.contains(0) { return false }
        switch self {
        case .argument, .address: return true
        case .schedule: return !text.isEmpty
        case .zone:
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            return text.first?.isASCII == true && text.first?.isLetter == true
                && parts.allSatisfy { part in
                    !part.isEmpty
                        && part.utf8.allSatisfy {
                            $0 < 128
                                && (Character(UnicodeScalar($0)).isLetter || Character(UnicodeScalar($0)).isNumber
                                    || "_+-".utf8.contains($0))
                        }
                }
        case .variableName:
            return EnvironmentVariable.isName(text) && !text.hasPrefix("BOBBIN_") && !text.hasPrefix("WEBJOBS_")
        case .template: return EnvironmentVariable.parts(text) != nil
        case .glob: return GlobSyntax.isSound(text)
        case .ignoreGlob: return GlobSyntax.isSound(text.hasPrefix("!") ? String(text.dropFirst()) : text)
        case .absolutePath: return text.hasPrefix("/")
        case .octal: return (1...3).contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x37).contains($0) }
        case .exitCodes: return ExitCodeSet.ranges(text) != nil
        case .account: return ResourceLimits.isAccount(text)
        case .size: return ResourceLimits.size(text) != nil
        }
    }
}
