import Watching

enum StreamProperties {
    /// Wherever the pieces of a stream begin and end, the records are the same. The first byte says where to cut.
    static func watcher(_ bytes: [UInt8]) throws(Violation) {
        guard let size = bytes.first else { return }
        let stream = bytes.dropFirst()
        // A stream without an end is given up when it is longer than any record, sooner or later according to its pieces.
        if stream.split(separator: 0, omittingEmptySubsequences: false).contains(where: { $0.count > 500 }) { return }
        let whole = records(stream, pieces: max(1, stream.count))
        try require(records(stream, pieces: Int(size) + 1) == whole, "cut into pieces of \(size + 1) bytes it reads otherwise")
        try require(whole.count == stream.count { $0 == 0 }, "\(whole.count) records")
    }

    private static func records(_ stream: ArraySlice<UInt8>, pieces size: Int) -> [String] {
        var parser = RecordParser()
        var records: [String] = []
        var rest = stream
        while !rest.isEmpty {
            parser.parse(rest.prefix(size)) { record in
                records.append(record.map { "\($0.letter) \($0.number) \(Array($0.rest)) \($0.numbers ?? [])" } ?? "none")
            }
            rest = rest.dropFirst(size)
        }
        return records
    }
}
