/// The rows of reference/peers.md §5 that a fixed text tells, in lower case: they are matched without regard to case.
/// Rows that begin with a dot need no entry: hidden names are never taken.
enum NameTable {
    private static func temporary(_ pattern: String, _ who: String) -> NameVerdict {
        .temporary(NameRule(pattern, who))
    }
    private static func noise(_ pattern: String, _ who: String) -> NameVerdict { .noise(NameRule(pattern, who)) }

    /// What follows the last dot.
    private static let extensions: [[UInt8]: NameVerdict] = Dictionary(
        uniqueKeysWithValues: [
            ("part", true, "Firefox, KDE, yt-dlp, Transmission, Nextcloud"),
            ("filepart", true, "WinSCP"),
            ("crdownload", true, "Chrome, Edge, Chromium"),
            ("partial", true, "rclone, Edge"),
            ("opdownload", true, "Opera"),
            ("download", true, "Safari"),
            ("ytdl", true, "yt-dlp"),
            ("!ut", true, "uTorrent"),
            ("!qb", true, "qBittorrent"),
            ("bc!", true, "BitComet"),
            ("!sync", true, "Resilio Sync"),
            ("bts", true, "Resilio Sync"),
            ("gstmp", true, "gsutil"),
            ("swp", true, "Vim"),
            ("swo", true, "Vim"),
            ("swx", true, "Vim"),
            ("swpx", true, "Vim"),
            ("tmp", true, "a file still being written"),
            ("temp", true, "a file still being written"),
            ("new", true, "a file still being written"),
            ("inprogress", true, "a file still being written"),
            ("bak", true, "a backup copy"),
            ("lock", true, "a lock file"),
            ("dpkg-new", true, "dpkg"),
            ("dpkg-tmp", true, "dpkg"),
            ("rpmnew", true, "rpm"),
            ("camellock", false, "a lock of Apache Camel"),
            ("processing", false, "a marker of another consumer"),
            ("completed", false, "a marker of another consumer"),
            ("added", false, "a marker of another consumer"),
            ("done", false, "a marker of another consumer"),
            ("lck", false, "a lock of another consumer"),
        ].map { (name, isTemporary, who) in
            (Array(name.utf8), isTemporary ? temporary("*.\(name)", who) : noise("*.\(name)", who))
        })

    /// Containers for which yt-dlp writes `NAME.temp.EXT` while ffmpeg joins the parts. Only these: `room.temp.csv`
    /// is somebody's measurement.
    private static let media: Set<[UInt8]> = Set(
        [
            "mp4", "mkv", "webm", "m4a", "m4v", "mp3", "mka", "mov", "avi", "flv", "ogg", "opus", "flac", "wav", "aac",
            "3gp",
        ]
        .map { Array($0.utf8) })

    /// The verdict on a name in lower case by its end.
    static func ending(_ lower: [UInt8]) -> NameVerdict? {
        if lower.last == UInt8(ascii: "~") { return temporary("*~", "an editor's backup copy") }
        guard let dot = lower.lastIndex(of: UInt8(ascii: ".")), dot > 0 else { return nil }
        let end = Array(lower[(dot + 1)...])
        if let verdict = extensions[end] { return verdict }
        if media.contains(end), Array(lower[..<dot]).ends(with: ".temp") { return temporary("*.temp.*", "yt-dlp") }
        return lower.ends(with: ":zone.identifier") ? noise("*:Zone.Identifier", "Windows") : nil
    }

    static let whole: [[UInt8]: NameVerdict] = Dictionary(
        uniqueKeysWithValues: [
            ("4913", temporary("4913", "Vim, trying whether it may write here")),
            ("incomplete", temporary("incomplete", "a folder of unfinished downloads")),
            ("__macosx", noise("__MACOSX", "macOS")),
            ("thumbs.db", noise("Thumbs.db", "Windows")),
            ("desktop.ini", noise("desktop.ini", "Windows")),
            ("$recycle.bin", noise("$RECYCLE.BIN", "Windows")),
            ("system volume information", noise("System Volume Information", "Windows")),
            ("@eadir", noise("@eaDir", "Synology")),
            ("@tmp", noise("@tmp", "Synology")),
            ("#recycle", noise("#recycle", "Synology")),
            ("#snapshot", noise("#snapshot", "Synology")),
            ("@recycle", noise("@Recycle", "QNAP")),
            ("lost+found", noise("lost+found", "the file system")),
        ].map { (Array($0.utf8), $1) })

    static let beginnings: [([UInt8], NameVerdict)] = [
        ("_unpack_", temporary("_UNPACK_*", "SABnzbd")),
        ("_failed_", temporary("_FAILED_*", "SABnzbd")),
        ("~syncthing~", temporary("~syncthing~*", "Syncthing")),
        ("tmp_obj_", temporary("tmp_obj_*", "git")),
    ].map { (Array($0.utf8), $1) }

    /// Behind the first character; each begins with a dot.
    static let middles: [([UInt8], NameVerdict)] = [
        (".part-frag", temporary("*.part-Frag*", "yt-dlp")),
        (".octransferid", temporary("*.ocTransferId*", "Nextcloud, ownCloud")),
        (".sync-conflict-", noise("*.sync-conflict-*", "Syncthing")),
    ].map { (Array($0.utf8), $1) }
}
