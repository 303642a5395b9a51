import Documents
import Files

/// The files of a new job, for `bobbin new`: a settings file that shows what can be set, and a script that shows what a
/// script gets and how it answers. Both run as they are.
package struct JobTemplate: Sendable {
    package struct File: Sendable, Equatable {
        package let name: FileName
        /// Permission bits.
        package let mode: UInt32
        package let content: [UInt8]

        init(_ name: String, mode: UInt32, _ content: String) {
            self.name = FileName(name) ?? JobLayout.settingsName
            self.mode = mode
            self.content = Array(content.utf8)
        }
    }

    /// The languages, by the ends of their scripts' names.
    package enum Language: String, Sendable, CaseIterable {
        case sh, py, js, pl, rb, php
    }

    package let files: [File]

    /// - Parameters:
    ///   - name: shown in the comments; the caller makes the folder of this name under `jobs/triggered`.
    package init(name: FileName, language: Language = .sh) {
        let name = name.escaped
        files = [
            File("settings.job", mode: 0o644, Self.settings(name)),
            File("run.\(language.rawValue)", mode: 0o755, Self.script(name, language)),
        ]
    }

    private static func settings(_ name: String) -> String {
        """
        // Settings of the job \(name). Comments are fine; what is left out has its default.
        // Check with: bobbin check        All keys, for your editor: bobbin schema
        {
          // Which files to take from the queue; temporary names are left alone anyway.
          // "patterns": ["*.csv"],

          // Runs at a time, and failed attempts before a file goes to failed/.
          "max_concurrency": 2,
          "max_attempts": 5,

          // Wait after a failed attempt: 15 s, 30 s, 1 m, … up to an hour.
          "retry_delay": {"initial": "15s", "factor": 2, "max": "1h"},

          // Stop a run that takes longer than this, or that is silent for so long.
          "timeout": "1h",
          // "idle_timeout": "5m",

          // What is kept, and for how long.
          "retention": {"done": "7d", "failed": "forever"},

          // Variables for the script; ${NAME} comes from the environment of bobbin.
          "environment": {
            // "API_TOKEN": "${API_TOKEN}",
          },
        }

        """
    }
}
