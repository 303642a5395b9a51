/// One entry of `environment`: a name and a text in which `${NAME}` stands for a variable of the orchestrator's own
/// environment at the time of the run. Every other `$` is a dollar sign, also two in a row.
package struct EnvironmentVariable: Sendable, Equatable {
    package let name: String
    package let text: String

    package init(_ name: String, _ text: String) {
        self.name = name
        self.text = text
    }

    /// A reference to a variable that the orchestrator does not have. The run is not started: an empty password or
    /// path in its place does harm.
    package struct Unresolved: Error, Equatable, CustomStringConvertible {
        package let variable: String
        package let reference: String

        package var description: String {
            "environment.\(variable): the orchestrator's environment has no \(reference); set it before starting bobbin, or write the value itself"
        }
    }

    /// The value for a run.
    ///
    /// - Parameter lookup: the orchestrator's environment. Values are bytes, as the kernel keeps them.
    package func value(lookup: (String) -> [UInt8]?) throws(Unresolved) -> [UInt8] {
        var value: [UInt8] = []
        for part in Self.parts(text) ?? [.literal(text)] {
            switch part {
            case .literal(let text): value += Array(text.utf8)
            case .reference(let other):
                guard let found = lookup(other) else { throw Unresolved(variable: name, reference: other) }
                value += found
            }
        }
        return value
    }

    enum Part: Equatable {
        case literal(String)
        case reference(String)
    }

    /// The text cut at its references; nil when a `${` is not followed by a name and `}`.
    static func parts(_ text: String) -> [Part]? {
        var parts: [Part] = []
        var literal = ""
        var rest = Substring(text)
        while let first = rest.first {
            guard rest.hasPrefix("${") else {
                literal.append(first)
                rest = rest.dropFirst()
                continue
            }
            guard let end = rest.firstIndex(of: "}") else { return nil }
            let name = String(rest[..<end].dropFirst(2))
            guard isName(name) else { return nil }
            if !literal.isEmpty { parts.append(.literal(literal)) }
            literal = ""
            parts.append(.reference(name))
            rest = rest[rest.index(after: end)...]
        }
        return literal.isEmpty ? parts : parts + [.literal(literal)]
    }

    /// Letters, digits and underscores of ASCII, not beginning with a digit (POSIX.1-2017, chapter 8.1).
    static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return text.utf8.allSatisfy {
            $0 == UInt8(ascii: "_") || ($0 < 0x80 && UnicodeScalar($0).properties.isAlphabetic)
                || (0x30...0x39).contains($0)
        }
    }
}

extension JobSettings {
    /// `environment` for a run, in order.
    package func resolvedEnvironment(
        lookup: (String) -> [UInt8]?
    ) throws(EnvironmentVariable.Unresolved) -> [(name: String, value: [UInt8])] {
        var resolved: [(name: String, value: [UInt8])] = []
        for variable in environment { resolved.append((variable.name, try variable.value(lookup: lookup))) }
        return resolved
    }
}
