// Properties of everything that reads bytes which others wrote, as functions of those bytes.
//
// `FuzzTarget` names them and `Violation` is what they throw; a trap needs no property. The corpus lies beside, a folder
// for each target. Two drivers: FuzzingTests replays corpus and seeded mutations within `make test`; FuzzMain is what
// libFuzzer links its own `main` with, for `make fuzz`, and is no part of the package otherwise.
