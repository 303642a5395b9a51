import Documents
import Files

/// The values a script wrote into `$BOBBIN_OUTPUT`: lines `name=value`, and `name<<END` … `END` for values of several
/// lines (contract §5). Never commands; a line that is neither is reported, not guessed at.
package enum OutputValues {
    /// Bytes read; what lies beyond is reported.
    package static let sizeLimit = 256 * 1024

    package static func parse(_ bytes: [UInt8]) -> (values: [JSON.Member], problems: [String]) {
        var values: [JSON.Member] = []
        var problems: [String] = []
        func set(_ name: String, _ value: String) {
            values.removeAll { $0.key == name }
            values.append(JSON.Member(name, .string(value)))
        }
        if bytes.count >= sizeLimit { problems.append("outputs beyond \(sizeLimit) bytes were not read") }
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { text(of: $0) }
        var index = 0
        while index < lines.count {
            let line = lines[index]
            index += 1
            if line.isEmpty { continue }
            let marker = line.range(of: "<<")
            let equals = line.firstIndex(of: "=")
            if let marker, equals.map({ marker.lowerBound < $0 }) ?? true {
                let name = String(line[..<marker.lowerBound])
                let end = String(line[marker.upperBound...])
                guard isName(name), !end.isEmpty, let last = lines[index...].firstIndex(of: end) else {
                    problems.append("output line \(index): no line \"\(end)\" ends the value of \"\(name)\"")
                    break
                }
                set(name, lines[index..<last].joined(separator: "\n"))
                index = last + 1
            } else if let equals, isName(String(line[..<equals])) {
                set(String(line[..<equals]), String(line[line.index(after: equals)...]))
            } else {
                problems.append("output line \(index): expected name=value")
            }
        }
        return (values, problems)
    }

    /// UTF-8 as it stands; other bytes shown escaped, since a status file is UTF-8.
    private static func text(of line: ArraySlice<UInt8>) -> String {
        let bytes = Array(line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
        return String(validating: bytes, as: UTF8.self) ?? Escaped.text(bytes)
    }

    private static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 128 && text.allSatisfy { $0.isLetter || $0.isNumber || "_.-".contains($0) }
    }
}

extension String {
    /// The first place of a text inside this one.
    func range(of text: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}
