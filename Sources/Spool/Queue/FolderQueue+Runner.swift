import Files

/// A run as another user (settings `user` and `group`) must reach its payload and write into its places, and should reach
/// nothing else.
///
/// The item's folder gets the user's group and the mode of /tmp, 1770: what the script makes there (checkpoint, progress,
/// output) is its own, and what is Bobbin's it can neither remove nor replace. Scratch folders are given to the user. On
/// the way there, others may pass and not look.
extension FolderQueue {
    func open(_ place: ItemPlace, _ slot: Slot, work: RelativePath, _ payload: OpenFile, to runner: QueueRules.Runner) throws(FileError) {
        for way in [QueueLayout.claimed, QueueLayout.slots, QueueLayout.slots / around.instances.own, slot.place.root] {
            try folder.setMode(way, 0o751)
        }
        for part in Slot.Part.allCases {
            try folder.setOwner(slot.place.place(part), user: runner.user, group: runner.group)
        }
        if work != slot.place.place(.work) { try folder.setOwner(work, user: runner.user, group: runner.group) }
        for inside in [place.root, place.payloadFolder] { try folder.setOwner(inside, group: runner.group) }
        try folder.setMode(place.root, 0o1770)
        try folder.setMode(place.payloadFolder, 0o750)
        try makeReadable(payload, for: runner)
    }

    /// A file that has other names stays as it is: they are somebody's. The script can read it from its standard input.
    private func makeReadable(_ payload: OpenFile, for runner: QueueRules.Runner) throws(FileError) {
        let stamp = try payload.stamp()
        let isReadable = stamp.permissions & 0o004 != 0 || stamp.owner == runner.user
        guard stamp.kind == .file, stamp.links == 1, !isReadable else { return }
        try payload.makeReadable(forGroup: runner.group, permissions: stamp.permissions)
    }
}
