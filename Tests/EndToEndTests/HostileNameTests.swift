import Documents
import Glibc
import Testing

/// Names that are no text, that look like something else, or that would do harm to a careless program (contract §12):
/// processed like any other, and the same bytes from drop to `done/`.
struct HostileNameTests {
    private static func name(_ text: String) -> [UInt8] { Array(text.utf8) }

    static let names: [(what: String, bytes: [UInt8])] = [
        ("leading dash", name("-rf")), ("option", name("--help")), ("single dash", name("-")),
        ("trailing dots", name("name...")),
        ("two dots inside", name("a..b")),
        ("newline", name("line\nbreak")), ("trailing newline", name("end\n")), ("only a newline", name("\n")),
        ("carriage return", name("a\rb")), ("tab", name("a\tb")),
        ("control bytes", Array(1...31)), ("escape sequence", name("\u{1B}[2J\u{1B}[31mred")),
        ("delete", [0x61, 0x7F]),
        ("invalid UTF-8", [0x61, 0xFF, 0xFE, 0x62]), ("Latin-1", [0x66, 0xFC, 0x72]), ("cut UTF-8", [0xE2, 0x82]),
        ("overlong UTF-8", [0xC0, 0xAF]), ("surrogate", [0xED, 0xA0, 0x80]),
        ("beyond Unicode", [0xF4, 0x90, 0x80, 0x80]),
        ("every byte above ASCII", Array(0x80...0xFF)),
        ("255 bytes", [UInt8](repeating: 0x78, count: 255)),
        ("255 bytes, almost the same", [UInt8](repeating: 0x78, count: 254) + [0x79]),
        ("250 bytes, the longest with .json", [UInt8](repeating: 0x7A, count: 250)),
        ("251 bytes", [UInt8](repeating: 0x7A, count: 251)),
        ("246 bytes, the longest with .envelope", [UInt8](repeating: 0x77, count: 246)),
        ("255 bytes that are not UTF-8", [UInt8](repeating: 0xFF, count: 255)),
        ("cut within a character at 200 bytes", name("x" + String(repeating: "ä", count: 127))),
        ("only spaces", name("   ")), ("trailing space", name("name ")), ("leading space", name(" name")),
        ("single quote", name("it's")), ("double quote", name("say \"hi\"")), ("back-tick", name("`id`")),
        ("command substitution", name("$(touch pwned)")), ("variable", name("$HOME ${PATH}")),
        ("semicolon", name("a; touch pwned")), ("ampersand and pipe", name("a & b | c > d < e")),
        ("glob", name("*")), ("question mark and set", name("[a-z]?*")), ("braces", name("{a,b}")),
        ("percent", name("%s%n%x%d")), ("percent-encoded", name("%2e%2e%2fetc%2fpasswd")), ("backslash", name("a\\b")),
        ("backslash n", name("a\\nb")), ("equals", name("BOBBIN_FILE=x")), ("exclamation", name("!!")),
        ("comma and colon", name("a,b:c")),
        ("composed", name("caf\u{E9}")), ("decomposed", name("cafe\u{301}")),
        ("lower case", name("case")), ("upper case", name("CASE")),
        ("right-to-left mark", name("\u{202E}gpj.exe")), ("zero width", name("a\u{200B}b")),
        ("byte order mark", name("\u{FEFF}a")),
        ("emoji", name("🧵🪡👨‍👩‍👧")), ("slash-like", name("a\u{2215}b\u{FF0F}c\u{2044}d")),
        ("line separator", name("a\u{2028}b")),
        ("JSON", name("{\"state\": \"failed\"}")), ("markup", name("<img src=x onerror=alert(1)>")),
        ("a name of ours: item.json", name("item.json")), ("a name of ours: outcome.json", name("outcome.json")),
        ("a name of ours: payload", name("payload")), ("a name of ours: log", name("log")),
        ("a name of ours: work", name("work")),
        ("a name of ours: settings.job", name("settings.job")), ("an id", name("01a209fb-8f7e-795c-9522-d790048ae0b1")),
        ("a day", name("2026-11-23")), ("looks like a status file", name("case.json")), ("device name", name("CON")),
        ("zero", name("0")),
    ]

    private static let script = #"""
        printf %s "$BOBBIN_NAME" > "$N/name-$BOBBIN_ID"
        printf %s "$1" > "$N/argument-$BOBBIN_ID"
        [ "$1" = "$BOBBIN_FILE" ] || finish 3
        see
        finish 0
        """#

    @Test func name_whateverItsBytes_comesOutAsItWentIn() async throws {
        try await withRoot { root in
            let queue = root.job("q", Self.script)
            // Before the start and after it: the scan and the events.
            let early = Self.names.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
            let late = Self.names.enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
            for (what, bytes) in early { try queue.drop(bytes, Array(what.utf8)) }
            let bobbin = try await root.start()
            for (what, bytes) in late { try queue.drop(bytes, Array(what.utf8)) }
            for (what, bytes) in Self.names {
                let status = try await queue.wait(bytes, .succeeded)
                let item = try queue.item(status)
                #expect(item.payload.map(\.name) == [bytes], "\(what)")
                #expect(item.payload.first?.content == Array(what.utf8), "\(what)")
                #expect(queue.seen(status.id) == [Array(what.utf8)], "\(what)")
                #expect((root.notes / "name-\(status.id)").content == bytes, "\(what): $BOBBIN_NAME")
                #expect(
                    (root.notes / "argument-\(status.id)").content?.suffix(bytes.count + 1) == [47] + bytes,
                    "\(what): $1")
                if let encoded = status.json["name_base64"]?.string {
                    #expect(Base64.decode(encoded) == bytes, "\(what): name_base64")
                    #expect(
                        status.name?.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } == true,
                        "\(what): name is shown escaped")
                } else {
                    #expect(status.name.map { Array($0.utf8) } == bytes, "\(what): name")
                }
                #expect(
                    queue.statusFile(bytes).content?.filter { $0 < 0x20 && $0 != 10 } == [],
                    "\(what): a control byte in the status file")
            }
            try await root.stop(bobbin)
            #expect(queue.waiting == [])
            #expect(root.runs.count("start") == Self.names.count)
            try await root.expectPromises(isDrained: true)
            #expect(!root.path.tree.contains { $0.name == Array("pwned".utf8) })
            #expect(
                bobbin.error.string.utf8.allSatisfy { $0 >= 0x20 || $0 == 10 },
                "control bytes on the operator's terminal")
        }
    }

    /// What a failed, retried or forwarded item goes through.
    @Test func name_whenItFailsAndIsForwarded_keepsItsBytes() async throws {
        try await withRoot { root in
            let queue = root.job(
                "q",
                #"see; mkdir -p "$BOBBIN_NEXT/next"; cp "$1" "$BOBBIN_NEXT/next/$BOBBIN_NAME"; [ "$BOBBIN_ATTEMPT" = 2 ] || finish 1; finish 0"#,
                settings: #"{"retry_delay": [0.1]}"#)
            let next = root.job("next", "see; echo bad >&2; finish 65")
            let bobbin = try await root.start()
            for (what, bytes) in Self.names { try queue.drop(bytes, Array(what.utf8)) }
            for (what, bytes) in Self.names {
                let status = try await queue.wait(bytes, .succeeded, within: .seconds(40))
                #expect(status.attempt == 2, "\(what)")
                let other = try await next.wait(bytes, .failed, within: .seconds(40))
                let item = try next.item(other)
                #expect(item.payload.map(\.name) == [bytes], "\(what)")
                #expect(next.seen(other.id) == [Array(what.utf8)], "\(what)")
            }
            try await wait(for: "all forwards") { next.items(.failed).count == Self.names.count }
            try await root.stop(bobbin)
            let forwarded = Set(next.items(.failed).compactMap { $0.payload.first?.content })
            #expect(forwarded == Set(Self.names.map { Array($0.what.utf8) }))
        }
    }

    @Test func name_withNUL_cannotOccur() {
        let path = Path("/tmp/bobbin-e2e-nul") / [0x61, 0, 0x62]
        #expect(path.withC { open($0, O_RDONLY) } < 0)
    }

    /// Files under the names of the folders of states: a file there keeps the queue from working, and is refused at start.
    @Test(arguments: ["claimed", "done", "failed", "results", "retry", "status"])
    func reservedFolder_thatIsAFile_isRefusedWithTheMend(_ name: String) async throws {
        try await withRoot { root in
            let queue = root.job("q")
            (queue.path / name).write("not a folder")
            let bobbin = try root.launch()
            let code = try await bobbin.end()
            #expect(code == 69)
            #expect(bobbin.error.string.contains("\(queue.path)/\(name)"))
            #expect(bobbin.error.string.contains("move it away"))
            #expect((queue.path / name).string == "not a folder")
        }
    }

    @Test func jobFolder_withAHostileName_works() async throws {
        try await withRoot { root in
            let queue = root.job("a b'c$(touch pwned)")
            let bobbin = try await root.start()
            try queue.drop("file")
            try await queue.wait("file", .succeeded)
            try await root.stop(bobbin)
            #expect(!root.path.tree.contains { $0.name == Array("pwned".utf8) })
        }
    }
}
