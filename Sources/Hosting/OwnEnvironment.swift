import Files
import Glibc

/// The orchestrator's own environment variables, as bytes: what `${NAME}` in settings takes its value from.
package struct OwnEnvironment: Sendable, Equatable {
    package let values: [String: [UInt8]]

    package init(_ values: [String: [UInt8]]) { self.values = values }

    /// Those of this process, read now. Names that are not UTF-8 cannot be asked for and are left out.
    package static func current() -> OwnEnvironment {
        var values: [String: [UInt8]] = [:]
        var entry = environ
        while let text = entry.pointee {
            let bytes = UnsafeRawBufferPointer(start: text, count: strlen(text))
            if let equals = bytes.firstIndex(of: UInt8(ascii: "=")),
                let name = String(validating: bytes[..<equals], as: UTF8.self)
            {
                values[name] = Array(bytes[(equals + 1)...])
            }
            entry += 1
        }
        return OwnEnvironment(values)
    }

    package subscript(name: String) -> [UInt8]? { values[name] }

    /// Where the programs of a job are looked for: in the `PATH` that its settings give it, else in our own.
    package func search(for settings: JobSettings) -> ProgramSearch {
        let given = settings.environment.last { $0.name == "PATH" }.flatMap { try? $0.value { self[$0] } }
        return (given ?? self["PATH"]).map(ProgramSearch.init) ?? .standard
    }
}
