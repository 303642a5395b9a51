import Documents
import Files

/// One thing that is wrong with a settings file, and what to do about it.
package struct SettingsProblem: Sendable, Equatable, CustomStringConvertible {
    /// As it may be shown.
    package let file: String
    /// From 1.
    package let line: Int
    /// The key as it is written in the file, those of inner objects with a dot; nil when the text as a whole is wrong.
    package let key: String?
    package let message: String

    package init(file: String, line: Int, key: String?, message: String) {
        self.file = file
        self.line = line
        self.key = key
        self.message = message.printable
    }

    /// `FILE:LINE: key "KEY": MESSAGE`, a form in which editors and people find the place.
    package var description: String {
        let place = key.map { "key \"\(Escaped.text(Array($0.utf8)))\": " } ?? ""
        return "\(file):\(line): \(place)\(message)"
    }

    package var json: JSON {
        ["file": .string(file), "line": .integer(Int64(line)), "key": JSON(key), "message": .string(message)]
    }
}

/// All that is wrong with one settings file, in the order of its lines. Never empty.
package struct SettingsProblems: Error, Sendable, Equatable, CustomStringConvertible {
    package let all: [SettingsProblem]

    package init(_ problems: [SettingsProblem]) { all = problems }

    package var description: String { all.map(\.description).joined(separator: "\n") }
}
