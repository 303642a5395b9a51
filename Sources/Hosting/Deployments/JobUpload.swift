import Files
import Glibc
import SystemPackage

/// Puts a new version of a job in the place of the old one: prepared beside it, checked as `bobbin check` does, then
/// exchanged with it in one step. Whatever fails before leaves the old one as it was. The old one is kept under
/// `jobs/KIND/.previous/NAME`, for the way back.
package struct JobUpload {
    package let key: JobKey
    /// `jobs/KIND`.
    private let kindFolder: Folder

    private static let previous = FileName(".previous" as StaticString)
    private static let draftPrefix = ".upload-"

    /// Makes `jobs/KIND` when it is missing.
    package init(_ key: JobKey, jobs: FilePath) throws(FileError) {
        self.key = key
        kindFolder = try Folder.make(jobs.appending(key.kind.folder), mode: 0o755)
    }

    package var path: FilePath { kindFolder.path.appending(key.name) }

    package struct Report: Sendable {
        package let files: Int
        /// There was one before, which is kept.
        package let hasPrevious: Bool
        /// `disable.job` was there, and is again: the job stays stopped.
        package let isStillDisabled: Bool
        /// Settings of the old version that the new one has none of.
        package let hasLostSettings: Bool
    }

    package enum Failure: Error, CustomStringConvertible {
        /// What is to be deployed would not run; nothing was changed.
        case problems([String])
        case failed(DeployFailure)

        package var description: String {
            switch self {
            case .problems(let problems): problems.joined(separator: "\n")
            case .failed(let failure): failure.description
            }
        }
    }

    // MARK: Deploying

    /// - Parameter source: a folder, a zip file, or a single script. Blocks.
    package func deploy(_ source: FilePath, surroundings: JobFolder.Surroundings = JobFolder.Surroundings()) throws(Failure) -> Report {
        Self.removeRemains(in: kindFolder)
        let draftName = RelativePath(FileName("\(Self.draftPrefix)\(getpid())") ?? key.name)
        do throws(DeployFailure) {
            let draft = try DeployFailure.wrap { () throws(FileError) in
                try kindFolder.makeFolder(draftName, mode: 0o700)
                let draft = try kindFolder.folder(draftName)
                // Tells others that it is not a remainder.
                _ = try draft.file.tryLock()
                try draft.makeFolder(RelativePath(key.name), mode: 0o755)
                return draft
            }
            defer { _ = try? kindFolder.removeTree(draftName) }
            let target = try DeployFailure.wrap { () throws(FileError) in try draft.folder(RelativePath(key.name)) }
            try fill(target, from: source)
            let isDisabled = try keepDisabled(target)
            let problems = try check(in: draft, surroundings)
            guard problems.isEmpty else { throw DeployFailure.refused(problems.joined(separator: "\n")) }
            let files = try JobTree.look(at: target, now: surroundings.clocks.now()).entries.count { $0.stamp.kind == .file }
            let hasLostSettings = hasSettings(path) && !hasSettings(target.path)
            let hadOld = kindFolder.exists(RelativePath(key.name))
            try swap(draft)
            return Report(files: files, hasPrevious: hadOld, isStillDisabled: isDisabled, hasLostSettings: hasLostSettings)
        } catch {
            if case .refused(let text) = error { throw .problems([text]) }
            throw .failed(error)
        }
    }

    private func fill(_ target: Folder, from source: FilePath) throws(DeployFailure) {
        if let folder = try? Folder.open(source) {
            guard !target.path.bytes.starts(with: folder.path.absolute.bytes + [UInt8(ascii: "/")]) else {
                throw .refused("\(source.escaped) holds the folder of the jobs themselves; name the folder of one job")
            }
            return try copy(folder, to: target)
        }
        guard let name = source.name else { throw .refused("\(source.escaped) is neither a folder nor a file") }
        let parent = source.removingLastComponent()
        let file = try DeployFailure.wrap { () throws(FileError) in
            try Folder.open(parent.isEmpty ? "." : parent).open(RelativePath(name))
        }
        let stamp = try DeployFailure.wrap { () throws(FileError) in try file.stamp() }
        guard stamp.kind == .file else {
            throw .refused("\(source.escaped) is \(stamp.kind.words); a folder, a zip file or a script is expected")
        }
        let head = try DeployFailure.wrap { () throws(FileError) in try file.read(at: 0, count: 4) }
        if ZipArchive.magic.contains(head) || name.endsLike(".zip") { return try ZipArchive(file).unpack(into: target) }
        try DeployFailure.wrap { () throws(FileError) in
            let copy = try target.create(RelativePath(name))
            try Folder.fill(copy, from: file)
            try copy.setMode(stamp.permissions & 0o755)
        }
    }

    /// All that is deployed of a job's folder, and its settings.
    private func copy(_ folder: Folder, to target: Folder) throws(DeployFailure) {
        let layout = try DeployFailure.wrap { () throws(FileError) in try JobLayout(folder) }
        let tree = try JobTree(layout, now: Clocks.system.now())
        _ = try SnapshotCopy(tree: tree, digest: nil, target: target).make()
        for inner in layout.folders {
            try DeployFailure.wrap { () throws(FileError) in
                guard let bytes = try inner.readTarget(RelativePath(JobLayout.settingsName), limit: JobSettings.sizeLimit + 1) else {
                    return
                }
                let rest = inner.path.bytes.dropFirst(folder.path.bytes.count + 1)
                let place = RelativePath(path: rest).map { $0 / JobLayout.settingsName } ?? RelativePath(JobLayout.settingsName)
                try target.write(bytes, toNew: place, mode: 0o644)
            }
        }
        let after = try JobTree(try DeployFailure.wrap { () throws(FileError) in try JobLayout(folder) }, now: Clocks.system.now())
        guard after.fingerprint == tree.fingerprint else { throw .changing(after.newestPath) }
    }

    /// A job that was stopped stays stopped: a new version must not start it, still less half of one.
    private func keepDisabled(_ target: Folder) throws(DeployFailure) -> Bool {
        guard key.kind == .continuous else { return false }
        let name = RelativePath(JobLayout.disableName)
        return try DeployFailure.wrap { () throws(FileError) in
            guard let old = try? JobLayout(try Folder.open(path)), old.folders.contains(where: { $0.exists(name) }) else { return false }
            let new = try JobLayout(target)
            if !new.scriptFolder.exists(name) { try new.scriptFolder.write([], toNew: name, mode: 0o644) }
            return true
        }
    }

    private func check(in draft: Folder, _ surroundings: JobFolder.Surroundings) throws(DeployFailure) -> [String] {
        let loaded = try DeployFailure.wrap { () throws(FileError) in
            try JobFolder.load(key.name, key.kind, in: draft, surroundings: surroundings)
        }
        // As they will be named once it is in its place.
        return loaded.problems.map { $0.replacing(draft.path.escaped, with: kindFolder.path.escaped) }
    }

    private func hasSettings(_ path: FilePath) -> Bool {
        guard let layout = try? JobLayout(try Folder.open(path)) else { return false }
        return layout.settingsFolder.exists(RelativePath(JobLayout.settingsName))
    }

    // MARK: Exchanging

    private func swap(_ draft: Folder) throws(DeployFailure) {
        let name = RelativePath(key.name)
        try DeployFailure.wrap { () throws(FileError) in
            // A power cut must not leave the new name with half of the content.
            try draft.syncFileSystem()
            if kindFolder.exists(name) {
                try exchange(draft, name)
                let previous = try Folder.make(kindFolder.path.appending(Self.previous), mode: 0o700)
                try previous.removeTree(name)
                _ = try draft.move(name, to: previous, as: name)
            } else if try draft.move(name, to: kindFolder, as: name) != .moved {
                throw FileError(.move, path.escaped, .fileExists)
            }
            try kindFolder.file.sync()
        }
    }

    private func exchange(_ other: Folder, _ name: RelativePath) throws(FileError) {
        do throws(FileError) {
            try kindFolder.exchange(name, with: other, name)
        } catch  where error.code == .invalidArgument || error.code == .noFunction {
            // For a moment the name leads nowhere; a running orchestrator waits a second before it takes a job for gone.
            let aside = RelativePath(FileName("\(Self.draftPrefix)aside-\(getpid())") ?? key.name)
            try kindFolder.replace(name, to: kindFolder, as: aside)
            do throws(FileError) {
                try other.replace(name, to: kindFolder, as: name)
            } catch {
                _ = try? kindFolder.replace(aside, to: kindFolder, as: name)
                throw error
            }
            try kindFolder.replace(aside, to: other, as: name)
        }
    }

    /// Exchanges the version in force with the one before; done twice, all is as it was.
    ///
    /// - Returns: false when there is none before.
    package func rollBack() throws(Failure) -> Bool {
        do throws(DeployFailure) {
            return try DeployFailure.wrap { () throws(FileError) in
                let name = RelativePath(key.name)
                guard let previous = try? kindFolder.folder(RelativePath(Self.previous)), previous.exists(name) else { return false }
                if kindFolder.exists(name) {
                    try exchange(previous, name)
                } else {
                    _ = try previous.move(name, to: kindFolder, as: name)
                }
                try kindFolder.file.sync()
                return true
            }
        } catch {
            throw .failed(error)
        }
    }

    /// Removes what uploads that were cut off have left.
    package static func removeRemains(in kindFolder: Folder) {
        for name in (try? kindFolder.names()) ?? [] where name.escaped.hasPrefix(draftPrefix) {
            guard let draft = try? kindFolder.folder(RelativePath(name)), (try? draft.file.isLocked()) != true else { continue }
            _ = try? kindFolder.removeTree(RelativePath(name))
        }
    }
}
