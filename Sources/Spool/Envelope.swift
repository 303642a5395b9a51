import Documents
import Files

/// What a caller may say about a file beside the file: an optional `FILENAME.envelope`, dropped before the payload and
/// claimed with it (contract §9).
///
/// Keys of coordination features that this version does not have (`reply_to`, `lane`, `session`, `sequence`) are
/// refused, never ignored: a caller who asked for order or an answer must not believe to get it.
package struct Envelope: Sendable, Equatable {
    package var id: ItemID?
    package var correlationID: String?
    package var notBefore: Instant?
    package var expiresAt: Instant?
    package var trigger: Trigger?
    /// How many jobs have forwarded the file, or what it was made from, so far. Written by Bobbin.
    package var hops: Int?
    /// Arguments for the script in place of the payload's path.
    package var arguments: [String]?
    package var properties: [JSON.Member]

    package init(
        id: ItemID? = nil, correlationID: String? = nil, notBefore: Instant? = nil, expiresAt: Instant? = nil,
        trigger: Trigger? = nil, hops: Int? = nil, arguments: [String]? = nil, properties: [JSON.Member] = []
    ) {
        self.hops = hops
        self.id = id
        self.correlationID = correlationID
        self.notBefore = notBefore
        self.expiresAt = expiresAt
        self.trigger = trigger
        self.arguments = arguments
        self.properties = properties
    }

    /// Larger envelopes are refused: bytes.
    package static let sizeLimit = 64 * 1024

    package struct Problem: Error, Equatable, CustomStringConvertible {
        package var description: String
        package init(_ text: String) { description = text.printable }
    }

    package init(bytes: [UInt8]) throws(Problem) {
        guard bytes.count <= Self.sizeLimit else { throw Problem("the envelope is larger than \(Self.sizeLimit) bytes") }
        let json: JSON
        do throws(JSONParser.Failure) {
            json = try JSONParser.parse(bytes)
        } catch {
            throw Problem("the envelope is not JSON: \(error)")
        }
        try self.init(json)
    }

    package init(_ json: JSON) throws(Problem) {
        guard let members = json.members else { throw Problem("the envelope must be an object, found \(json.kind)") }
        self.init()
        for member in members {
            let value = member.value
            func wrong(_ expected: String) -> Problem {
                Problem("envelope line \(member.line): key \"\(member.key)\": expected \(expected), found \(value.kind)")
            }
            switch member.key {
            case "id":
                guard let text = value.string, let id = ItemID(text) else { throw wrong("a UUID in lower case") }
                self.id = id
            case "correlation_id":
                guard let text = value.string, !text.isEmpty, text.utf8.count <= 200, !text.contains(where: { $0.isNewline || $0 == "\0" })
                else { throw wrong("text of 1 to 200 bytes on one line") }
                correlationID = text
            case "not_before":
                guard let instant = value.string.flatMap({ Instant(rfc3339: $0) }) else { throw wrong("a time in RFC 3339") }
                notBefore = instant
            case "expires_at":
                guard let instant = value.string.flatMap({ Instant(rfc3339: $0) }) else { throw wrong("a time in RFC 3339") }
                expiresAt = instant
            case "trigger":
                guard let trigger = value.string.flatMap(Trigger.init(rawValue:)) else {
                    throw wrong("one of " + Trigger.allCases.map(\.rawValue).joined(separator: ", "))
                }
                self.trigger = trigger
            case "hops":
                guard let count = value.integer.flatMap(Int.init(exactly:)), (0...1000).contains(count) else {
                    throw wrong("a whole number")
                }
                hops = count
            case "arguments":
                let texts = value.array?.compactMap(\.string)
                guard let texts, texts.count == value.array?.count, !texts.contains(where: { $0.utf8.contains(0) }) else {
                    throw wrong("a list of texts without NUL")
                }
                arguments = texts
            case "properties":
                guard let members = value.members else { throw wrong("an object") }
                properties = members
            case "reply_to", "lane", "session", "sequence":
                throw Problem("envelope line \(member.line): key \"\(member.key)\" is not available yet in this version of Bobbin")
            default:
                throw Problem("envelope line \(member.line): unknown key \"\(member.key)\"")
            }
        }
    }

    package var json: JSON {
        var members: [JSON.Member] = []
        if let id { members.append(.init("id", .string(id.description))) }
        if let correlationID { members.append(.init("correlation_id", .string(correlationID))) }
        if let notBefore { members.append(.init("not_before", JSON(notBefore))) }
        if let expiresAt { members.append(.init("expires_at", JSON(expiresAt))) }
        if let trigger { members.append(.init("trigger", .string(trigger.rawValue))) }
        if let hops { members.append(.init("hops", JSON(hops))) }
        if let arguments { members.append(.init("arguments", .array(arguments.map(JSON.string)))) }
        if !properties.isEmpty { members.append(.init("properties", .object(properties))) }
        return .object(members)
    }

    /// The name under which the envelope of a file is dropped: the file's own and `.envelope`, shortened as that of a status
    /// file is when it is too long for that.
    package static func name(for payload: FileName) -> FileName { ShortName.of(payload, suffix: ".envelope") }
}
