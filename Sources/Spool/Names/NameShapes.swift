/// The rows of reference/peers.md §5 whose names are made of random characters. A name is held only when the place of
/// the random part looks random, since a date, a word or a hash in the same place is somebody's choice: these rules
/// catch nine of ten such names, and the lease and the settle time stand behind them.
enum NameShapes {
    static func rule(_ bytes: [UInt8]) -> NameRule? {
        switch bytes.count {
        case 8 where bytes.starts(with: "XX".utf8) && looksRandom(bytes[2...]):
            return NameRule("XX??????", "perl -i")
        case 9 where bytes.starts(with: "sed".utf8) && looksRandom(bytes[3...]):
            return NameRule("sed??????", "sed -i")
        case 11 where bytes.starts(with: "tmp".utf8) && !bytes.contains(where: isUpper) && looksRandom(bytes[3...]):
            return NameRule("tmp????????", "Python's tempfile")
        case 14 where bytes.starts(with: "tmp.".utf8) && looksRandom(bytes[4...]):
            return NameRule("tmp.??????????", "mktemp")
        default: break
        }
        guard let dot = bytes.lastIndex(of: UInt8(ascii: ".")), dot > 0 else { return nil }
        let end = bytes[(dot + 1)...]
        // QSaveFile takes letters of both cases: a small letter before a capital is what no usual extension has.
        if end.count == 6, end.allSatisfy({ isLower($0) || isUpper($0) }),
            zip(end, end.dropFirst()).contains(where: { isLower($0) && isUpper($1) })
        {
            return NameRule("*.??????", "KDE and Qt, while saving")
        }
        // Eight digits alone are a date.
        if end.count == 8, end.allSatisfy(isHexadecimal), !end.allSatisfy(isDigit) {
            return NameRule("*.????????", "aws, while downloading")
        }
        return nil
    }

    /// Letters, digits and underscores that change their kind at least twice: `Report` and `file01` change once.
    private static func looksRandom(_ bytes: ArraySlice<UInt8>) -> Bool {
        var changes = 0
        var last: Int?
        for byte in bytes {
            let kind: Int
            switch byte {
            case _ where isLower(byte): kind = 0
            case _ where isUpper(byte): kind = 1
            case _ where isDigit(byte): kind = 2
            case UInt8(ascii: "_"): kind = 3
            default: return false
            }
            if let last, last != kind { changes += 1 }
            last = kind
        }
        return changes >= 2
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
    }
}
