import Documents
import Files

extension JobSettings {
    /// More than this is no settings file.
    static let sizeLimit = 1 << 20

    /// Reads the content of a `settings.job`. Nothing that is wrong passes silently, and all that is wrong is told at
    /// once; an empty file, one of comments only, and `null` are the defaults, as in WebJobs.
    ///
    /// - Parameter file: how to name the file in problems.
    package static func read(_ bytes: [UInt8], file: String, kind: JobKind) -> Result<JobSettings, SettingsProblems> {
        guard bytes.count <= sizeLimit else {
            return .failure(
                SettingsProblems([
                    SettingsProblem(
                        file: file, line: 1, key: nil, message: "larger than 1 MiB: this is no settings file")
                ]))
        }
        let document: JSON
        do throws(JSONParser.Failure) {
            document = isBlank(bytes) ? .null : try JSONParser.parse(bytes)
        } catch {
            let message = "column \(error.column): \(error.message)"
            return .failure(
                SettingsProblems([SettingsProblem(file: file, line: error.line, key: nil, message: message)]))
        }
        var settings = JobSettings(kind: kind)
        if document == .null { return .success(settings) }
        guard let members = document.members else {
            let message = "expected an object, {\"key\": value, …}, found \(SettingType.found(document))"
            return .failure(SettingsProblems([SettingsProblem(file: file, line: 1, key: nil, message: message)]))
        }
        let faults = settings.take(members)
        if faults.isEmpty { return .success(settings) }
        // The sort is stable in effect: the position decides within a line.
        let ordered = faults.enumerated().sorted { ($0.element.line, $0.offset) < ($1.element.line, $1.offset) }
        return .failure(
            SettingsProblems(
                ordered.map { SettingsProblem(file: file, line: $1.line, key: $1.key, message: $1.message) }))
    }

    /// All values in force, also those that no file gives, in the order of the table.
    package var json: JSON {
        .object(SettingTable.available.filter { $0.misplaced(in: kind) == nil }.map { JSON.Member($0.name, $0.show(self)) })
    }

    /// Whether nothing is left when blanks and comments are taken away.
    private static func isBlank(_ bytes: [UInt8]) -> Bool {
        let isMark = bytes.starts(with: [0xEF, 0xBB, 0xBF])
        if bytes.count == (isMark ? 3 : 0) { return true }
        // A value put behind blanks and comments makes a whole text of them, behind anything else it does not.
        return (try? JSONParser.parse(bytes + Array("\nnull".utf8))) == .null && (try? JSONParser.parse(bytes)) == nil
    }

    private mutating func take(_ members: [JSON.Member]) -> [Fault] {
        let untouched = self
        var faults: [Fault] = []
        var lines: [String: (line: Int, spelling: String)] = [:]
        for member in members {
            if member.key == "$schema" {
                faults += SettingType.text(.address).faults(in: member.value, key: member.key, line: member.line)
                continue
            }
            guard let key = SettingTable.key(named: member.key) else {
                faults.append(Fault(key: member.key, line: member.line, message: SettingTable.unknown(member.key)))
                continue
            }
            if let first = lines[key.name] {
                let message = "the same setting is given as \"\(first.spelling)\" in line \(first.line); remove one"
                faults.append(Fault(key: member.key, line: member.line, message: message))
                continue
            }
            lines[key.name] = (member.line, member.key)
            if let misplaced = key.misplaced(in: kind) {
                faults.append(Fault(key: member.key, line: member.line, message: misplaced))
                continue
            }
            if member.value == .null, key.isOptional(in: untouched) { continue }
            if let refusal = key.refusal(member.value) {
                faults.append(Fault(key: member.key, line: member.line, message: refusal))
                continue
            }
            let found = key.type.faults(in: member.value, key: member.key, line: member.line)
            faults += found
            if found.isEmpty { key.assign(member.value, &self) }
        }
        // A value that is wrong by itself has not been assigned, so it cannot be wrong again in a relation.
        return faults + relationFaults { lines[$0]?.line }
    }

    /// What is wrong between values that are right by themselves.
    private func relationFaults(line: (String) -> Int?) -> [Fault] {
        var faults: [Fault] = []
        if let idle = idleTimeout, let whole = timeout, idle > whole, let line = line("idle_timeout") {
            let message =
                "\(DurationText.text(idle)) is longer than \"timeout\" (\(DurationText.text(whole))) and would never act; make it shorter"
            faults.append(Fault(key: "idle_timeout", line: line, message: message))
        }
        for (key, delay) in [("retry_delay", retryDelay), ("restart_delay", restartDelay)] {
            guard case .growing(let initial, _, let maximum, _) = delay, initial > maximum, let line = line(key) else { continue }
            let message =
                "\"initial\" (\(DurationText.text(initial))) is longer than \"max\" (\(DurationText.text(maximum))); give a \"max\" of at least that"
            faults.append(Fault(key: key, line: line, message: message))
        }
        if schedule != nil, !accept.takesFiles, let line = line("schedule") {
            let message = "a due time makes a file, and \"accept\" takes folders only; write \"accept\": \"both\""
            faults.append(Fault(key: "schedule", line: line, message: message))
        }
        let sets = [
            ("success_exit_codes", exitCodes.success), ("retry_exit_codes", exitCodes.retry),
            ("fail_exit_codes", exitCodes.fail),
        ]
        for (index, (name, set)) in sets.enumerated() {
            guard let line = line(name) else { continue }
            if index > 0, set.contains(0) {
                faults.append(Fault(key: name, line: line, message: "exit code 0 always means done; remove it here"))
            }
            for (other, codes) in sets[..<index] {
                if let code = set.common(with: codes), code != 0 {
                    faults.append(
                        Fault(
                            key: name, line: line,
                            message: "exit code \(code) is in \"\(other)\" too; keep it in one of them"))
                }
            }
        }
        return faults
    }
}
