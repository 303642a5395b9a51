import Glibc
import SystemPackage

/// The folder this process was started in.
package enum CurrentFolder {
    package static var path: FilePath {
        guard let text = getcwd(nil, 0) else { return "/" }
        defer { free(text) }
        return FilePath(platformString: text)
    }

    /// The path of the running program.
    package static var program: FilePath? {
        var buffer = [CChar](repeating: 0, count: 4097)
        let length = readlink("/proc/self/exe", &buffer, 4096)
        return length > 0 ? FilePath(bytes: buffer.prefix(length).map(UInt8.init(bitPattern:))) : nil
    }
}
