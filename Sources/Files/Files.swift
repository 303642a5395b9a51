// Files: the only room that makes file-system calls.
//
// Paths are bytes. A name that a user dropped is a `FileName`; a place below an open folder is a `RelativePath`; both
// go to the kernel untouched, and become text only when shown (`escaped`). Calls are relative to a `Folder`, an open
// descriptor, so that a folder renamed or replaced under us is noticed and a link in the middle is not followed.
// Every call that can fail throws `FileError`, which says what was attempted, on what, and the errno. Tests force any
// errno at any call through `Faults`.
//
// Read `FileName.swift`, then `Folder.swift` and its extensions: reading, writing, moving.
