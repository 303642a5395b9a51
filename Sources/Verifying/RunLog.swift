import Documents

/// What runs wrote down about themselves, in the order in which it happened: a line for each event, appended in one
/// write,
///
///     ITEM RUN ATTEMPT EVENT SECONDS [KEY=VALUE …]
///
/// SECONDS are those of any clock that all runs share and that never steps (the first word of `/proc/uptime`). Events
/// that are judged: `start` and `end` of a run, also `end:CODE`; `overlap`, noted by a run that found another of its
/// item alive; `seen` with `sum=CRC:LENGTH` of the payload as the run read it; `ready`, noted by who drops. Keys:
/// `session=`, `sequence=`, and `lane=` (0 is the highest). Other events and keys are passed over.
package struct RunLog: Sendable {
    package struct Event: Sendable, Equatable {
        package var item: ItemID
        package var run: ItemID
        package var attempt: Int
        /// Without what follows a colon.
        package var kind: String
        package var at: Double
        package var session: String?
        package var sequence: Int?
        package var lane: Int?
        package var sum: Checksum?

        package init(item: ItemID, run: ItemID, attempt: Int, kind: String, at: Double) {
            self.item = item
            self.run = run
            self.attempt = attempt
            self.kind = kind
            self.at = at
        }
    }

    package var events: [Event]
    /// Numbers of the lines that have another form: a script that does not append its line in one write.
    package var torn: [Int] = []

    package init(_ events: [Event]) { self.events = events }

    package init(bytes: [UInt8]) {
        events = []
        for (index, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            if line.isEmpty || line.first == UInt8(ascii: "#") { continue }
            if let event = Event(line: line) { events.append(event) } else { torn.append(index + 1) }
        }
    }

    var byItem: [ItemID: [Event]] { Dictionary(grouping: events, by: \.item) }
}

extension RunLog.Event {
    init?(line: ArraySlice<UInt8>) {
        let words = line.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
        guard words.count >= 5, let item = ItemID(words[0]), let run = ItemID(words[1]), let attempt = Int(words[2]),
            let at = Double(words[4]), let kind = words[3].split(separator: ":").first
        else { return nil }
        self.init(item: item, run: run, attempt: attempt, kind: String(kind), at: at)
        for word in words.dropFirst(5) {
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { return nil }
            switch parts[0] {
            case "session": session = parts[1]
            case "sequence": sequence = Int(parts[1])
            case "lane": lane = Int(parts[1])
            case "sum":
                let numbers = parts[1].split(separator: ":")
                guard numbers.count == 2, let crc = UInt32(numbers[0]), let length = Int(numbers[1]) else { return nil }
                sum = Checksum(crc: crc, length: length)
            default: break
            }
        }
    }
}
