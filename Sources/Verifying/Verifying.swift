// Verifying: looks at a root from outside and tells which of the promises of contract §2 do not hold.
//
// A room of its own and not a part of Spool: it reads the formats of Spool and asks Execution which processes belong to
// runs, but nothing that keeps a promise may depend on what checks it, and it changes nothing, takes no lock and needs
// no orchestrator. `bobbin doctor --verify` is its face; every test of a fault uses it.
//
// What can be told from a root alone is told; what needs to know what was dropped, or when runs began and ended, is
// told when it is given (`Ledger`, `RunLog`, `Finals`); what cannot be told at all is said (`Invariant.reach`).
//
// Read `Invariant.swift`, then `Verifier.swift`; the checks are its extensions, one for each concern.
