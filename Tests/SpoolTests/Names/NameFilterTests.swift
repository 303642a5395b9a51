import Files
import Spool
import Testing

@Suite struct NameFilterTests {
    private func verdict(_ name: String, patterns: [String] = [], ignore: [String] = []) throws -> NameVerdict {
        NameFilter(patterns: patterns, ignore: ignore).verdict(try #require(FileName(name)))
    }

    @Test func withoutSettings_isTheBuiltInList() throws {
        for name in ["a.csv", "a.part", ".a", "~$a", "a.envelope", "Thumbs.db"] {
            #expect(try verdict(name) == BuiltInNames.verdict(try #require(FileName(name))))
        }
    }

    @Test func patterns_takeOnlyWhatTheyMatch() throws {
        #expect(try verdict("a.csv", patterns: ["*.csv", "*.tsv"]) == .item)
        #expect(try verdict("a.tsv", patterns: ["*.csv", "*.tsv"]) == .item)
        #expect(try verdict("a.txt", patterns: ["*.csv", "*.tsv"]) == .unmatched)
    }

    @Test func patterns_doNotOpenTheBuiltInList() throws {
        #expect(try !verdict("a.new", patterns: ["*.new"]).isItem)
        #expect(try verdict("a.new", patterns: ["*.new"], ignore: ["!*.new"]) == .item)
    }

    @Test func ignore_addsToTheBuiltInList() throws {
        #expect(try verdict("a.log", ignore: ["*.log"]) == .ignored(by: "*.log"))
        #expect(try !verdict("a.part", ignore: ["*.log"]).isItem)
    }

    @Test func ignoreEntryWithExclamationMark_opensWhatTheListHolds() throws {
        #expect(try verdict("a.new", ignore: ["!*.new"]) == .item)
        #expect(try verdict("a.NEW", ignore: ["!*.new"]) == .item)
        #expect(try verdict("4913", ignore: ["!4913"]) == .item)
        #expect(try verdict("~$a.xlsx", ignore: ["!~$*"]) == .item)
        #expect(try !verdict("a.bak", ignore: ["!*.new"]).isItem)
    }

    @Test func lastMatchingIgnoreEntry_decides() throws {
        #expect(try verdict("keep.log", ignore: ["*.log", "!keep.log"]) == .item)
        #expect(try verdict("keep.log", ignore: ["!keep.log", "*.log"]) == .ignored(by: "*.log"))
    }

    @Test func hiddenNamesAndEnvelopes_areNeverOpened() throws {
        #expect(try verdict(".a", ignore: ["!.*", "!*"]) == .hidden)
        #expect(try verdict(".~lock.a#", ignore: ["!*"]) == .sideFile(of: FileName("a")))
        #expect(try verdict("a.envelope", ignore: ["!*"]) == .envelope(of: FileName("a")))
    }

    @Test func openedSideFile_holdsNobodyBack() throws {
        let name = try #require(FileName("film.iso"))
        let filter = NameFilter(ignore: ["!*.aria2"])
        #expect(!filter.sideFileNames(for: name).contains(FileName("film.iso.aria2")))
        #expect(filter.sideFileNames(for: name).contains(FileName(".~lock.film.iso#")))
    }

    @Test func everyBuiltInRule_isOpenedByTheEntryThatItsReasonNames() throws {
        for text in [
            "a.part", "a.PART", "film.temp.mp4", "a~", "#a#", "#12", "a.kQwZpA", "sedA1b2C3", "tmpa1b2c3d4",
            "x.part-Frag1", "Thumbs.db", "@eaDir", "a:Zone.Identifier",
        ] {
            let rule: NameRule
            switch try verdict(text) {
            case .temporary(let found), .noise(let found): rule = found
            default:
                Issue.record("\(text) is not held")
                continue
            }
            #expect(try verdict(text, ignore: ["!" + rule.pattern]) == .item, "\(text)")
        }
    }
}
