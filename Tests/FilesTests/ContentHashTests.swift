import Files
import Testing

@Suite struct ContentHashTests {
    /// The examples of FIPS 180-4 and its predecessors.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
            "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
        ),
    ])
    func digest_ofKnownTexts_isAsPublished(text: String, expected: String) {
        var hash = ContentHash()
        hash.add(Array(text.utf8))
        #expect(ContentHash.hexadecimal(hash.digest()) == expected)
    }

    @Test func digest_ofAMillionLetters_isAsPublished_howeverTheyAreCut() {
        for piece in [1, 55, 56, 63, 64, 65, 1000] {
            var hash = ContentHash()
            var rest = 1_000_000
            while rest > 0 {
                hash.add([UInt8](repeating: UInt8(ascii: "a"), count: min(piece, rest)))
                rest -= min(piece, rest)
            }
            #expect(
                ContentHash.hexadecimal(hash.digest()) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
                "in pieces of \(piece)")
        }
    }
}
