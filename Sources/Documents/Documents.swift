// Documents: the words that Bobbin writes into files and reads back.
//
// Every file a user of Bobbin meets (settings.job, item.json, a status file, an envelope) is made of a few forms:
// JSON with a line number to every key (`JSON`, `JSONParser`), instants in RFC 3339 (`Instant`), durations as people
// write them (`DurationText`) and ids that sort by time (`ItemID`). This room knows those forms and nothing else:
// no file system, no clock of its own choosing, no Foundation. Everything above may import it.
//
// Read `JSON.swift` first, then `Instant.swift`.
