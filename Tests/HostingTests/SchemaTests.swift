import Documents
import Glibc
import Hosting
import Testing

@Suite struct SchemaTests {
    @Test func schema_hasEveryKeyWithItsMeaning() throws {
        let properties = try #require(SettingsSchema.document["properties"])
        for key in SettingTable.keys {
            for name in [key.name] + key.aliases {
                #expect(properties[name]?["description"]?.string?.isEmpty == false, "\(name)")
            }
        }
        #expect(try JSONParser.parse(SettingsSchema.text) == SettingsSchema.document)
    }

    /// An independent reader of schemas, python3's jsonschema, must come to the same verdict as Bobbin's own check on
    /// every good and bad value of the tables.
    @Test(
        .enabled(
            if: system("python3 -c 'import jsonschema' 2>/dev/null") == 0,
            "python3 has no module jsonschema: pip install jsonschema"))
    func schema_judgesAsTheValidatorDoes() throws {
        var cases: [JSON] = []
        func add(_ key: String, _ value: String, isGood: Bool) throws {
            if !isGood, SettingCases.beyondSchema.contains("\(key) \(value)") { return }
            cases.append([
                "name": .string("\(key) \(value)"), "good": .bool(isGood),
                "instance": try JSONParser.parse("{\"\(key)\": \(value)}"),
            ])
        }
        for (key, value, _) in SettingCases.good { try add(key, value, isGood: true) }
        for (key, value, _, _) in SettingCases.bad { try add(key, value, isGood: false) }
        for (key, accepted, refused) in SettingCases.later {
            try add(key, accepted, isGood: true)
            try add(key, refused, isGood: false)
        }
        try add("maxattempts", "1", isGood: false)
        let program = """
            import json, sys, jsonschema
            schema, cases = json.load(sys.stdin)
            jsonschema.Draft202012Validator.check_schema(schema)
            validator = jsonschema.Draft202012Validator(schema)
            for case in cases:
                if validator.is_valid(case["instance"]) != case["good"]:
                    print("good" if case["good"] else "bad", case["name"])
            print("judged", len(cases))
            """
        let answer = try output(
            of: ["python3", "-c", program], input: JSON.array([SettingsSchema.document, .array(cases)]).compactBytes)
        #expect(answer == "judged \(cases.count)\n")
    }

    private func output(of arguments: [String], input: [UInt8]) throws -> String {
        let folder = try TemporaryFolder()
        try folder.write(String(decoding: input, as: UTF8.self), to: "input")
        let quoted = arguments.map { "'" + $0.replacing("'", with: #"'\''"#) + "'" }.joined(separator: " ")
        _ = system("\(quoted) < \(folder.text)/input > \(folder.text)/output 2>&1")
        return try folder.read("output")
    }
}
