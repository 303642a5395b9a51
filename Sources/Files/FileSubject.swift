import SystemPackage

/// What a call was about, for messages. Most calls that fail are expected to (nothing has the name), so the words are
/// made only when somebody reads them.
package struct FileSubject: Sendable, Equatable, CustomStringConvertible, ExpressibleByStringInterpolation {
    private enum Form: Sendable {
        case text(String)
        case path(FilePath)
        case place(FilePath, RelativePath)
    }

    private let form: Form

    package init(text: String) { form = .text(text) }
    package init(stringLiteral text: String) { form = .text(text) }
    package init(_ path: FilePath) { form = .path(path) }
    package init(_ folder: FilePath, _ place: RelativePath) { form = .place(folder, place) }

    package static func == (left: FileSubject, right: FileSubject) -> Bool { left.description == right.description }

    /// The path as it may be shown (escaped).
    package var description: String {
        switch form {
        case .text(let text): text
        case .path(let path): path.escaped
        case .place(let folder, let place): folder.escaped + "/" + place.escaped
        }
    }
}
