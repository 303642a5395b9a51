// Threads: the threads of the program, and what they wait for.
//
// `EventLoop` has a few workers that wait for descriptors and times and run what comes of them, tasks of Swift included
// (`EventLoop+Tasks`): what an event starts goes on where the event arrived, without a change of thread. `Reactor` is
// a part of the program that is told of its own events one at a time. `BlockingThreads` take calls that may block for
// long. `Signals` tells of signals.
//
// libdispatch, on which Swift's tasks run otherwise, looks at its threads once a second for as long as the program
// lives, and changes threads between an event and the task that waits for it (docs/benchmarks.md).
//
// Read `EventLoop.swift`.
