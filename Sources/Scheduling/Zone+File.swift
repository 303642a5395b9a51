extension Zone {
    /// Reads a file of the IANA database as it lies under /usr/share/zoneinfo (TZif, RFC 9636), of version 2 or later.
    ///
    /// - Returns: nil when the bytes are none of that.
    package init?(name: String, file bytes: [UInt8]) {
        // The first block is for programs of thirty years ago, with instants of 32 bits; the second is what counts.
        guard let old = Block(bytes, at: 0, instantSize: 4), old.version >= UInt8(ascii: "2"),
            let block = Block(bytes, at: old.end, instantSize: 8), let changes = block.changes(bytes), let first = block.firstOffset(bytes)
        else { return nil }
        let footer = bytes[block.end...]
        guard footer.first == UInt8(ascii: "\n"), let end = footer.dropFirst().firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        let text = String(decoding: footer[(block.end + 1)..<end], as: UTF8.self)
        let rule = ZoneRule(text)
        if rule == nil, !text.isEmpty { return nil }
        self.init(name: name, changes: changes, firstOffset: first, rule: rule)
    }

    /// A header and where its data lies.
    private struct Block {
        let version: UInt8
        let instantSize: Int
        let instants: Int
        let changeCount: Int
        let types: Int
        let typeCount: Int
        let end: Int

        init?(_ bytes: [UInt8], at start: Int, instantSize: Int) {
            let header = 44
            guard start >= 0, bytes.count - start >= header, Array("TZif".utf8) == Array(bytes[start..<start + 4]) else { return nil }
            func count(_ index: Int) -> Int {
                let place = start + 20 + index * 4
                return bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
            }
            let (utcCount, standardCount, leapCount, names) = (count(0), count(1), count(2), count(5))
            version = bytes[start + 4]
            self.instantSize = instantSize
            changeCount = count(3)
            typeCount = count(4)
            instants = start + header
            types = instants + changeCount * (instantSize + 1)
            end = types + typeCount * 6 + names + leapCount * (instantSize + 4) + standardCount + utcCount
            guard typeCount > 0, changeCount < 1 << 20, end <= bytes.count else { return nil }
        }

        private func offset(_ bytes: [UInt8], ofType type: Int) -> Int64? {
            guard type < typeCount else { return nil }
            let place = types + type * 6
            return Int64(Int32(bitPattern: bytes[place..<place + 4].reduce(0) { $0 << 8 | UInt32($1) }))
        }

        /// Before the first change, the first type holds.
        func firstOffset(_ bytes: [UInt8]) -> Int64? { offset(bytes, ofType: 0) }

        func changes(_ bytes: [UInt8]) -> [(at: Int64, offset: Int64)]? {
            var changes: [(at: Int64, offset: Int64)] = []
            for index in 0..<changeCount {
                let place = instants + index * instantSize
                let at = Int64(bitPattern: bytes[place..<place + instantSize].reduce(0) { $0 << 8 | UInt64($1) })
                guard let offset = offset(bytes, ofType: Int(bytes[instants + changeCount * instantSize + index])),
                    at > changes.last?.at ?? .min
                else { return nil }
                changes.append((at, offset))
            }
            return changes
        }
    }
}
