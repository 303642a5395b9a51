import SystemPackage
import Testing

@testable import Files

/// The model of the protocol (`Models/protocol.pml`) speaks of the steps of the code, and of no others.
@Suite struct ModelTests {
    private let model: String

    init() throws {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let bytes = try #require(try Folder.open(FilePath("/\(root)/Models")).read("protocol.pml"))
        model = String(decoding: bytes, as: UTF8.self)
    }

    /// The names in `STEP(name, …)`.
    private var modelled: Set<String> {
        let lines = model.split(separator: "\n").map { $0.drop { $0 == " " } }
        return Set(lines.filter { $0.hasPrefix("STEP(") }.map { $0.dropFirst(5).prefix { $0 != "," } }.map(String.init))
    }

    /// The names in the list at the model's head of what is left out.
    private var leftOut: [String] {
        let head = model.split(separator: "*/")[0]
        let lines = head.split(separator: "\n")
        guard let start = lines.firstIndex(where: { $0.hasSuffix("are not steps here:") }) else { return [] }
        return lines[(start + 1)...].joined(separator: "\n").split { " *\n".contains($0) }.map(String.init).filter { $0.contains("_") }
    }

    private let steps = Set(Step.allCases.map { String($0.rawValue.map { $0 == "." ? "_" : $0 }) })

    @Test func eachStep_isInTheModelOrLeftOutWithAReason() {
        #expect(modelled.count > 20)
        #expect(steps.subtracting(modelled).subtracting(leftOut) == [], "new in the code: model them, or say why not")
        #expect(modelled.intersection(leftOut) == [], "in the model, and said to be left out")
    }

    @Test func eachStepOfTheModel_isInTheCode() {
        let orders = modelled.filter { $0.hasPrefix("order_") }
        #expect(modelled.subtracting(orders).subtracting(steps) == [], "gone from the code")
        #expect(Set(leftOut).subtracting(steps) == [], "gone from the code")
    }
}
