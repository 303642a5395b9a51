import Files
import SystemPackage

/// Who besides the user of bobbin can change what a job runs: its folder, its settings, its script or program
/// (contract §12).
struct Exposure {
    private struct Part {
        let path: String
        let stamp: Stamp
    }

    private let parts: [Part]

    init(_ layout: JobLayout, _ script: ScriptChoice) throws(FileError) {
        var parts: [Part] = []
        for folder in layout.folders { parts.append(Part(path: folder.path.escaped, stamp: try folder.file.stamp())) }
        func add(_ name: FileName, in folder: Folder) throws(FileError) {
            guard let stamp = try folder.target(RelativePath(name)) else { return }
            parts.append(Part(path: folder.path.appending(name).escaped, stamp: stamp))
        }
        try add(JobLayout.settingsName, in: layout.settingsFolder)
        if let name = script.command?.script {
            try add(name, in: layout.scriptFolder)
        } else if let program = script.command?.arguments.first {
            // Named by `command`.
            let path = FilePath(bytes: program).lexicallyNormalized()
            if let name = path.name { try add(name, in: try Folder.open(path.removingLastComponent())) }
        }
        self.parts = parts
    }

    /// What every user may change; nil when nothing.
    var warning: String? {
        let open = parts.filter { $0.stamp.permissions & 0o002 != 0 }.map(\.path)
        return open.isEmpty ? nil : "\(open.joined(separator: ", ")) can be changed by every user; chmod o-w \(open.joined(separator: " "))"
    }

    /// Why root must not run it, and the mend; nil when root alone can change it.
    var problemForRoot: String? {
        let open = parts.filter { $0.stamp.permissions & 0o022 != 0 }.map(\.path)
        let foreign = parts.filter { $0.stamp.owner != 0 }.map(\.path)
        var reasons: [String] = []
        var mends: [String] = []
        if !open.isEmpty {
            reasons.append("\(open.joined(separator: ", ")) can be changed by others than root")
            mends.append("chmod go-w \(open.joined(separator: " "))")
        }
        if !foreign.isEmpty {
            reasons.append("\(foreign.joined(separator: ", ")) can be changed by its owner, who is not root")
            mends.append("chown root \(foreign.joined(separator: " "))")
        }
        guard !reasons.isEmpty else { return nil }
        let (why, mend) = (reasons.joined(separator: "; "), mends.joined(separator: " && "))
        return "\(why), while bobbin runs as root: \(mend), or run bobbin as another user"
    }
}
