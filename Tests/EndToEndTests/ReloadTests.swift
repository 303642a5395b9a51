import Documents
import Glibc
import Testing

/// Jobs and settings that change while Bobbin runs (contract §4).
struct ReloadTests {
    @Test func settings_brokenWhileRunning_leaveTheLastGoodOnesInForce_untilMended() async throws {
        try await withRoot { root in
            let queue = root.job(
                "q", "echo max=$BOBBIN_MAX_ATTEMPTS > \"$BOBBIN_OUTPUT\"; finish 0", settings: #"{"max_attempts": 7}"#)
            let settings = queue.jobFolder / "settings.job"
            let bobbin = try await root.start()
            settings.write(#"{"max_attemps": 3}"#)
            try await wait(for: "a message about the key", details: { bobbin.said }) {
                bobbin.error.string.contains("max_attemps")
            }
            #expect(bobbin.error.string.contains("max_attempts") && bobbin.error.string.contains("settings.job:1"))
            try queue.drop("f")
            #expect(try await queue.wait("f", .succeeded).output("max") == "7")
            settings.write(#"{"max_attempts": 3}"#)
            try await wait(for: "a message that it is mended", details: { bobbin.said }) {
                bobbin.error.string.contains("good again")
            }
            try queue.drop("g")
            #expect(try await queue.wait("g", .succeeded).output("max") == "3")
            try await root.stop(bobbin)
        }
    }

    @Test func openCircuit_isShown_alsoAfterOtherJobsHaveChanged() async throws {
        try await withRoot { root in
            let queue = root.job("q", "exit 127")
            let bobbin = try await root.start()
            try queue.drop("f")
            let state = root.data / "jobs/triggered/q/state.json"
            try await wait(for: "the open circuit", details: { bobbin.said }) { state.string.contains("circuit") }
            // When the second is served, the reading that found the first is over.
            for name in ["first", "second"] { try await root.job(name).settle() }
            #expect(state.string.contains("circuit"), "\(state.string)")
            try await root.stop(bobbin)
        }
    }

    @Test func settings_neverGood_keepTheJobFromStarting() async throws {
        try await withRoot { root in
            let queue = root.job("q", settings: #"{"max_concurrency": "many"}"#)
            let other = root.job("other")
            let bobbin = try await root.start()
            try queue.drop("f")
            try await other.settle()
            #expect(bobbin.error.string.contains("max_concurrency"))
            #expect(queue.waiting.count == 1)
            (queue.jobFolder / "settings.job").write("{}")
            try await queue.wait("f", .succeeded)
            try await root.stop(bobbin)
        }
    }

    @Test func job_addedWhileRunning_isServed_andRemoved_stops() async throws {
        try await withRoot { root in
            root.job("other")
            let bobbin = try await root.start()
            let queue = root.job("new")
            try queue.drop("f")
            try await queue.wait("f", .succeeded)
            queue.jobFolder.removeTree()
            try await wait(for: "the word that it stops", details: { bobbin.said }) {
                bobbin.error.string.contains("job new stops")
            }
            try queue.drop("g")
            try await root.queue("other").settle()
            #expect(queue.waiting.count == 1, "its queue stays and fills")
            root.job("new")
            try await queue.wait("g", .succeeded)
            try await root.stop(bobbin)
            try await root.expectPromises(isDrained: true)
        }
    }

    @Test func job_brokenAgainAfterItWasRemoved_isReportedAgain() async throws {
        try await withRoot { root in
            func words(_ bobbin: Program) -> Int { bobbin.error.lines.count { $0.contains("q/settings.job") } }
            let wrong = #"{"max_concurrency": "many"}"#
            let queue = root.job("q", settings: wrong)
            let bobbin = try await root.start()
            try await wait(for: "the complaint") { words(bobbin) == 1 }
            queue.jobFolder.removeTree()
            // Nothing is said of a job that never was: the reload tells that its end has been seen.
            bobbin.signal(SIGHUP)
            try await root.job("other").settle()
            root.job("q", settings: wrong)
            try await wait(for: "the complaint again", details: { bobbin.said }) { words(bobbin) == 2 }
            try await root.stop(bobbin)
        }
    }

    @Test func job_disabled_holdsItsQueue_untilItIsEnabled() async throws {
        try await withRoot { root in
            let queue = root.job("q", settings: #"{"disabled": true}"#)
            let other = root.job("other")
            let bobbin = try await root.start()
            try queue.drop("f")
            for _ in 0..<3 { try await other.settle() }
            #expect(queue.waiting.count == 1 && queue.status("f") == nil)
            (queue.jobFolder / "settings.job").write("{}")
            try await queue.wait("f", .succeeded)
            try await root.stop(bobbin)
        }
    }

    @Test func job_removedWhileItRuns_finishesItsRun() async throws {
        try await withRoot { root in
            let queue = root.job("q", #"await "$N/go"; finish 0"#)
            root.job("other")
            let bobbin = try await root.start()
            try queue.drop("f")
            _ = try await queue.wait(run: "start")
            queue.jobFolder.removeTree()
            try await wait(for: "the word that it stops", details: { bobbin.said }) {
                bobbin.error.string.contains("job q stops")
            }
            (root.notes / "go").write("")
            try await queue.wait("f", .succeeded)
            try await wait(for: "the queue to let go") { (queue.path / "claimed" / ".slots").children.isEmpty }
            try await root.stop(bobbin)
            try await root.expectPromises(isDrained: true)
        }
    }

    /// Said with path and mend where the operator looks, whether it was so at the start or comes while the job runs.
    @Test(.enabled(if: geteuid() == 0, "only root refuses it"))
    func job_thatOthersCanChange_isHeldForRoot_untilItIsMended() async throws {
        try await withRoot { root in
            let early = root.job("early")
            _ = (early.jobFolder / "run.sh").withC { chmod($0, 0o775) }
            let late = root.job("late", settings: "{}")
            let other = root.job("other")
            try early.drop("f")
            let bobbin = try await root.start()
            try await late.settle()
            let settings = late.jobFolder / "settings.job"
            _ = settings.withC { chown($0, 1, 1) }
            let complaints = ["\(early.jobFolder)/run.sh can be changed by others", "\(settings) can be changed by its owner"]
            for complaint in complaints {
                try await wait(for: complaint, details: { bobbin.said }) { bobbin.error.string.contains(complaint) }
            }
            try late.drop("f")
            for _ in 0..<3 { try await other.settle() }
            #expect(early.waiting.count == 1 && late.waiting.count == 1)
            for command in ["jobs", "check"] {
                let answer = try root.launch(line: "exec \(Program.bobbin.quoted) \(command) --root \(root.path.quoted)")
                #expect(try await answer.end() == (command == "check" ? 1 : 0))
                for part in complaints + ["chmod go-w \(early.jobFolder)/run.sh", "chown root \(settings)"] {
                    #expect(answer.said.contains(part), "\(command): \(answer.said)")
                }
            }
            _ = (early.jobFolder / "run.sh").withC { chmod($0, 0o755) }
            _ = settings.withC { chown($0, 0, 0) }
            try await early.wait("f", .succeeded)
            try await late.wait("f", .succeeded)
            try await root.stop(bobbin)
        }
    }
}
