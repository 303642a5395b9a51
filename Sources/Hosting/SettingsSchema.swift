import Documents

/// The JSON Schema (draft 2020-12) of `settings.job`, published by `bobbin schema` for editors: put its address or path
/// into the file's `"$schema"`. Made from `SettingTable`, the table that also checks the files.
///
/// What a schema cannot say – relations between keys, comments, trailing commas – only Bobbin itself knows.
package enum SettingsSchema {
    package static var text: String { document.pretty }

    package static var document: JSON {
        var properties = [
            JSON.Member("$schema", ["type": "string", "description": "Address of this schema, for editors."])
        ]
        for key in SettingTable.keys {
            properties.append(JSON.Member(key.name, schema(of: key)))
            for alias in key.aliases {
                properties.append(JSON.Member(alias, described(schema(of: key), "Same as \(key.name).")))
            }
        }
        return [
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": "https://bobbin.invalid/schema/settings.job.json",
            "title": "Bobbin settings.job",
            "description": "Settings of one job; comments and trailing commas are accepted.",
            "type": ["object", "null"], "properties": .object(properties), "additionalProperties": false,
        ]
    }

    private static func schema(of key: SettingKey) -> JSON {
        if case .later(let accepted) = key.availability {
            return [
                "enum": .array(accepted), "description": .string(key.meaning + " Not available yet in this version."),
            ]
        }
        let standard = key.show(JobSettings(kind: key.kind ?? .triggered))
        let only = key.kind.map { " For \($0) jobs only." } ?? ""
        let value = standard == .null ? SettingType.either([key.type]).schema(orNull: true) : key.type.schema
        guard case .object(let members) = value else { return value }
        let words = key.defaultWords.map { " Default: \($0)." } ?? (standard == .null ? " Default: none." : "")
        let tail = key.defaultWords == nil ? [JSON.Member("default", standard)] : []
        return .object(members + [JSON.Member("description", .string(key.meaning + only + words))] + tail)
    }

    private static func described(_ schema: JSON, _ text: String) -> JSON {
        guard let members = schema.members else { return schema }
        return .object(members.map { $0.key == "description" ? JSON.Member("description", .string(text)) : $0 })
    }
}

extension SettingType {
    func schema(orNull: Bool) -> JSON {
        guard case .either(let forms) = self else { return schema }
        return ["anyOf": .array(forms.map(\.schema) + (orNull ? [["type": "null"]] : []))]
    }

    var schema: JSON {
        switch self {
        case .flag: ["type": "boolean"]
        case .whole(let range):
            ["type": "integer", "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound)]
        case .number(let range):
            ["type": "number", "minimum": .number(range.lowerBound), "maximum": .number(range.upperBound)]
        case .duration(let range):
            [
                "anyOf": [
                    [
                        "type": "number", "minimum": .number(range.lowerBound.seconds),
                        "maximum": .number(range.upperBound.seconds),
                    ],
                    ["type": "string", "pattern": #"^(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ms|s|m|h|d|w))+$"#],
                ]
            ]
        case .word(let words): ["enum": .array(words.map(JSON.string))]
        case .text(let form):
            form.pattern.isEmpty ? ["type": "string"] : ["type": "string", "pattern": .string(form.pattern)]
        case .list(let element, let count, let isUnique):
            [
                "type": "array", "items": element.schema, "minItems": .integer(Int64(count.lowerBound)),
                "maxItems": .integer(Int64(count.upperBound)),
                "uniqueItems": .bool(isUnique),
            ]
        case .object(let fields):
            [
                "type": "object",
                "properties": .object(
                    fields.map { field in
                        JSON.Member(
                            field.name,
                            .object(
                                (field.type.schema.members ?? []) + [JSON.Member("description", .string(field.meaning))]
                            ))
                    }),
                "additionalProperties": false,
            ]
        case .map(let keys, let values):
            [
                "type": "object", "propertyNames": ["pattern": .string(keys.pattern)],
                "additionalProperties": values.schema,
            ]
        case .either(let forms): ["anyOf": .array(forms.map(\.schema))]
        case .later: [:]
        }
    }
}
