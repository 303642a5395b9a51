import Documents
import Files
import SystemPackage

extension FolderQueue {
    /// Makes a committed outcome visible and moves the item to its final folder. Every step is named by the item's id,
    /// so that a crash in between costs nothing but doing the rest at the next start.
    func publish(_ record: ItemRecord, status: StatusDocument, at place: ItemPlace, leftovers: Leftovers) async throws(FileError) {
        if status.state == .succeeded {
            // Not asked whether it is there: an answer that fails would be taken for a no, and the results for waste.
            var touched: [Folder] = []
            if leftovers.results {
                Step.publishResults.before()
                _ = try folder.move(place.results, to: folder, as: QueueLayout.results / record.id)
                Step.publishResults.after()
                touched.append(try folder.folder(QueueLayout.results))
            }
            if leftovers.next { touched += try forward(record, from: place) }
            try await syncPublished(touched)
        }
        try publishStatus(status, at: place)
        try clear(place, status: status, name: record.name, leftovers: leftovers)
        try moveToFinal(status, from: place)
    }

    /// The paths of published files as callers see them, at most a thousand.
    func resultPaths(of id: ItemID, at place: ItemPlace) throws(FileError) -> [String] {
        var paths: [String] = []
        func collect(_ inside: RelativePath, shown: String) throws(FileError) {
            guard paths.count < 1000 else { return }
            for name in try folder.names(in: inside).sorted() where paths.count < 1000 {
                if try folder.stamp(inside / name)?.kind == .folder {
                    try collect(inside / name, shown: shown + "/" + name.escaped)
                } else {
                    paths.append(shown + "/" + name.escaped)
                }
            }
        }
        try collect(place.results, shown: "results/\(id)")
        return paths
    }

    /// What is left over of the run goes; what tells its story stays.
    private func clear(_ place: ItemPlace, status: StatusDocument, name: FileName, leftovers: Leftovers) throws(FileError) {
        Step.publishClear.before()
        if leftovers.progress { try removeRunFile(place.progress) }
        if leftovers.output { try removeRunFile(place.output) }
        if leftovers.work { try folder.removeTree(place.work) }
        if leftovers.results { try folder.removeTree(place.results) }
        if leftovers.next {
            try folder.removeTree(place.next)
            try folder.remove(place.nextEnvelope)
        }
        Step.publishClear.after()
        guard leftovers.payload else { return }
        Step.publishPayload.before()
        try folder.removeTree(place.payload(name))
        Step.publishPayload.after()
    }

    private func moveToFinal(_ status: StatusDocument, from place: ItemPlace) throws(FileError) {
        guard let final = finalPlace(of: status) else { return }
        if status.state == .succeeded, let day = FileName((status.finishedAt ?? status.claimedAt).day), day != madeDay {
            Step.moveDay.before()
            try folder.makeFolder(QueueLayout.done / day, mode: 0o750)
            madeDay = day
            Step.moveDay.after()
        }
        Step.moveFinal.before()
        var answer = try folder.moveAllowingMissingParent(place.root, as: final.root)
        if answer == nil, let day = FileName((status.finishedAt ?? status.claimedAt).day) {
            // The sweeper removed an empty day, or an operator did.
            try folder.makeFolder(QueueLayout.done / day, mode: 0o750)
            answer = try folder.move(place.root, to: folder, as: final.root)
        }
        Step.moveFinal.after()
        if answer == .taken { tell("final \(status.id)", "\(final.root.escaped) exists already; the item stays in claimed/") }
    }

    // MARK: Forwards

    /// Forwards beyond this many hops are refused: a loop would run for ever (contract §9).
    static let hopLimit = 16

    /// Why what a run left in `$BOBBIN_NEXT` cannot be forwarded; nil when it can.
    func forwardProblem(_ record: ItemRecord, at place: ItemPlace) throws(FileError) -> String? {
        if record.envelope?.hops ?? 0 >= Self.hopLimit {
            return "it has been forwarded \(Self.hopLimit) times already; the jobs seem to forward in a circle"
        }
        for queue in try folder.names(in: place.next) {
            let inside = place.next / queue
            if try folder.stamp(inside)?.kind != .folder {
                return "$BOBBIN_NEXT/\(queue.escaped) is not a folder; write files to $BOBBIN_NEXT/QUEUE/"
            }
            if queue.hasPrefix(".") || queue == name {
                return "$BOBBIN_NEXT/\(queue.escaped) is not a queue that files can be forwarded to"
            }
            for file in try folder.names(in: inside) where try folder.stamp(inside / file)?.kind != .file {
                return "$BOBBIN_NEXT/\(queue.escaped)/\(file.escaped) is not a regular file"
            }
        }
        return nil
    }

    /// Drops what the run left for other queues; returns the folders that changed.
    private func forward(_ record: ItemRecord, from place: ItemPlace) throws(FileError) -> [Folder] {
        var touched: [Folder] = []
        for queueName in try folder.names(in: place.next) {
            let queue = try QueueLayout.make(queueName, in: spool)
            for file in try folder.names(in: place.next / queueName) {
                try drop(file, of: queueName, into: queue, from: place, id: record.id)
            }
            touched.append(queue)
        }
        return touched
    }

    /// One file into another queue's inbox: its envelope first, then the file, under a name that is free.
    private func drop(
        _ file: FileName, of queueName: FileName, into queue: Folder, from place: ItemPlace, id: ItemID
    ) throws(FileError) {
        let source = place.next / queueName
        for target in [file, Self.ownName(of: file, from: id)] where !queue.exists(RelativePath(target)) {
            let letter = RelativePath(Envelope.name(for: target))
            Step.publishLetter.before()
            let answer = try folder.linkOrCopy(place.nextEnvelope, to: queue, as: letter)
            Step.publishLetter.after()
            // Somebody is about to drop a file of that name; or a crash cut us off here.
            if answer == .taken, try !isOurs(letter, in: queue, place) { continue }
            Step.publishForward.before()
            if try folder.move(source / file, to: queue, as: RelativePath(target)) == .moved { return Step.publishForward.after() }
            // Another was faster; what is ours must not be taken for its.
            try queue.remove(letter)
        }
        throw FileError(.move, folder.shownPath(source / file), .fileExists)
    }

    /// Where links are copies, or a second link is another file (sshfs), only the content tells.
    private func isOurs(_ letter: RelativePath, in queue: Folder, _ place: ItemPlace) throws(FileError) -> Bool {
        if try queue.stamp(letter) == folder.stamp(place.nextEnvelope) { return true }
        guard isNetwork, let found = try queue.read(letter) else { return false }
        return try found == folder.read(place.nextEnvelope)
    }

    /// A name that nobody else chooses. The end of a user's name, which may tell its type, stays.
    static func ownName(of file: FileName, from id: ItemID) -> FileName {
        let mark = Array("\(id)-".utf8)
        return FileName(mark + file.bytes)
            ?? FileName(mark + ShortName.hash(file.bytes) + [UInt8(ascii: "-")] + file.bytes.suffix(200)) ?? file
    }
}

extension Folder {
    /// nil when the folder that should receive it is missing.
    func moveAllowingMissingParent(_ place: RelativePath, as target: RelativePath) throws(FileError) -> Move? {
        let answer = try move(place, to: self, as: target)
        return answer == .missing && exists(place) ? nil : answer
    }
}
