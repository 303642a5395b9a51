// Hosting: what a job is.
//
// A job is a folder under `jobs/triggered` or `jobs/continuous`: a script, an optional `settings.job`, and whatever the
// script needs. This room reads such folders and says what it found, or what is wrong with it and what to do; it
// starts nothing and writes nothing.
//
// `SettingTable` is the one list of keys: `JobSettings` are read by it, checked by it, and the published schema
// (`SettingsSchema`) is made from it, so that they cannot drift apart. `ScriptChoice` says which program a job runs.
// `JobFolder` puts both together, `JobCatalog` keeps the last good state of every job while its owner edits it.
// `CheckReport` and `JobTemplate` stand behind `bobbin check` and `bobbin new`.
//
// Read `JobSettings.swift`, then `SettingTable.swift`.
