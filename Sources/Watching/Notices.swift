import Glibc
import SystemPackage

/// What the operator is told, each with the consequence and the mend.
enum Notices {
    static func text(errno code: Int32) -> String { Errno(rawValue: code).description }

    private static func reading(_ settings: WatcherSettings) -> String {
        "is read every \(settings.pollInterval.text) instead"
    }

    static func notStarted(_ failure: String, _ settings: WatcherSettings) -> String {
        "bobbin-watch does not start (\(failure)): every folder \(reading(settings)). "
            + "Mend: install bobbin-watch beside bobbin and make it executable; it is tried again every \(settings.rescanInterval.text)."
    }

    static func ended(_ how: String, _ pause: Duration) -> String {
        "bobbin-watch \(how). It is started again in \(pause.text), and every folder is looked through; nothing is lost."
    }

    static func keepsEnding(_ how: String, _ settings: WatcherSettings) -> String {
        "bobbin-watch ends again and again (it \(how)): every folder \(reading(settings)). "
            + "Mend: run bobbin-watch by hand to see what it says; it is started again every \(settings.longestPause.text)."
    }

    static func unavailable(_ code: Int32, _ settings: WatcherSettings) -> String {
        let mend =
            code == EMFILE
            ? "the inotify instances of this user are used up. Mend: "
                + (InotifyLimit.instances?.raised(to: 1024) ?? "raise fs.inotify.max_user_instances")
            : text(errno: code)
        return "The kernel gives no events, so every folder \(reading(settings)): \(mend)."
    }

    static func watchLimit(_ path: String, _ settings: WatcherSettings) -> String {
        let limit = InotifyLimit.watches
        let inForce = limit.map { " (\($0.inForce))" } ?? ""
        let mend = limit?.raised(to: 524_288) ?? "raise fs.inotify.max_user_watches"
        return "The limit of inotify watches of this user\(inForce) is reached: \(path), and what follows, \(reading(settings)). "
            + "Mend: \(mend), and the same line in /etc/sysctl.d/ to keep it; it is tried again every \(settings.rescanInterval.text)."
    }

    static func noMemory(_ path: String, _ settings: WatcherSettings) -> String {
        "The kernel has no memory to watch \(path): it \(reading(settings)), and is tried again every \(settings.rescanInterval.text)."
    }

    static func network(_ path: String, _ kind: String, _ settings: WatcherSettings) -> String {
        "\(path) is on \(kind), which does not tell of changes made elsewhere: it \(reading(settings)). "
            + "For changes to be seen at once, put the spool on a local disk."
    }

    static func silent(_ path: String, _ settings: WatcherSettings) -> String {
        "A probe file in \(path) gave no event within \(settings.probeTimeout.text): every folder on its file system "
            + "\(reading(settings)). It is probed again every \(settings.rescanInterval.text)."
    }

    static var overflow: String {
        let mend = InotifyLimit.queuedEvents?.raised(to: 65_536) ?? "raise fs.inotify.max_queued_events"
        return "More changes happened than the kernel queues for one program; the folders are looked through, nothing is lost. "
            + "If it happens often: \(mend) (then restart bobbin)."
    }
}
