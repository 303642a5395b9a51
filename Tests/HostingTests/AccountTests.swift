import Glibc
import Testing

@testable import Hosting

/// Whom `user` and `group` name, in the databases of the machine.
@Suite struct AccountTests {
    private func account(user: String? = nil, group: String? = nil) throws(Account.Refusal) -> Account? {
        var settings = JobSettings(kind: .triggered)
        settings.user = user
        settings.group = group
        return try Account.of(settings)
    }

    @Test func noName_isNobodyElse() throws { #expect(try account() == nil) }

    @Test(arguments: ["daemon", "1"]) func user_byNameOrNumber_hasItsGroupsAndHome(_ text: String) throws {
        let account = try #require(try account(user: text))
        #expect(account.user == 1 && account.group == 1 && account.groups.contains(1))
        #expect(account.name == "daemon" && account.home == "/usr/sbin")
    }

    @Test func group_goesBeforeTheUsersOwn() throws {
        let account = try #require(try account(user: "daemon", group: "adm"))
        #expect(account.user == 1 && account.group != 1 && account.groups.contains(account.group))
    }

    @Test func groupAlone_keepsTheUser_andDropsItsOtherGroups() throws {
        let account = try #require(try account(group: "12345"))
        #expect(account.user == geteuid() && account.group == 12345 && account.groups == [12345] && account.name == nil)
    }

    @Test func numberWithoutAnEntry_needsAGroup() throws {
        #expect(try account(user: "3999999999", group: "12345")?.groups == [12345])
        #expect { try account(user: "3999999999") } throws: { "\($0)".contains("give \"group\" too") }
    }

    @Test func unknownNames_areRefused_withTheMend() {
        #expect { try account(user: "no-such-user") } throws: { "\($0)".contains("there is no user \"no-such-user\"; create it") }
        #expect { try account(group: "no-such-group") } throws: { "\($0)".contains("there is no group \"no-such-group\"; create it") }
    }
}
