// Watching: one asynchronous sequence of what changes in folders.
//
// Whoever wants to know adds folders to a `Watcher` and reads its `changes`: names that appeared, or `lost`, which
// means "look for yourself". Losing events is normal (the kernel's queue overflows, bobbin-watch is killed, a folder
// is replaced, a network share tells nothing), and every such case ends in the same `lost`; so whoever handles that
// one correctly is correct. Events come from bobbin-watch, a process of its own (design/architecture.md says why).
//
// Inside, `WatchMachine` decides and does nothing else: it takes what happened (a record, an answer, the time) and
// tells what to do. `WatcherLoop` does it, when a record, a message or a deadline comes.
// No record waits for the file system: looking at folders happens on other threads, whose answers are messages.
//
// Read `FolderChange.swift`, `Watcher.swift`, then `WatchMachine.swift` and its extensions.
