import CLinux
import Glibc
import Synchronization
import Testing

@testable import Threads

/// The loop on which the program runs, here beside the ordinary executor of the tests.
@Suite(.timeLimit(.minutes(2))) struct EventLoopTests {
    private let loop = EventLoop.shared

    @Test func work_isAllDone_howeverManyAddIt() async {
        let done = Counter()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<2_000 { await withCheckedContinuation { one in loop.perform { one.resume() } } }
                    _ = done.increase()
                }
            }
        }
        #expect(done.value == 8)
    }

    @Test("one that is kept does not keep the others: also not what it added itself")
    func longCall() async {
        let release = Pipe()
        await withCheckedContinuation { other in
            loop.perform {
                self.loop.perform { other.resume() }
                // Blocks until the call behind it has been made, which another worker must do.
                release.waitForByte()
            }
        }
        release.sendByte()
    }

    @Test func timers_fireInTheirOrder_andNotWhenCancelled() async {
        let order = Mutex<[Int]>([])
        await withCheckedContinuation { last in
            _ = loop.after(.milliseconds(30)) {
                order.withLock { $0.append(3) }
                last.resume()
            }
            _ = loop.after(.milliseconds(10)) { order.withLock { $0.append(1) } }
            let cancelled = loop.after(.milliseconds(20)) { order.withLock { $0.append(2) } }
            loop.cancel(cancelled)
            _ = loop.after(.zero) { order.withLock { $0.append(0) } }
        }
        #expect(order.withLock { $0 } == [0, 1, 3])
    }

    @Test("a timer set for later does not hold up an earlier one, and the latest of all still fires")
    func timersBothWays() async {
        for pauses in [[40, 5], [5, 40]] {
            await withTaskGroup(of: Void.self) { group in
                for pause in pauses {
                    group.addTask { await withCheckedContinuation { fired in _ = loop.after(.milliseconds(pause)) { fired.resume() } } }
                }
            }
        }
    }

    @Test func watch_tellsOfEachArrival_untilUnwatched() async throws {
        let pipe = Pipe()
        let (arrivals, arrival) = AsyncStream<Int>.makeStream()
        let token = try #require(loop.watch(pipe.reading) { arrival.yield(pipe.readAll()) })
        var iterator = arrivals.makeAsyncIterator()
        for _ in 0..<3 {
            pipe.sendByte()
            #expect(await iterator.next() == 1)
        }
        loop.unwatch(token)
        pipe.sendByte()
        // What comes after it in the loop comes without it.
        await withCheckedContinuation { done in _ = loop.after(.milliseconds(20)) { done.resume() } }
        arrival.finish()
        #expect(await iterator.next() == nil)
    }

    @Test("a number that now belongs to another descriptor is not watched by mistake")
    func reusedNumber() async throws {
        for _ in 0..<200 {
            let pipe = Pipe()
            await withCheckedContinuation { told in
                let calls = Counter()
                let holder = Mutex<UInt64?>(nil)
                holder.withLock {
                    $0 = loop.watch(pipe.reading) {
                        _ = pipe.readAll()
                        holder.withLock { if let token = $0 { self.loop.unwatch(token) } }
                        if calls.increase() == 1 { told.resume() }
                    }
                }
                pipe.sendByte()
            }
        }
    }

    @Test func reactor_callsInTurn_whateverTheWorker() async {
        let reactor = Reactor()
        let inside = Counter()
        let overlaps = Counter()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<500 {
                group.addTask {
                    await withCheckedContinuation { done in
                        reactor.perform {
                            if inside.increase() > 1 { _ = overlaps.increase() }
                            inside.decrease()
                            done.resume()
                        }
                    }
                }
            }
        }
        #expect(overlaps.value == 0)
        reactor.stop()
        let calls = Counter()
        reactor.perform { _ = calls.increase() }
        await withCheckedContinuation { done in _ = loop.after(.milliseconds(20)) { done.resume() } }
        #expect(calls.value == 0)
    }

    @Test func blockingThreads_takeMoreCallsThanThereAreProcessors_atOnce() async {
        let release = Pipe()
        let waiting = Counter()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<12 {
                group.addTask {
                    await withCheckedContinuation { done in
                        BlockingThreads.shared.perform {
                            // The last to come lets all go: fewer threads than calls would never end.
                            if waiting.increase() == 12 { release.sendByte() }
                            release.waitForEnd()
                            done.resume()
                        }
                    }
                }
            }
        }
    }
}

private final class Counter: Sendable {
    private let number = Atomic(0)
    var value: Int { number.load(ordering: .relaxed) }
    func increase() -> Int { number.add(1, ordering: .relaxed).newValue }
    func decrease() { number.subtract(1, ordering: .relaxed) }
}

/// A pipe whose ends are closed with it.
private final class Pipe: Sendable {
    let reading: Int32
    let writing: Int32

    init() {
        var ends: [Int32] = [-1, -1]
        precondition(clinux_output_pipe(&ends) == 0)
        (reading, writing) = (ends[0], ends[1])
    }

    deinit {
        close(reading)
        close(writing)
    }

    func sendByte() {
        var byte: UInt8 = 1
        _ = write(writing, &byte, 1)
    }

    /// Bytes that were there.
    func readAll() -> Int {
        var buffer = [UInt8](repeating: 0, count: 64)
        return max(0, read(reading, &buffer, buffer.count))
    }

    /// Waits for a byte, and takes it.
    func waitForByte() {
        waitForEnd()
        _ = readAll()
    }

    /// Waits for a byte, and leaves it there for others.
    func waitForEnd() {
        var one = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
        while poll(&one, 1, -1) < 0, errno == EINTR {}
    }
}
