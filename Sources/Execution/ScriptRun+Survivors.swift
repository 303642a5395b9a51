import Files
import Glibc
import SystemPackage
import Threads

/// What the script leaves behind: found, ended, waited for.
extension ScriptRun {
    /// Members of the process group, and, where the item may run again, descendants that left it and lost their
    /// parents. After a success the latter are ended a moment later (`Runner.sweepAdopted`): looking for them here would
    /// cost every small run more than all the rest of its supervision.
    var hasSurvivors: Bool {
        if kill(-pid, 0) == 0 {
            // Members that lost their parents became our children: what has ended of them would answer until it is reaped.
            // The script itself has been collected by then: nobody else waits for them.
            while end != nil, waitpid(-pid, nil, WNOHANG) > 0 {}
            if kill(-pid, 0) == 0 { return true }
        }
        guard end != .exited(0) || stage != .running || script.stopping == .atOnce else { return false }
        return ProcessTree.children().contains { child in
            guard !Runner.isRunning(child), ProcessTree.child(child)?.isZombie == false else { return false }
            return ProcessTree.belongs(child, to: script.run, mark: mark, payloadPath: payloadPath, lockPath: lockPath)
        }
    }

    /// Where the payload lies now, as the kernel tells it.
    var payloadPath: FilePath? { script.input.flatMap { ProcessTree.path(ofOwn: $0.descriptor) } }

    /// The lock of a run without a payload: what holds it belongs to the run.
    var lockPath: FilePath? { script.input == nil ? script.locks.first.flatMap { ProcessTree.path(ofOwn: $0.descriptor) } : nil }

    /// The script has ended, but left processes behind: a run does not outlive its script, so they are told to end, and
    /// made to if they do not.
    func endSurvivors() {
        guard !isWaitingForSurvivors else { return }
        isWaitingForSurvivors = true
        // A run that was cut has been told already, with all its processes; the script was only the first to end.
        if stage == .running || stage == .asked {
            if hasSurvivors { log.system("the script ended and left processes behind; they are ended too") }
            terminate()
        }
        waitForSurvivors(.milliseconds(5))
    }

    private func waitForSurvivors(_ pause: Duration) {
        deadlines.append(
            reactor.after(pause) { [self] in
                guard !hasEnded else { return }
                if stage == .killed, hasSurvivors {
                    // Started between the look at the processes and the signal.
                    signal(SIGKILL)
                } else if stage == .killed {
                    // Whatever still holds the pipe is not of this run, or cannot die: its output is not waited for.
                    for pipe in pipes.values { reactor.unwatch(pipe.descriptor) }
                    pipes = [:]
                }
                if pipes.isEmpty && !hasSurvivors { return finish() }
                waitForSurvivors(min(pause * 2, .milliseconds(200)))
            })
    }
}
