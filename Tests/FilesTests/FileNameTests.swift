import SystemPackage
import TestSupport
import Testing

@testable import Files

@Suite struct FileNameTests {
    @Test(
        "what is not one component of a path is refused",
        arguments: [
            [], [0x2E], [0x2E, 0x2E], [0x61, 0x2F, 0x62], [0x2F], [0x61, 0x00], Array(repeating: 0x61, count: 256),
        ] as [[UInt8]])
    func fileName_ofBytesThatAreNoName_isNil(_ bytes: [UInt8]) { #expect(FileName(bytes) == nil) }

    @Test(
        "any other bytes are a name and stay as they are",
        arguments: [
            [0x61], [0x2E, 0x2E, 0x2E], [0x2D, 0x72, 0x66], [0x0A], [0x20], [0xFF, 0xFE], [0xC3], [0xED, 0xA0, 0x80],
            [0x5C], Array(repeating: 0xE4, count: 255),
        ] as [[UInt8]])
    func fileName_keepsItsBytesThroughTheKernel(_ bytes: [UInt8]) throws {
        let scratch = try Scratch()
        let name = try #require(FileName(bytes))
        #expect(name.bytes == bytes)
        try scratch.folder.write([1, 2, 3], toNew: RelativePath(name))
        #expect(try scratch.folder.names() == [name])
        let inner = try scratch.folder.makeFolder("inner")
        #expect(inner)
        #expect(try scratch.folder.move(RelativePath(name), to: scratch.folder, as: RelativePath("inner") / name) == .moved)
        #expect(try scratch.folder.names(in: "inner") == [name])
        #expect(scratch.path.appending(name).name == name)
        #expect(try Folder.open(scratch.path.appending("inner")).names() == [name])
    }

    @Test func namesSortByTheirBytes() throws {
        let names = try ["b", "B", "a", "ä"].map(FileName.of).sorted()
        #expect(names.map(\.escaped) == ["B", "a", "b", "ä"])
    }

    @Test func wrapped_isNilBeyond255Bytes() throws {
        let long = try #require(FileName(Array(repeating: 0x61, count: 246)))
        #expect(long.wrapped(after: ".envelope")?.bytes.count == 255)
        let longer = try #require(FileName(Array(repeating: 0x61, count: 247)))
        #expect(longer.wrapped(after: ".envelope") == nil)
    }

    @Test func dropping_takesOnlyThatEnding() throws {
        #expect(try FileName.of("a.envelope").dropping(suffix: ".envelope")?.escaped == "a")
        #expect(try FileName.of(".envelope").dropping(suffix: ".envelope") == nil)
        #expect(try FileName.of("a.txt").dropping(suffix: ".envelope") == nil)
    }

    @Test(
        arguments: [
            ("plain.txt", "plain.txt"), ("a\\b", "a\\\\b"), ("a\nb", "a\\nb"), ("a\tb", "a\\tb"), ("a\rb", "a\\rb"),
            ("\u{1B}[31m", "\\x1B[31m"), ("a\u{7F}", "a\\x7F"), ("\u{202E}abc", "\\u{202E}abc"), ("a\u{200B}b", "a\\u{200B}b"),
            ("\u{85}", "\\u{0085}"), ("\u{2028}", "\\u{2028}"), ("ä", "ä"), ("日本", "日本"), ("👩‍💻", "👩\\u{200D}💻"),
            (" ", " "), ("%s\"'`$()", "%s\"'`$()"), ("\\n", "\\\\n"),
        ] as [(String, String)])
    func escaped_showsWhatCannotBeShown(_ text: String, _ expected: String) {
        #expect(Escaped.text(Array(text.utf8)) == expected)
    }

    @Test func escaped_ofBytesThatAreNotUTF8_showsEach() {
        #expect(Escaped.text([0x61, 0xFF, 0x62]) == "a\\xFFb")
        #expect(Escaped.text([0xE2, 0x82]) == "\\xE2\\x82")
        #expect(Escaped.text([0xC0, 0xAF]) == "\\xC0\\xAF")
        #expect(Escaped.text([0xED, 0xA0, 0x80]) == "\\xED\\xA0\\x80")
        #expect(Escaped.text([0xF0, 0x9F, 0x98]) == "\\xF0\\x9F\\x98")
    }

    @Test("two different names never look the same, and none holds a control character", arguments: UInt64(1)...20)
    func escaped_isOneToOne(seed: UInt64) throws {
        var dice = Dice(seed: seed)
        let alphabet: [[UInt8]] = [
            [0x5C], [0x6E], [0x78], [0x46], [0x0A], [0xFF], [0xC3], [0xA4], [0xC3, 0xA4], [0x75], [0x7B], [0x7D], [0x32], [0x30],
            [0xE2, 0x80, 0xAE], [0x45], [0x61, 0xCC, 0x88], [0x09], [0x74], [0xF0, 0x9F, 0x98, 0x80], [0xF0],
        ]
        var seen: [[UInt8]: [UInt8]] = [:]
        for _ in 0..<3000 {
            let count = Int.random(in: 1...6, using: &dice)
            let bytes = (0..<count).flatMap { _ in alphabet.randomElement(using: &dice)! }
            let shown = Escaped.text(bytes)
            let key = Array(shown.utf8)
            #expect(seen[key, default: bytes] == bytes, "seed \(seed): \(bytes) and \(seen[key] ?? []) both look like \(shown)")
            seen[key] = bytes
            #expect(shown.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }, "seed \(seed): \(bytes)")
        }
    }

    @Test func relativePath_joinsBytes() throws {
        let name = try #require(FileName([0xFF, 0x0A]))
        let place = RelativePath("a") / "b" / name
        #expect(Array(place.bytes) == Array("a/b/".utf8) + [0xFF, 0x0A])
        #expect(place.escaped == "a/b/\\xFF\\n")
        #expect(place.parent.map { Array($0.bytes) } == Array("a/b".utf8))
        #expect(RelativePath("a").parent == nil)
    }

    @Test func temporaryName_fitsAndIsHidden() throws {
        let long = try #require(FileName(Array(repeating: 0x61, count: 255)))
        let temporary = (RelativePath("status") / long).temporary
        let last = try #require(FilePath(bytes: temporary.bytes).name)
        #expect(last.bytes.count <= 255)
        #expect(last.hasPrefix(".") && last.hasSuffix(".new"))
    }
}
