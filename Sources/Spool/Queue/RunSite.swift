import Documents
import Files
import SystemPackage

/// Where a granted item can be run on this machine: the payload, opened and held, and the places a script is told of,
/// all below the queue's folder.
package struct RunSite: Sendable {
    /// Locked, if it can be; becomes the standard input of the run, whose processes then hold the claim.
    package let payload: OpenFile
    /// The lock file that is held instead, where the payload cannot be locked.
    package let lock: OpenFile?
    package let folder: Folder
    package let payloadPlace: RelativePath
    package let work: RelativePath
    package let results: RelativePath
    package let next: RelativePath
    package let checkpoint: RelativePath
    package let progress: RelativePath
    package let output: RelativePath
    /// The envelope as a file, if the item has one.
    package let meta: RelativePath?
    /// Created to ask the run to finish (`WEBJOBS_SHUTDOWN_FILE`).
    package let shutdownFile: RelativePath
    /// To be created with the first output.
    package let log: RelativePath

    package init(
        payload: OpenFile, lock: OpenFile? = nil, folder: Folder, payloadPlace: RelativePath, work: RelativePath, results: RelativePath,
        next: RelativePath,
        checkpoint: RelativePath, progress: RelativePath, output: RelativePath, meta: RelativePath?, shutdownFile: RelativePath,
        log: RelativePath
    ) {
        self.payload = payload
        self.lock = lock
        self.folder = folder
        self.payloadPlace = payloadPlace
        self.work = work
        self.results = results
        self.next = next
        self.checkpoint = checkpoint
        self.progress = progress
        self.output = output
        self.meta = meta
        self.shutdownFile = shutdownFile
        self.log = log
    }
}

/// Makes payloads available where they are to run. Trivial while the queue's folder and the run share a machine.
package protocol PayloadStore: Sendable {
    /// The site for a grant that stands; nil when it does not.
    ///
    /// - Parameter deployment: what the run will be started from, for its status.
    func localise(_ grant: Grant, deployment: String?) async -> RunSite?
}

extension PayloadStore {
    package func localise(_ grant: Grant) async -> RunSite? { await localise(grant, deployment: nil) }
}
