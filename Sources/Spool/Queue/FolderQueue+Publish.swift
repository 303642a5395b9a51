import Documents
import Files
import SystemPackage

extension FolderQueue {
    /// Makes a committed outcome visible and moves the item to its final folder. Every step is named by the item's id,
    /// so that a crash in between costs nothing but doing the rest at the next start.
    func publish(_ record: ItemRecord, status: StatusDocument, at place: ItemPlace, leftovers: Leftovers) async throws(FileError) {
        if status.state == .succeeded {
            // Not asked whether it is there: an answer that fails would be taken for a no, and the results for waste.
            if leftovers.results {
                Step.publishResults.before()
                _ = try folder.move(place.results, to: folder, as: QueueLayout.results / record.id)
                Step.publishResults.after()
            }
            let touched = leftovers.next ? try forward(record, from: place) : []
            if leftovers.results || leftovers.next { try await sync(touched) }
        }
        try publishStatus(status, at: place)
        try clear(place, status: status, name: record.name, leftovers: leftovers)
        try moveToFinal(status, from: place)
    }

    /// Waits until what the run produced is on the disk, before the outcome announces it.
    func syncProducts(of place: ItemPlace) async throws(FileError) {
        let folder = folder
        Step.commitSync.before()
        try await Offload.run { () throws(FileError) in
            for product in [place.results, place.next] where try folder.stamp(product) != nil { try folder.syncTree(product) }
        }
        Step.commitSync.after()
    }

    private func sync(_ touched: [Folder]) async throws(FileError) {
        let folder = folder
        Step.publishSync.before()
        try await Offload.run { () throws(FileError) in
            try folder.folder(QueueLayout.results).file.sync()
            for queue in touched { try queue.file.sync() }
        }
        Step.publishSync.after()
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
        if leftovers.next { try folder.removeTree(place.next) }
        Step.publishClear.after()
        guard status.state == .succeeded, rules.onSuccess == .delete else { return }
        Step.publishPayload.before()
        if try folder.stamp(place.payload(name))?.kind == .folder {
            try folder.removeTree(place.payload(name))
        } else {
            try folder.remove(place.payload(name))
        }
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
                try drop(file, from: place.next / queueName, into: queue, record: record)
            }
            touched.append(queue)
        }
        return touched
    }

    /// One file into another queue's inbox: its envelope first, then the file, under a name that is free.
    private func drop(_ file: FileName, from source: RelativePath, into queue: Folder, record: ItemRecord) throws(FileError) {
        let envelope = Envelope(
            correlationID: record.envelope?.correlationID ?? record.id.description, trigger: .forward,
            hops: (record.envelope?.hops ?? 0) + 1
        ).json.prettyBytes
        for target in [file, Self.ownName(of: file, from: record.id)] where !queue.exists(RelativePath(target)) {
            let place = RelativePath(Envelope.name(for: target))
            let found = try queue.read(place, limit: Envelope.sizeLimit)
            // Somebody is about to drop a file of that name; or a crash cut us off here.
            if let found, found != envelope { continue }
            if found == nil {
                Step.publishLetter.before()
                try queue.replace(place, with: envelope, mode: 0o640)
                Step.publishLetter.after()
            }
            Step.publishForward.before()
            if try folder.move(source / file, to: queue, as: RelativePath(target)) == .moved { return Step.publishForward.after() }
            // Another was faster; what is ours must not be taken for its.
            try queue.remove(place)
        }
        throw FileError(.move, folder.shownPath(source / file), .fileExists)
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
