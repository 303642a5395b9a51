import Documents
import Files
import Hosting
import Spool

/// Documents in files: what is accepted is written so that it reads as the same; what is not names its place.
enum DocumentProperties {
    static func settings(_ bytes: [UInt8]) throws(Violation) {
        for kind in JobKind.allCases {
            switch JobSettings.read(bytes, file: "settings.job", kind: kind) {
            case .success(let settings):
                let written = settings.json.prettyBytes
                guard case .success(let again) = JobSettings.read(written, file: "settings.job", kind: kind) else {
                    throw Violation("its own form is refused: \(String(decoding: written, as: UTF8.self))")
                }
                try require(again.json == settings.json, "reads otherwise: \(settings.json.compact)")
            case .failure(let problems):
                let lines = bytes.split(separator: 10, omittingEmptySubsequences: false).count
                let isObject = (try? JSONParser.parse(bytes))?.members != nil
                try require(!problems.all.isEmpty, "refused for no reason")
                for problem in problems.all {
                    try require((1...lines).contains(problem.line), "no such line: \(problem)")
                    try require(!problem.message.isEmpty, "no message: \(problem)")
                    try require(problem.key != nil || !isObject || bytes.count > 1 << 20, "no key: \(problem)")
                    try require(isPrintable(problem.description), "not printable: \(problem)")
                }
            }
        }
    }

    static func envelope(_ bytes: [UInt8]) throws(Violation) {
        let envelope: Envelope
        do throws(Envelope.Problem) {
            envelope = try Envelope(bytes: bytes)
        } catch {
            let isObject = (try? JSONParser.parse(bytes))?.members != nil && bytes.count <= Envelope.sizeLimit
            try require(isPrintable(error.description), "not printable: \(error)")
            return try require(!isObject || error.description.contains("line "), "no line: \(error)")
        }
        let written = envelope.json.prettyBytes
        // Indentation may make it larger than what is read.
        if written.count > Envelope.sizeLimit { return }
        try require((try? Envelope(bytes: written))?.json == envelope.json, "reads otherwise: \(envelope.json.compact)")
    }

    static func record(_ bytes: [UInt8]) throws(Violation) {
        guard let record = ItemRecord(bytes: bytes) else { return }
        try require(ItemRecord(bytes: record.json.prettyBytes)?.json == record.json, "reads otherwise: \(record.json.compact)")
        // A life can go on from whatever was read.
        var machine = record.machine(.running(attempt: 1))
        _ = machine.handle(.interrupted, limits: ItemMachine.Limits())
        machine = record.machine(.waiting)
        _ = machine.handle(.claim, limits: ItemMachine.Limits())
        _ = machine.handle(.ended(RunEnding(.failure, reason: "exit"), checkpointChanged: false), limits: ItemMachine.Limits())
    }

    static func status(_ bytes: [UInt8]) throws(Violation) {
        guard var status = StatusDocument(bytes: bytes) else { return }
        // The queue is only ever shown: who reads the document has found it in that queue.
        if let shown = FileName(status.queue.escaped) { status.queue = shown }
        let again = StatusDocument(bytes: status.json.prettyBytes).map {
            var again = $0
            again.queue = status.queue
            return again
        }
        try require(again?.json == status.json, "reads otherwise: \(status.json.compact)")
    }

    static func outputs(_ bytes: [UInt8]) throws(Violation) {
        let (values, problems) = OutputValues.parse(bytes)
        try require(Set(values.map(\.key)).count == values.count, "a name twice")
        for value in values {
            try require(value.value.string != nil, "\(value.key) is no text")
            try require(!value.key.isEmpty && value.key.utf8.count <= 128 && !value.key.contains("="), "name \(value.key)")
        }
        let written = JSON.object(values)
        try require((try? JSONParser.parse(written.prettyBytes)) == written, "reads otherwise: \(written.compact)")
        for problem in problems { try require(!problem.isEmpty, "an empty problem") }
    }

    /// One line, and nothing in it that moves the cursor.
    static func isPrintable(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: false
            default: true
            }
        }
    }
}
