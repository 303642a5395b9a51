// Execution: processes.
//
// A `Script` says what to start; `Runner.run` starts it, follows it to its end and tells what happened as plain facts
// (`ScriptResult`); `ExitPolicy` says what they mean (contract §5). A `Reactor` waits for all processes, pipes and deadlines;
// each run is a small state machine on it (`ScriptRun`). Output goes line by line to the item's log
// (`LineLog`). Nothing of a run outlives it: what leaves the process group is found and ended (`ProcessTree`).
//
// swift-subprocess was measured for the spawning and costs about as much again as a small program's whole life
// (docs/benchmarks.md), so processes are started by the few lines of C in CLinux, in the manner of vfork.
//
// Read `Script.swift`, then `Runner.swift` and `ScriptRun.swift`.
