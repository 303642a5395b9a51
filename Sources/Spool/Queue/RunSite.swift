import Documents
import Files
import SystemPackage

/// Where a granted item can be run on this machine: the payload, opened and locked, and the places a script is told of.
package struct RunSite: Sendable {
    /// Locked; becomes the standard input of the run, whose processes then hold the claim.
    package let payload: OpenFile
    package let payloadPath: FilePath
    package let itemFolder: FilePath
    package let work: FilePath
    package let results: FilePath
    package let next: FilePath
    package let checkpoint: FilePath
    package let progress: FilePath
    package let output: FilePath
    /// The envelope as a file, if the item has one.
    package let meta: FilePath?
    /// Created to ask the run to finish (`WEBJOBS_SHUTDOWN_FILE`).
    package let shutdownFile: FilePath
    /// Folder and place of the log, to be created with the first output.
    package let folder: Folder
    package let log: RelativePath
    package let progressPlace: RelativePath
}

/// Makes payloads available where they are to run. Trivial while the queue's folder and the run share a machine.
package protocol PayloadStore: Sendable {
    /// The site for a grant that stands; nil when it does not.
    func localise(_ grant: Grant) async -> RunSite?
}
