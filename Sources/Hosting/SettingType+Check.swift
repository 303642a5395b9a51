import Documents

/// What a check of one value found: which key (with its inner keys), at which line, and what is wrong.
struct Fault: Equatable {
    let key: String
    let line: Int
    let message: String
}

extension SettingType {
    /// All that is wrong with a value; nothing when it may be used.
    func faults(in value: JSON, key: String, line: Int) -> [Fault] {
        let mismatch = [Fault(key: key, line: line, message: "expected \(words), found \(Self.found(value))")]
        switch self {
        case .flag: return value.bool == nil ? mismatch : []
        case .whole(let range): return value.integer.map(range.contains) ?? false ? [] : mismatch
        case .number(let range): return value.double.map(range.contains) ?? false ? [] : mismatch
        case .duration(let range): return value.duration.map(range.contains) ?? false ? [] : mismatch
        case .word(let words): return value.string.map(words.contains) ?? false ? [] : mismatch
        case .text(let form):
            return value.string.map(form.accepts) ?? false
                ? [] : (form.isSecret ? secret(value, key: key, line: line) : mismatch)
        case .list(let element, let count, let isUnique):
            guard let elements = value.array else { return mismatch }
            guard count.contains(elements.count) else {
                return [
                    Fault(
                        key: key, line: line,
                        message: "expected \(count.lowerBound) to \(count.upperBound) values, found \(elements.count)")
                ]
            }
            return elements.enumerated().flatMap { index, inner in
                isUnique && elements[..<index].contains(inner)
                    ? [
                        Fault(
                            key: "\(key)[\(index)]", line: line,
                            message: "\(Self.found(inner)) is listed twice; remove one")
                    ]
                    : element.faults(in: inner, key: "\(key)[\(index)]", line: line)
            }
        case .object(let fields):
            guard let members = value.members else { return mismatch }
            return members.flatMap { member in
                let inner = "\(key).\(member.key)"
                if let field = fields.first(where: { $0.name == member.key }) {
                    return field.type.faults(in: member.value, key: inner, line: member.line)
                }
                return [
                    Fault(key: inner, line: member.line, message: Self.unknown(member.key, known: fields.map(\.name)))
                ]
            }
        case .map(let keys, let values):
            guard let members = value.members else { return mismatch }
            return members.flatMap { member in
                let inner = "\(key).\(member.key)"
                return keys.accepts(member.key)
                    ? values.faults(in: member.value, key: inner, line: member.line)
                    : [Fault(key: inner, line: member.line, message: "expected \(keys.words)")]
            }
        case .either(let forms):
            let fitting = forms.filter { $0.fits(value) }
            let answers = fitting.map { $0.faults(in: value, key: key, line: line) }
            if answers.contains([]) { return [] }
            return answers.count == 1 ? answers[0] : mismatch
        case .later: return []
        }
    }

    private func secret(_ value: JSON, key: String, line: Int) -> [Fault] {
        [
            Fault(
                key: key, line: line,
                message: "expected \(words), found \(value.string == nil ? Self.found(value) : "other text")")
        ]
    }

    /// Whether the value is of the kind that this form is about.
    private func fits(_ value: JSON) -> Bool {
        switch (self, value) {
        case (.flag, .bool), (.whole, .integer), (.whole, .number), (.number, .integer), (.number, .number): true
        case (.duration, .integer), (.duration, .number), (.duration, .string), (.word, .string), (.text, .string): true
        case (.list, .array), (.object, .object), (.map, .object): true
        case (.either(let forms), _): forms.contains { $0.fits(value) }
        case (.later, _): true
        default: false
        }
    }

    /// `unknown; did you mean "max_attempts"?`
    static func unknown(_ key: String, known: [String]) -> String {
        if let nearest = Suggestion.nearest(to: key, among: known) { return "unknown; did you mean \"\(nearest)\"?" }
        return known.count <= 8
            ? "unknown; the keys here are \(known.joined(separator: ", "))"
            : "unknown; remove it, or see all keys with: bobbin schema"
    }

    /// `text "five"`, `7`, `a list`: a value in an error message, short and on one line.
    static func found(_ value: JSON) -> String {
        switch value {
        case .null: "null"
        case .bool(let value): String(value)
        case .integer(let value): String(value)
        case .number(let value): String(value)
        case .string(let text):
            "text " + JSON.string(text.count > 40 ? text.prefix(40) + "…" : text).compact
        case .array(let elements): elements.isEmpty ? "an empty list" : "a list"
        case .object: "an object"
        }
    }
}

extension TextForm {
    /// Values that may be passwords are not repeated in messages.
    var isSecret: Bool {
        switch self {
        case .template: true
        case .argument, .variableName, .glob, .ignoreGlob, .absolutePath, .octal, .exitCodes, .account, .size, .schedule, .zone, .address:
            false
        }
    }
}

extension JSON {
    /// A duration as settings give it: seconds, or text.
    var duration: Duration? {
        double.flatMap(DurationText.duration(seconds:)) ?? string.flatMap(DurationText.parse)
    }
}
