import CZlib

/// Inflates one stream.
final class Inflater {
    private let stream: UnsafeMutablePointer<z_stream>
    private(set) var isAtEnd = false

    init?() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        guard czlib_begin(stream) == Z_OK else {
            stream.deallocate()
            return nil
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// Hands on what a piece unpacks to, or the piece itself; false when it is damaged or not wanted any more.
    static func pass(_ piece: [UInt8], through inflater: Inflater?, _ take: ([UInt8]) -> Bool) -> Bool {
        inflater.map { $0.inflate(piece, take) } ?? take(piece)
    }

    private func inflate(_ piece: [UInt8], _ take: ([UInt8]) -> Bool) -> Bool {
        var input = piece
        return input.withUnsafeMutableBufferPointer { input in
            stream.pointee.next_in = input.baseAddress
            stream.pointee.avail_in = UInt32(input.count)
            repeat {
                var answer = Z_OK
                let output = [UInt8](unsafeUninitializedCapacity: 64 * 1024) { buffer, count in
                    stream.pointee.next_out = buffer.baseAddress
                    stream.pointee.avail_out = UInt32(buffer.count)
                    answer = CZlib.inflate(stream, Z_NO_FLUSH)
                    count = buffer.count - Int(stream.pointee.avail_out)
                }
                if !output.isEmpty, !take(output) { return false }
                switch answer {
                case Z_STREAM_END:
                    isAtEnd = true
                    return true
                case Z_OK: break
                case Z_BUF_ERROR: return output.isEmpty
                default: return false
                }
            } while stream.pointee.avail_in > 0 || stream.pointee.avail_out == 0
            return true
        }
    }
}
