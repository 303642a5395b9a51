import Documents

enum TextProperties {
    /// What is accepted is written, in both forms, so that it reads as the same.
    static func json(_ bytes: [UInt8]) throws(Violation) {
        let json: JSON
        do throws(JSONParser.Failure) {
            json = try JSONParser.parse(bytes)
        } catch {
            let lines = bytes.split(separator: 10, omittingEmptySubsequences: false).count
            return try require((1...lines).contains(error.line) && error.column >= 1 && !error.message.isEmpty, "failure at \(error)")
        }
        for written in [json.prettyBytes, json.compactBytes] {
            try require((try? JSONParser.parse(written)) == json, "reads otherwise: \(String(decoding: written, as: UTF8.self))")
        }
        try require(!json.compactBytes.contains(10), "the compact form has lines")
    }

    /// Times, durations, ids, Base64.
    static func words(_ bytes: [UInt8]) throws(Violation) {
        let text = String(decoding: bytes, as: UTF8.self)
        if let instant = Instant(rfc3339: text), let again = Instant(rfc3339: instant.rfc3339) {
            // What is written has milliseconds.
            try require(again.rfc3339 == instant.rfc3339, "\(text) becomes \(instant.rfc3339)")
            try require(again <= instant && instant - again < .milliseconds(1), "\(text) becomes \(again.rfc3339)")
        }
        if let duration = DurationText.parse(text) {
            try require(duration >= .zero, "\(text) is below zero")
            try require(DurationText.parse(DurationText.text(duration)) != nil, "\(text) becomes \(DurationText.text(duration))")
        }
        if let id = ItemID(bytes: bytes) { try require(Array(id.description.utf8) == bytes, "\(text) becomes \(id)") }
        if let decoded = Base64.decode(text) {
            try require(Base64.decode(Base64.encode(decoded)) == decoded, "Base64 of \(decoded)")
        }
        try require(Base64.decode(Base64.encode(bytes)) == bytes, "Base64 of \(bytes)")
    }
}
