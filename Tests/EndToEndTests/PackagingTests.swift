import Glibc
import Testing

/// What is built around the programs: manual pages, completions, `make install`, the Debian package.
struct PackagingTests {
    private static let repository = Path("/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/"))
    private static let commands = [
        "run", "submit", "status", "wait", "why", "logs", "retry", "cancel", "discard", "history", "jobs", "new", "check", "schema",
        "doctor",
    ]

    /// Variables for the scripts of the repository; manual pages and completions are generated into `$GENERATED`.
    private static func preamble(_ root: Root) -> String {
        let binaries = Path(Array(Program.bobbin.bytes[..<(Program.bobbin.bytes.lastIndex(of: 47) ?? 0)]))
        return """
            cd \(repository.quoted)
            export BINARIES=\(binaries.quoted) GENERATED=\((root.notes / "generated").quoted)
            Scripts/generate $BINARIES/bobbin $GENERATED
            """
    }

    @Test func manualPages_areGeneratedForAllCommands_andTroffHasNoComplaints() async throws {
        try await withRoot { root in
            try await root.run(
                """
                \(Self.preamble(root)) 2> $NOTES/complaints
                for page in $GENERATED/man1/*.1; do
                    man --warnings=w -E UTF-8 -l -Tutf8 $page 2>> $NOTES/complaints | col -b > $NOTES/$(basename $page).txt
                done
                """)
            #expect((root.notes / "complaints").string.isEmpty, "\((root.notes / "complaints").string)")
            let pages = Set((root.notes / "generated/man1").names.map { String(decoding: $0, as: UTF8.self) })
            #expect(pages.isSuperset(of: ["bobbin.1", "bobbin-watch.1"] + Self.commands.map { "bobbin-\($0).1" }), "\(pages)")
            let main = (root.notes / "bobbin.1.txt").string
            for command in Self.commands { #expect(main.contains("bobbin-\(command)(1)")) }
            #expect(main.contains("124    what was waited for"))
            let submit = (root.notes / "bobbin-submit.1.txt").string
            // As they are typed: no other dashes, quotes or breaks. (Debian's troff forgives a dash that is not escaped.)
            #expect((root.notes / "generated/man1/bobbin-submit.1").string.contains(#"\-\-correlation\-id"#))
            #expect(submit.contains("bobbin submit backups - --name shop.sql --wait") && submit.contains("--correlation-id text"))
        }
    }

    @Test func completions_areOfferedByBash_withTheNamesOfQueues() async throws {
        try await withRoot { root in
            root.job("orders")
            root.job("order images")
            _ = root.queue("replies")
            try await root.run(
                """
                \(Self.preamble(root))
                bash -n $GENERATED/completions/bobbin.bash
                if command -v zsh > /dev/null; then zsh -n $GENERATED/completions/_bobbin; fi
                if command -v fish > /dev/null; then fish --no-execute $GENERATED/completions/bobbin.fish; fi
                PATH=$BINARIES:$PATH; . $GENERATED/completions/bobbin.bash
                complete -p bobbin | grep -q -- '-F _bobbin'
                offer() {
                    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}; COMPREPLY=()
                    _bobbin bobbin "${@: -1}" "${@: -2:1}" || true
                    printf '%s\\n' "$3:" "${COMPREPLY[@]}" >> $NOTES/offers
                }
                set +e
                offer bobbin s
                offer bobbin submit --root \(root.path.quoted) ord
                cd \(root.path.quoted); offer bobbin status ""
                offer bobbin run --lo
                """)
            let offers = (root.notes / "offers").lines
            for word in ["submit", "status", "schema"] { #expect(offers.contains(word), "\(offers)") }
            let asked = offers.split { $0.hasSuffix(":") }.map(Array.init)
            #expect(asked.contains { $0.contains("orders") && $0.count == 2 && !$0.contains("replies") }, "\(offers)")
            #expect(asked.contains { $0.contains("orders") && $0.contains("replies") }, "\(offers)")
            #expect(offers.contains("--log"), "\(offers)")
        }
    }

    @Test func install_putsAllThere_andUninstallTakesExactlyThatAway() async throws {
        try await withRoot { root in
            let target = root.notes / "a place"
            try await root.run(
                """
                \(Self.preamble(root))
                export DESTDIR=\(target.quoted)
                mkdir -p "$DESTDIR/usr/local/bin" "$DESTDIR/usr/local/share/man"; echo mine > "$DESTDIR/usr/local/bin/other"
                tree() { find "$DESTDIR" -printf '%p %M %l\\n' | LC_ALL=C sort; }
                tree > $NOTES/before
                Scripts/install; tree > $NOTES/first
                Scripts/install; tree > $NOTES/second
                test "$("$DESTDIR/usr/local/bin/bobbin" --version)" = "$($BINARIES/bobbin --version)"
                if command -v systemd-analyze > /dev/null; then
                    sed "s|=/usr/local/bin|=$BINARIES|" "$DESTDIR/usr/local/lib/systemd/system/bobbin.service" > $NOTES/bobbin.service
                    mkdir $NOTES/bobbin.service.d; cp packaging/hardening.conf $NOTES/bobbin.service.d
                    systemd-analyze verify --man=no $NOTES/bobbin.service > $NOTES/verify 2>&1 || touch $NOTES/wrong
                fi
                Scripts/install --remove; tree > $NOTES/after
                Scripts/install; echo changed >> "$DESTDIR/etc/default/bobbin"; Scripts/install
                grep -q changed "$DESTDIR/etc/default/bobbin"
                Scripts/install --remove
                find "$DESTDIR/etc" -type f > $NOTES/kept
                DESTDIR=$NOTES/new/place PREFIX=/usr Scripts/install; DESTDIR=$NOTES/new/place PREFIX=/usr Scripts/install --remove
                test "$(find $NOTES/new/place)" = $NOTES/new/place
                """, within: .seconds(60))
            func tree(_ name: String) -> String { (root.notes / name).string }
            #expect(tree("first") == tree("second"))
            #expect(tree("after") == tree("before"))
            #expect(tree("kept") == "\(target)/etc/default/bobbin\n", "what an administrator has changed is kept")
            #expect(!(root.notes / "wrong").exists && tree("verify").isEmpty, "\(tree("verify"))")
            for file in [
                "bin/bobbin", "bin/bobbin-watch", "lib/systemd/system/bobbin.service", "lib/sysusers.d/bobbin.conf",
                "lib/tmpfiles.d/bobbin.conf", "share/man/man1/bobbin-submit.1", "share/bash-completion/completions/bobbin",
                "share/zsh/site-functions/_bobbin", "share/fish/vendor_completions.d/bobbin.fish", "share/doc/bobbin/docs/operations.md",
            ] { #expect(tree("first").contains("usr/local/\(file) "), "\(file)") }
        }
    }

    private static let tryDeb = (repository / "Tests/Packaging/try-deb").quoted
    private static let canTryPackages = geteuid() == 0 && system("\(tryDeb) --possible") == 0

    /// Installed over this machine, which is not touched; its service told to work and stop; removed; purged.
    @Test(.enabled(if: canTryPackages, "needs root and an overlay file system"))
    func package_installsServesAndGoes() async throws {
        try await withRoot { root in
            try await root.run(
                """
                \(Self.preamble(root))
                COMPRESSION=none Scripts/deb $NOTES/package
                \(Self.tryDeb) $NOTES/package/*.deb
                """, within: .seconds(120))
        }
    }
}
