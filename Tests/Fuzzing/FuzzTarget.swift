/// What is fuzzed: each reads any bytes without a trap, and keeps its properties.
package enum FuzzTarget: String, CaseIterable, Sendable {
    case json, words, settings, envelope, record, status, outputs, watcher, name, glob

    package func check(_ bytes: [UInt8]) throws(Violation) {
        switch self {
        case .json: try TextProperties.json(bytes)
        case .words: try TextProperties.words(bytes)
        case .settings: try DocumentProperties.settings(bytes)
        case .envelope: try DocumentProperties.envelope(bytes)
        case .record: try DocumentProperties.record(bytes)
        case .status: try DocumentProperties.status(bytes)
        case .outputs: try DocumentProperties.outputs(bytes)
        case .watcher: try StreamProperties.watcher(bytes)
        case .name: try NameProperties.name(bytes)
        case .glob: try NameProperties.glob(bytes)
        }
    }
}

/// A property that does not hold.
package struct Violation: Error, CustomStringConvertible {
    package let description: String

    init(_ text: String) { description = text }
}

/// Throws unless a property holds.
func require(_ holds: Bool, _ property: @autoclosure () -> String) throws(Violation) {
    if !holds { throw Violation(property()) }
}
