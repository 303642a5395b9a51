/// What the runs of a root wrote down about themselves, a line each: `item run attempt event uptime`. Lines are appended
/// in one write, so their order is that of the events.
struct RunLog: Sendable {
    struct Event: Sendable {
        let item: String
        let run: String
        let attempt: Int
        let event: String
        /// Seconds since boot.
        let at: Double
    }

    let events: [Event]
    /// Lines of another form: there should be none.
    let torn: [String]

    init(_ file: Path) {
        var events: [Event] = []
        var torn: [String] = []
        for line in file.lines {
            let words = line.split(separator: " ").map(String.init)
            if words.count == 5, let attempt = Int(words[2]), let at = Double(words[4]) {
                events.append(Event(item: words[0], run: words[1], attempt: attempt, event: words[3], at: at))
            } else {
                torn.append(line)
            }
        }
        self.events = events
        self.torn = torn
    }

    func count(_ event: String, of item: String? = nil) -> Int {
        events.count { $0.event == event && (item == nil || $0.item == item) }
    }

    func starts(of item: String) -> Int { count("start", of: item) }
}
