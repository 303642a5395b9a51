import Files

/// When the queue has to do something by itself: the earliest of all waiting times.
struct WakeState {
    var task: Task<Void, Never>?
    var at: Duration = .zero
}

extension FolderQueue {
    var uptime: Duration { around.clocks.uptime() }

    /// Sees to it that a hint comes when the next candidate or retry is due. Nothing waits, no timer runs.
    func scheduleWake() {
        let due = [inbox.nextDue, shelf.nextDue, pausedUntil > uptime ? pausedUntil : nil].compactMap { $0 }.min()
        guard let due else {
            wake.task?.cancel()
            wake.task = nil
            return
        }
        if wake.task != nil, wake.at <= due, wake.at > uptime { return }
        wake.task?.cancel()
        wake.at = due
        // A wall clock that steps and a machine that sleeps must not delay what waits by more than the slow rescan.
        let pause = min(max(due - uptime, .milliseconds(1)), .seconds(60))
        wake.task = Task { [weak self] in
            try? await Task.sleep(for: pause)
            guard !Task.isCancelled else { return }
            await self?.wakeUp()
        }
    }

    private func wakeUp() {
        wake.task = nil
        hint.yield()
    }
}
