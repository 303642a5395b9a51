/// A number of places, shared among those who want them by their weights: stride scheduling (Waldspurger and Weihl, 1995).
///
/// Each grant moves its taker's pass ahead by one stride, the shorter the greater the weight; whoever waits with the
/// smallest pass is next. A newcomer begins where the others are, so that having been away earns nothing. No place stays
/// free while somebody wants it.
struct FairShare<Key: Hashable & Comparable> {
    let limit: Int
    private(set) var taken = 0
    private var members: [Key: Member] = [:]
    /// The pass of the last grant.
    private var now = 0

    private struct Member {
        var pass: Int
        var stride: Int
        var taken = 0
        var isWaiting = false
    }

    /// A common multiple of many weights, so that strides are nearly exact.
    private static var unit: Int { 5_040_000 }

    init(limit: Int) { self.limit = limit }

    var free: Int { limit - taken }

    func taken(of key: Key) -> Int { members[key]?.taken ?? 0 }

    /// Who should ask for a place now: there is one, and it is this one's turn.
    var next: Key? { free > 0 ? first(of: members.filter(\.value.isWaiting)) : nil }

    private func first(of waiting: [Key: Member]) -> Key? {
        waiting.min { ($0.value.pass, $0.key) < ($1.value.pass, $1.key) }?.key
    }

    /// Takes places as far as there are any and it is the asker's turn; who gets fewer than wanted waits from now on.
    mutating func take(_ key: Key, weight: Int, upTo wanted: Int) -> Int {
        join(key, weight: weight)
        var count = 0
        while count < wanted, free > 0, isTurn(of: key) {
            grant(key)
            count += 1
        }
        members[key]?.isWaiting = count < wanted
        leaveIfIdle(key)
        return count
    }

    /// Goes on with a place whose run has ended; false when somebody else is next, and the place is given back.
    mutating func keep(_ key: Key, weight: Int) -> Bool {
        give(key)
        join(key, weight: weight)
        // It had the place, and was not waiting: among equals the others are first.
        guard free > 0, let other = first(of: members.filter { $0.value.isWaiting && $0.key != key }), let own = members[key],
            let pass = members[other]?.pass, pass <= own.pass
        else {
            guard free > 0 else { return false }
            grant(key)
            return true
        }
        members[key]?.isWaiting = true
        return false
    }

    /// Gives back a place.
    ///
    /// - Parameter isUnused: nothing was run in it, so that it does not count.
    mutating func give(_ key: Key, isUnused: Bool = false) {
        guard let member = members[key], member.taken > 0 else { return }
        taken -= 1
        members[key]?.taken -= 1
        if isUnused { members[key]?.pass -= member.stride }
    }

    /// Wants no more places.
    mutating func withdraw(_ key: Key) {
        members[key]?.isWaiting = false
        leaveIfIdle(key)
    }

    private mutating func join(_ key: Key, weight: Int) {
        let stride = Self.unit / max(1, weight)
        var member = members[key] ?? Member(pass: now, stride: stride)
        if member.taken == 0, !member.isWaiting { member.pass = max(member.pass, now) }
        member.stride = stride
        members[key] = member
    }

    private func isTurn(of key: Key) -> Bool {
        guard let own = members[key] else { return false }
        return !members.contains { other, member in other != key && member.isWaiting && (member.pass, other) < (own.pass, key) }
    }

    private mutating func grant(_ key: Key) {
        guard let member = members[key] else { return }
        taken += 1
        now = max(now, member.pass)
        members[key]?.taken += 1
        members[key]?.pass += member.stride
    }

    /// Whoever is away is forgotten once the others have caught up.
    private mutating func leaveIfIdle(_ key: Key) {
        if let member = members[key], member.taken == 0, !member.isWaiting, member.pass <= now { members[key] = nil }
    }
}
