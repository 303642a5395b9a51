// Spool: queues and the life of an item.
//
// An item's state is the folder it is in, and every change of state is one rename (contract §2). What happens to an
// item is decided by a pure machine (`ItemMachine`: event in, actions out); `FolderQueue`, an actor per queue, carries
// the actions out in this order: claim (lease, lock, rename, record), commit (outcome, publish, rename), recover.
// Engine sees none of this: it speaks to `WorkQueue` in ids, grants and instants.
//
// Read `WorkQueue.swift` (the seam), `ItemMachine.swift` (what can happen), `QueueLayout.swift` (where things lie),
// then `FolderQueue.swift` and its extensions in the order of an item's life: Scan, Claim, Commit, Recovery.
