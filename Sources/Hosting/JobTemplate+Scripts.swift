extension JobTemplate {
    /// A script that counts the lines of the dropped file: short enough to be replaced, long enough to show progress,
    /// outputs, results and every exit code that matters.
    static func script(_ name: String, _ language: Language) -> String {
        switch language {
        case .sh: sh(name)
        case .py: py(name)
        case .js: js(name)
        case .pl: pl(name)
        case .rb: rb(name)
        case .php: php(name)
        }
    }

    /// The head of every script, as comments.
    private static func head(_ name: String, _ mark: String) -> String {
        // `?>` ends a comment of PHP.
        let name = name.replacing("?>", with: "? >")
        return [
            "Job \(name): runs once for every file dropped into spool/\(name)/.",
            "The file is the first argument, and standard input. What is printed goes to the log.",
            "Exit 0: done. 75: try again later. 65: bad input, to failed/ now.",
            "Any other: failed, tried again up to max_attempts times.",
        ].map { "\(mark) \($0)" }.joined(separator: "\n")
    }

    private static func sh(_ name: String) -> String {
        """
        #!/bin/bash
        \(head(name, "#"))
        set -euo pipefail
        file=$1

        # Bad input will not get better: say why, and do not ask for another attempt.
        if [ ! -s "$file" ]; then
            echo "$BOBBIN_NAME is empty" >&2
            exit 65
        fi

        # Progress: the last line of this file is shown to whoever waits.
        echo "10 counting $BOBBIN_NAME" > "$BOBBIN_PROGRESS"
        lines=$(wc -l < "$file")

        # Results: files put here are published when the run succeeds.
        echo "$lines lines" > "$BOBBIN_RESULTS/count.txt"

        # Outputs: name=value lines become part of the status file.
        echo "lines=$lines" >> "$BOBBIN_OUTPUT"
        echo "attempt $BOBBIN_ATTEMPT of $BOBBIN_MAX_ATTEMPTS: $lines lines"

        """
    }

    private static func py(_ name: String) -> String {
        """
        #!/usr/bin/env python3
        \(head(name, "#"))
        import os
        import sys

        path = sys.argv[1]
        job = os.environ

        # Bad input will not get better: say why, and do not ask for another attempt.
        if os.path.getsize(path) == 0:
            print(job["BOBBIN_NAME"], "is empty", file=sys.stderr)
            sys.exit(65)

        # Progress: the last line of this file is shown to whoever waits.
        with open(job["BOBBIN_PROGRESS"], "w") as progress:
            print("10 counting lines", file=progress)
        with open(path, "rb") as file:
            lines = sum(1 for line in file)

        # Results: files put here are published when the run succeeds.
        with open(os.path.join(job["BOBBIN_RESULTS"], "count.txt"), "w") as result:
            print(lines, "lines", file=result)

        # Outputs: name=value lines become part of the status file.
        with open(job["BOBBIN_OUTPUT"], "a") as output:
            print(f"lines={lines}", file=output)
        print(f"attempt {job['BOBBIN_ATTEMPT']} of {job['BOBBIN_MAX_ATTEMPTS']}: {lines} lines")

        """
    }

    private static func js(_ name: String) -> String {
        """
        #!/usr/bin/env node
        \(head(name, "//"))
        const fs = require("fs");
        const path = require("path");
        const job = process.env;
        const content = fs.readFileSync(process.argv[2]);

        // Bad input will not get better: say why, and do not ask for another attempt.
        if (content.length === 0) {
          console.error("the file is empty");
          process.exit(65);
        }

        // Progress: the last line of this file is shown to whoever waits.
        fs.writeFileSync(job.BOBBIN_PROGRESS, "10 counting lines\\n");
        const lines = content.filter((byte) => byte === 10).length;

        // Results: files put here are published when the run succeeds.
        fs.writeFileSync(path.join(job.BOBBIN_RESULTS, "count.txt"), `${lines} lines\\n`);

        // Outputs: name=value lines become part of the status file.
        fs.appendFileSync(job.BOBBIN_OUTPUT, `lines=${lines}\\n`);
        console.log(`attempt ${job.BOBBIN_ATTEMPT} of ${job.BOBBIN_MAX_ATTEMPTS}: ${lines} lines`);

        """
    }

    private static func pl(_ name: String) -> String {
        """
        #!/usr/bin/env perl
        \(head(name, "#"))
        use strict;
        use warnings;

        sub put { my ($mode, $path, $text) = @_; open(my $out, $mode, $path) or die "$path: $!"; print $out "$text\\n"; close($out); }

        # Bad input will not get better: say why, and do not ask for another attempt.
        if (-z $ARGV[0]) { print STDERR "the file is empty\\n"; exit 65; }

        # Progress: the last line of this file is shown to whoever waits.
        put('>', $ENV{BOBBIN_PROGRESS}, '10 counting lines');
        my $lines = 0;
        $lines++ while <STDIN>;

        # Results: files put here are published when the run succeeds.
        put('>', "$ENV{BOBBIN_RESULTS}/count.txt", "$lines lines");

        # Outputs: name=value lines become part of the status file.
        put('>>', $ENV{BOBBIN_OUTPUT}, "lines=$lines");
        print "attempt $ENV{BOBBIN_ATTEMPT} of $ENV{BOBBIN_MAX_ATTEMPTS}: $lines lines\\n";

        """
    }

    private static func rb(_ name: String) -> String {
        """
        #!/usr/bin/env ruby
        \(head(name, "#"))
        job = ENV

        # Bad input will not get better: say why, and do not ask for another attempt.
        if File.zero?(ARGV[0])
          warn 'the file is empty'
          exit 65
        end

        # Progress: the last line of this file is shown to whoever waits.
        File.write(job['BOBBIN_PROGRESS'], "10 counting lines\\n")
        lines = File.foreach(ARGV[0]).count

        # Results: files put here are published when the run succeeds.
        File.write(File.join(job['BOBBIN_RESULTS'], 'count.txt'), "#{lines} lines\\n")

        # Outputs: name=value lines become part of the status file.
        File.write(job['BOBBIN_OUTPUT'], "lines=#{lines}\\n", mode: 'a')
        puts "attempt #{job['BOBBIN_ATTEMPT']} of #{job['BOBBIN_MAX_ATTEMPTS']}: #{lines} lines"

        """
    }

    private static func php(_ name: String) -> String {
        """
        #!/usr/bin/env php
        <?php
        \(head(name, "//"))

        // Bad input will not get better: say why, and do not ask for another attempt.
        if (filesize($argv[1]) === 0) {
            fwrite(STDERR, "the file is empty\\n");
            exit(65);
        }

        // Progress: the last line of this file is shown to whoever waits.
        file_put_contents(getenv('BOBBIN_PROGRESS'), "10 counting lines\\n");
        $lines = substr_count(file_get_contents($argv[1]), "\\n");

        // Results: files put here are published when the run succeeds.
        file_put_contents(getenv('BOBBIN_RESULTS') . '/count.txt', "$lines lines\\n");

        // Outputs: name=value lines become part of the status file.
        file_put_contents(getenv('BOBBIN_OUTPUT'), "lines=$lines\\n", FILE_APPEND);
        echo 'attempt ', getenv('BOBBIN_ATTEMPT'), ' of ', getenv('BOBBIN_MAX_ATTEMPTS'), ": $lines lines\\n";

        """
    }
}
