/// A limit that counts no time in which everything stood still: a suspended machine, or a frozen group of processes.
package struct Patience {
    private var left: Duration
    private var last = ContinuousClock.now

    package init(_ limit: Duration) { left = limit }

    /// To be asked again and again: between two questions a second counts at most.
    package mutating func isOver() -> Bool {
        let now = ContinuousClock.now
        left -= min(now - last, .seconds(1))
        last = now
        return left < .zero
    }
}
