import Documents

/// How long what is finished is kept. The sweeper removes what is over either limit; it never touches an item that
/// still waits or runs.
package struct Retention: Sendable, Equatable {
    /// Limits of one place; nil is no limit, and both nil is "forever".
    package struct Rule: Sendable, Equatable {
        /// Since the end of the item.
        package var age: Duration?
        /// The newest so many are kept.
        package var count: Int?

        package init(age: Duration? = nil, count: Int? = nil) {
            self.age = age
            self.count = count
        }

        package static let forever = Rule()
    }

    /// Items in `done/`. Default: seven days.
    package var done = Rule(age: .seconds(7 * 86_400))
    /// Items in `failed/`. Default: forever, for a dead letter is a question to a person.
    package var failed = Rule.forever
    /// Rows of the history. Default: thirty days.
    package var history = Rule(age: .seconds(30 * 86_400))

    package init() {}

    /// Takes a value whose form has been checked. `count` beside the three places is the count of `done` and
    /// `history` where they give none; `failed` is limited only by its own.
    init(_ value: JSON) {
        let common = value["count"]?.integer.map(Int.init)
        done = Self.rule(value["done"], standard: done)
        failed = Self.rule(value["failed"], standard: failed)
        history = Self.rule(value["history"], standard: history)
        done.count = done.count ?? common
        history.count = history.count ?? common
    }

    private static func rule(_ value: JSON?, standard: Rule) -> Rule {
        guard let value else { return standard }
        if value.members != nil {
            return Rule(age: value["age"]?.duration, count: value["count"]?.integer.map(Int.init))
        }
        return Rule(age: value.duration)
    }

    var json: JSON { ["done": Self.json(done), "failed": Self.json(failed), "history": Self.json(history)] }

    private static func json(_ rule: Rule) -> JSON {
        let age: JSON = .string(rule.age.map(DurationText.text) ?? "forever")
        return rule.count.map { ["age": age, "count": .integer(Int64($0))] } ?? age
    }
}
