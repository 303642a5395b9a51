import Files

/// What lies in a job's folder and is no part of its deployment: what describes the job rather than being run, and what
/// version control, editors and interpreters keep beside the files they work on. A change of it changes nothing.
enum Undeployed {
    /// Read from the job's folder itself, whatever is deployed.
    static func describesJob(_ name: FileName) -> Bool { name == JobLayout.settingsName || name == JobLayout.disableName }

    /// - Parameter isBesideScript: in the folder that bears the job's name, or that of the script.
    static func holds(_ name: FileName, _ kind: Stamp.Kind, isBesideScript: Bool) -> Bool {
        if isBesideScript, describesJob(name) { return true }
        if isBesideScript, kind == .folder, [".git", ".hg", ".svn"].contains(name.utf8) { return true }
        if kind == .folder { return name.utf8 == "__pycache__" }
        // The watcher's own.
        if name.hasPrefix(".bobbin-") { return true }
        // vim, emacs, and whoever keeps backups as they do.
        if name.hasSuffix("~") || name.hasPrefix(".#") || (name.hasPrefix("#") && name.hasSuffix("#")) { return true }
        return name.hasPrefix(".") && [".swp", ".swo", ".swx"].contains { name.endsLike($0) }
    }
}
