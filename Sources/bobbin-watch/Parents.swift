/// The folders that contain watched folders: which watch is on them, and which tokens stand for what name in them.
struct Parents {
    private struct Parent {
        var path: [UInt8]
        var tokens: [[UInt8]: [Int]] = [:]
    }
    private var parents: [Int32: Parent] = [:]
    private var watches: [[UInt8]: Int32] = [:]
    private var places: [Int: (watch: Int32, name: [UInt8])] = [:]

    /// The path of the containing folder and the name in it; nil for `/`, and for a path that ends in `.` or `..`, of
    /// which the name does not tell what it is in its parent.
    static func split(_ path: [UInt8]) -> (folder: [UInt8], name: [UInt8])? {
        let slash = UInt8(ascii: "/")
        var rest = path[...]
        while rest.count > 1, rest.last == slash { rest.removeLast() }
        let name = rest[(rest.lastIndex(of: slash).map { $0 + 1 } ?? rest.startIndex)...]
        guard !name.isEmpty, !name.elementsEqual(".".utf8), !name.elementsEqual("..".utf8) else { return nil }
        let folder = rest.dropLast(name.count)
        return (folder.isEmpty ? [UInt8(ascii: ".")] : Array(folder), Array(name))
    }

    func isKnown(_ watch: Int32) -> Bool { parents[watch] != nil }
    func watch(of folder: [UInt8]) -> Int32? { watches[folder] }

    func tokens(of name: UnsafeRawBufferPointer, in watch: Int32) -> [Int] {
        // Asked for everything that goes from the folder, mostly in vain.
        guard let parent = parents[watch] else { return [] }
        return parent.tokens[Array(name)] ?? []
    }

    mutating func add(_ token: Int, _ name: [UInt8], _ watch: Int32, at folder: [UInt8]? = nil) {
        if let place = places[token], place.watch == watch, place.name == name { return }
        _ = remove(token)
        if parents[watch] == nil, let folder {
            parents[watch] = Parent(path: folder)
            watches[folder] = watch
        }
        parents[watch]?.tokens[name, default: []].append(token)
        places[token] = (watch, name)
    }

    /// The answer is the watch that serves no token any more, if that is so.
    mutating func remove(_ token: Int) -> Int32? {
        guard let place = places.removeValue(forKey: token) else { return nil }
        parents[place.watch]?.tokens[place.name]?.removeAll { $0 == token }
        if parents[place.watch]?.tokens[place.name]?.isEmpty == true { parents[place.watch]?.tokens[place.name] = nil }
        guard parents[place.watch]?.tokens.isEmpty == true else { return nil }
        _ = forget(place.watch)
        return place.watch
    }

    /// The watch is gone; the answer is whom it served.
    mutating func forget(_ watch: Int32) -> [Int] {
        guard let parent = parents.removeValue(forKey: watch) else { return [] }
        watches[parent.path] = nil
        let served = parent.tokens.values.flatMap { $0 }
        for token in served { places[token] = nil }
        return served
    }
}
