import Documents
import TestSupport
import Testing

@Suite struct JSONParserTests {
    @Test(
        arguments: [
            ("null", nil), ("true", true), ("false", false), ("0", 0), ("-0", 0), ("42", 42), ("-17", -17),
            ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
            ("9223372036854775808", .number(9_223_372_036_854_775_808)), ("1.5", .number(1.5)),
            ("-2.5e-3", .number(-0.0025)),
            ("1e3", .number(1000)), ("5.0", .number(5)), ("0.1", .number(0.1)),
            (#""""#, ""), (#""a\"b\\c\/d\n\t\r\b\f""#, "a\"b\\c/d\n\t\r\u{8}\u{C}"), (#""\u00e9\u0000""#, "é\0"),
            (#""\ud83c\udf89""#, "🎉"), ("\"häßlich\t日本\"", "häßlich\t日本"),
            ("[]", []), ("[1,2,]", [1, 2]), ("[ [ ] , { } ]", [[], [:]]), ("{}", [:]),
            (#"{"a":1,"b":[true,],}"#, ["a": 1, "b": [true]]),
            ("// first\n{ /* in * between ** */ \"a\" : /**/ 1 // last\n}", ["a": 1]), ("\u{FEFF}{\"a\":1}", ["a": 1]),
            ("\r\n{\r\n\"a\": 1\r\n}\r\n", ["a": 1]), ("/***/ 1", 1), ("1 // no line feed at the end", 1),
        ] as [(String, JSON)])
    func goodText_isRead(_ text: String, _ expected: JSON) throws {
        #expect(try JSONParser.parse(text) == expected)
    }

    @Test(
        arguments: [
            ("", 1, 1, "expected a value"), ("  \n ", 2, 2, "the text ended"),
            ("{", 1, 2, "expected a key in double quotes or '}'"),
            ("{a: 1}", 1, 2, "expected a key in double quotes"), ("{'a': 1}", 1, 2, "expected a key in double quotes"),
            (#"{"a" 1}"#, 1, 6, "expected ':' after the key \"a\", but found '1'"),
            (#"{"a": 1 "b": 2}"#, 1, 9, "expected ',' or '}' after the value of \"a\""),
            ("{\n  \"a\": 1,\n  \"b\": yes\n}", 3, 8, "expected a value"),
            ("{\n  \"a\": 1,\n  \"a\": 2\n}", 3, 3, "the key \"a\" is given twice"),
            ("{,}", 1, 2, "expected a key"), ("[1 2]", 1, 4, "expected ',' or ']' in the list"),
            ("[,]", 1, 2, "expected a value"),
            ("[1,,2]", 1, 4, "expected a value"), ("[1", 1, 3, "the text ended"),
            ("1 2", 1, 3, "expected the end of the text"),
            ("{} x", 1, 4, "expected the end of the text, but found 'x'"), ("nul", 1, 1, "expected a value"),
            ("True", 1, 1, "expected a value"),
            ("01", 1, 1, "\"01\" is not a number"), ("-", 1, 1, "is not a number"), ("1.", 1, 1, "is not a number"),
            ("1.e5", 1, 1, "is not a number"),
            ("-.5", 1, 1, "is not a number"), (".5", 1, 1, "expected a value"), ("+1", 1, 1, "expected a value"),
            ("1e", 1, 1, "is not a number"),
            ("--1", 1, 1, "is not a number"), ("1e999", 1, 1, "is not a number"), ("0x10", 1, 2, "expected the end"),
            ("NaN", 1, 1, "expected a value"),
            ("\"abc", 1, 5, "expected '\"' at the end of the text"),
            ("\"ab\ncd\"", 1, 4, "expected '\"' at the end of the text"),
            (#""a\qb""#, 1, 4, "after '\\'"), (#""\u12g4""#, 1, 6, "four hexadecimal digits"),
            (#""\ud800""#, 1, 8, "surrogate"),
            (#""\ud800\u0041""#, 1, 14, "surrogate"), (#""\udc00""#, 1, 8, "surrogate"),
            ("\"a\u{1}\"", 1, 3, "control character"),
            ("/", 1, 2, "a comment begins with // or /*"), ("1 /x", 1, 4, "a comment begins"),
            ("{\n /* never\n ended }", 2, 2, "never ended"),
            ("\u{FEFF}x", 1, 1, "expected a value"), (#"{"äöü": x}"#, 1, 9, "expected a value"),
            ("[1]\r\n]", 2, 1, "expected the end"),
        ] as [(String, Int, Int, String)])
    func badText_isRefusedAtItsPlace(_ text: String, _ line: Int, _ column: Int, _ message: String) throws {
        let failure = try #require(throws: JSONParser.Failure.self) { try JSONParser.parse(text) }
        #expect((failure.line, failure.column) == (line, column), "\(failure)")
        #expect(failure.message.contains(message), "\(failure)")
    }

    @Test func textThatIsNotUTF8_isRefused() throws {
        let failure = try #require(throws: JSONParser.Failure.self) { try JSONParser.parse([0x22, 0xFF, 0x22]) }
        #expect(failure.message.contains("not UTF-8"))
    }

    @Test func nesting_isLimited() throws {
        #expect(throws: Never.self) {
            try JSONParser.parse(String(repeating: "[", count: 60) + String(repeating: "]", count: 60))
        }
        let failure = try #require(throws: JSONParser.Failure.self) {
            try JSONParser.parse(String(repeating: "[", count: 100_000))
        }
        #expect(failure.message.contains("nested deeper than 64"))
    }

    @Test func members_rememberTheLinesOfTheirKeys() throws {
        let members = try #require(
            try JSONParser.parse("{\n\"a\": 1, \"b\":\n2,\r\n// c\n\"d\": {\n\"e\": 1}}").members)
        #expect(members.map(\.line) == [2, 2, 5])
        #expect(members[2].value.members?.map(\.line) == [6])
    }

    /// Comparing each key with all before it took minutes here.
    @Test(.timeLimit(.minutes(1))) func objectOfManyKeys_isReadInLinearTime() throws {
        let text = "{" + (0..<100_000).map { "\"key\($0)\":0" }.joined(separator: ",") + "}"
        #expect(try JSONParser.parse(text).members?.count == 100_000)
    }

    @Test(arguments: UInt64(1)...20) func garbage_neverCrashes(_ seed: UInt64) throws {
        var dice = Dice(seed: seed)
        let pieces = [
            "{", "}", "[", "]", ":", ",", "\"", "\\", "\\u", "\\ud83c", "12", "-", ".", "e", "true", "null", "//", "/*",
            "*/", "\n", " ", "\u{FEFF}", "é",
        ]
        for _ in 0..<1000 {
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 0...20, using: &dice) {
                if Int.random(in: 0..<8, using: &dice) == 0 {
                    bytes.append(UInt8.random(in: .min ... .max, using: &dice))
                } else {
                    bytes += Array(pieces.randomElement(using: &dice)!.utf8)
                }
            }
            if let value = try? JSONParser.parse(bytes) {
                #expect(try JSONParser.parse(value.prettyBytes) == value, "seed \(seed): \(bytes)")
            }
        }
    }
}
