// Engine: who runs what, when, and how many.
//
// `Orchestrator` puts the parts together and takes them down in order. For each triggered job there is a `Dispatcher`,
// which claims items from the job's `WorkQueue` while there are free places, has the `Runner` run them and commits what
// came of it. `JobBoard` keeps dispatchers in step with the job folders; `EventRouter` leads what the watcher sees to
// the queues; `Housekeeper` recovers, sweeps and reports. A broken job is kept from burning items by its `Circuit`.
//
// Engine knows items by ids and grants only; where they lie is the queue's business.
//
// Read `Orchestrator.swift`, then `Dispatcher.swift`.
