import Documents
import TestSupport
import Testing

@Suite struct JSONTextTests {
    @Test func pretty_hasOneKeyPerLineAndPlainListsOnOne() {
        let value: JSON = [
            "state": "running", "progress": ["percent": 42], "results": ["a", "b"], "steps": [["name": "x"]],
            "none": [], "empty": [:], "note": nil,
        ]
        #expect(
            value.pretty == """
                {
                  "state": "running",
                  "progress": {
                    "percent": 42
                  },
                  "results": ["a", "b"],
                  "steps": [
                    {
                      "name": "x"
                    }
                  ],
                  "none": [],
                  "empty": {},
                  "note": null
                }

                """)
        #expect(
            value.compact
                == #"{"state":"running","progress":{"percent":42},"results":["a","b"],"steps":[{"name":"x"}],"none":[],"empty":{},"note":null}"#
        )
    }

    @Test func text_escapesWhatJSONAndTerminalsNeed() {
        #expect(JSON.string("a\"b\\c\n\t\r\u{1B}[31m\u{7F}é").compact == #""a\"b\\c\n\t\r\u001b[31m\u007fé""#)
    }

    @Test func numberThatJSONCannotSay_isNull() {
        #expect(
            JSON.array([.number(.infinity), .number(.nan), .number(-0.0), .number(1e20)]).compact
                == "[null,null,-0.0,1e+20]")
    }

    @Test func subscriptAndValues_answerByKind() {
        let value: JSON = ["a": 1, "b": "x", "c": true, "d": [1], "e": nil]
        #expect(value["a"]?.integer == 1)
        #expect(value["a"]?.double == 1)
        #expect(value["a"]?.string == nil)
        #expect(value["b"]?.string == "x")
        #expect(value["c"]?.bool == true)
        #expect(value["d"]?.array == [1])
        #expect(value["f"] == nil)
        #expect(
            ["a", "b", "c", "d", "e"].map { value[$0]?.kind } == [
                "a whole number", "text", "true or false", "a list", "null",
            ])
        #expect(JSON.number(1.5).kind == "a number")
        #expect(value.kind == "an object")
        #expect(JSON(nil as String?) == .null)
        #expect(JSON(3 as Int?) == 3)
        #expect(JSON(Instant(seconds: 0)) == "1970-01-01T00:00:00.000Z")
    }

    @Test(arguments: UInt64(1)...20) func randomValue_survivesARoundTrip(_ seed: UInt64) throws {
        var dice = Dice(seed: seed)
        for _ in 0..<100 {
            let value = random(depth: 0, using: &dice)
            #expect(try JSONParser.parse(value.prettyBytes) == value, "seed \(seed)")
            #expect(try JSONParser.parse(value.compactBytes) == value, "seed \(seed)")
        }
    }

    private func random(depth: Int, using dice: inout Dice) -> JSON {
        switch Int.random(in: 0..<(depth < 5 ? 7 : 5), using: &dice) {
        case 0: .null
        case 1: .bool(Bool.random(using: &dice))
        case 2: .integer(Int64.random(in: .min ... .max, using: &dice))
        case 3: .number(Double(Int64.random(in: .min ... .max, using: &dice)) * 0.001 + 0.5e-3)
        case 4: .string(word(using: &dice))
        case 5: .array((0..<Int.random(in: 0...4, using: &dice)).map { _ in random(depth: depth + 1, using: &dice) })
        default:
            .object(
                (0..<Int.random(in: 0...4, using: &dice)).map { index in
                    JSON.Member("\(index)" + word(using: &dice), random(depth: depth + 1, using: &dice))
                })
        }
    }

    private func word(using dice: inout Dice) -> String {
        String(
            (0..<Int.random(in: 0...8, using: &dice)).map { _ in
                "ab\"\\/\n\r\t\u{0}\u{7F}é日🎉\u{2028}\u{202E}".randomElement(using: &dice)!
            })
    }
}
