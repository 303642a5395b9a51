extension String {
    /// The text for a message: what would begin a line, move the cursor or turn the direction of writing stands as
    /// `\u{XX}`. For text of others within a message of ours; names, which must stay distinct, are shown by `Escaped`.
    package var printable: String {
        if unicodeScalars.allSatisfy(\.isPrintable) { return self }
        return unicodeScalars.map { $0.isPrintable ? String($0) : "\\u{\(String($0.value, radix: 16, uppercase: true))}" }.joined()
    }
}

extension UnicodeScalar {
    fileprivate var isPrintable: Bool {
        if value >= 0x20 && value < 0x7F { return true }
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: return false
        default: return true
        }
    }
}
