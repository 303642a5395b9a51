import Documents

/// One key of `settings.job`: its name, the values it takes, what it means, and how it goes into `JobSettings`.
package struct SettingKey: Sendable {
    package let name: String
    /// Read as well, so that the guidance's own examples work as printed.
    package let aliases: [String]
    /// What other systems call it: only for "did you mean".
    let otherNames: [String]
    let type: SettingType
    /// One sentence, shown by the schema in an editor.
    package let meaning: String
    /// The default in words, where it is not one value.
    let defaultWords: String?
    package let availability: Availability
    /// The kind of jobs that has it; nil = both.
    package private(set) var kind: JobKind?
    /// Says why a value of a form that `type` does not know is refused all the same with a better message.
    let refusal: @Sendable (JSON) -> String?
    /// The value in force, as it would be written.
    let show: @Sendable (JobSettings) -> JSON
    /// Takes a value that has passed the check.
    let assign: @Sendable (JSON, inout JobSettings) -> Void

    package enum Availability: Sendable, Equatable {
        case now
        /// Known, but its work is not done yet: refused, except for values that ask for what happens today anyway.
        case later(accepted: [JSON])
    }

    init(
        _ name: String, _ type: SettingType, _ meaning: String, aliases: [String] = [], otherNames: [String] = [],
        defaultWords: String? = nil,
        refusal: @escaping @Sendable (JSON) -> String? = { _ in nil }, show: @escaping @Sendable (JobSettings) -> JSON,
        assign: @escaping @Sendable (JSON, inout JobSettings) -> Void
    ) {
        self.name = name
        self.type = type
        self.meaning = meaning
        self.aliases = aliases
        self.otherNames = otherNames
        self.defaultWords = defaultWords
        availability = .now
        self.refusal = refusal
        self.show = show
        self.assign = assign
    }

    /// A key of a later version.
    private init(
        later name: String, accepted: [JSON], _ meaning: String, aliases: [String], otherNames: [String], today: String
    ) {
        self.name = name
        self.aliases = aliases
        self.otherNames = otherNames
        type = .later
        self.meaning = meaning
        defaultWords = nil
        availability = .later(accepted: accepted)
        refusal = { value in accepted.contains(value) ? nil : "not available yet in this version; remove it (\(today))"
        }
        show = { _ in accepted.first ?? .null }
        assign = { _, _ in }
    }

    /// - Parameters:
    ///   - accepted: the values that ask for what happens today; the first is the one to show.
    ///   - today: what happens today, for the error message.
    static func later(
        _ name: String, _ accepted: JSON..., aliases: [String] = [], otherNames: [String] = [], today: String,
        _ meaning: String
    ) -> SettingKey {
        SettingKey(
            later: name, accepted: accepted + (accepted.contains(.null) ? [] : [.null]), meaning, aliases: aliases,
            otherNames: otherNames, today: today)
    }

    /// Whether `null` stands for the absence of a value.
    func isOptional(in settings: JobSettings) -> Bool { show(settings) == .null }
}

// MARK: Keys of the common kinds

extension SettingKey {
    /// The same key, of one kind of jobs only.
    func only(_ kind: JobKind) -> SettingKey {
        var key = self
        key.kind = kind
        return key
    }

    /// What to say where a job of another kind has it; nil when there is nothing to say.
    func misplaced(in kind: JobKind) -> String? {
        switch self.kind {
        case nil, kind: nil
        case .triggered: "is for triggered jobs, and this job is continuous: it has no queue and takes no items; remove it"
        case .continuous: "is for continuous jobs, and this job is triggered; remove it"
        }
    }

    typealias Path<Value> = any WritableKeyPath<JobSettings, Value> & Sendable

    static func flag(_ name: String, _ path: Path<Bool>, otherNames: [String] = [], _ meaning: String) -> SettingKey {
        SettingKey(
            name, .flag, meaning, otherNames: otherNames, show: { .bool($0[keyPath: path]) }, assign: { $1[keyPath: path] = $0.bool ?? false })
    }

    static func whole(
        _ name: String, _ range: ClosedRange<Int64>, _ path: Path<Int>, otherNames: [String] = [],
        defaultWords: String? = nil,
        refusal: @escaping @Sendable (JSON) -> String? = { _ in nil }, _ meaning: String
    ) -> SettingKey {
        SettingKey(
            name, .whole(range), meaning, otherNames: otherNames, defaultWords: defaultWords, refusal: refusal,
            show: { .integer(Int64($0[keyPath: path])) },
            assign: { value, settings in value.integer.map { settings[keyPath: path] = Int($0) } })
    }

    static func duration(
        _ name: String, _ range: ClosedRange<Duration>, _ path: Path<Duration>, aliases: [String] = [],
        otherNames: [String] = [],
        defaultWords: String? = nil, _ meaning: String
    ) -> SettingKey {
        SettingKey(
            name, .duration(range), meaning, aliases: aliases, otherNames: otherNames, defaultWords: defaultWords,
            show: { .string(DurationText.text($0[keyPath: path])) },
            assign: { value, settings in value.duration.map { settings[keyPath: path] = $0 } })
    }

    static func optionalDuration(
        _ name: String, _ range: ClosedRange<Duration>, _ path: Path<Duration?>, otherNames: [String] = [],
        _ meaning: String
    ) -> SettingKey {
        SettingKey(
            name, .duration(range), meaning, otherNames: otherNames,
            show: { JSON($0[keyPath: path].map(DurationText.text)) },
            assign: { $1[keyPath: path] = $0.duration })
    }

    static func word<Word: RawRepresentable<String> & CaseIterable & Sendable>(
        _ name: String, _ path: Path<Word>, _ meaning: String
    ) -> SettingKey {
        SettingKey(
            name, .word(Word.allCases.map(\.rawValue)), meaning, show: { .string($0[keyPath: path].rawValue) },
            assign: { value, settings in value.string.flatMap(Word.init).map { settings[keyPath: path] = $0 } })
    }

    static func texts(
        _ name: String, _ form: TextForm, _ path: Path<[String]>, isUnique: Bool = true, otherNames: [String] = [],
        _ meaning: String
    ) -> SettingKey {
        SettingKey(
            name, .list(.text(form), count: 0...1000, isUnique: isUnique), meaning, otherNames: otherNames,
            show: { .array($0[keyPath: path].map(JSON.string)) },
            assign: { $1[keyPath: path] = ($0.array ?? []).compactMap(\.string) })
    }

    static func exitCodes(_ name: String, _ path: Path<ExitCodeSet>, _ meaning: String) -> SettingKey {
        let one = SettingType.either([.whole(0...255), .text(.exitCodes)])
        return SettingKey(
            name, .either([.whole(0...255), .text(.exitCodes), .list(one, count: 0...256, isUnique: true)]), meaning,
            show: { $0[keyPath: path].json }, assign: { $1[keyPath: path] = ExitCodeSet($0) })
    }
}
