import Testing

/// Ways to break a promise by hand, each with the invariant that it breaks. `bobbin doctor --verify` must say so.
struct Damage: Sendable, CustomTestStringConvertible {
    let invariant: String
    /// The machine-readable word of the finding.
    let problem: String
    /// A line of bash in the folder of the queue `q` of a `VerifyTests.healthyRoot`: `$good`, `$bad` and `$shaky` are
    /// the folders of its items, `$LEDGER`, `$RUNS` and `$DATA` what their names say.
    let line: String

    init(_ invariant: String, _ problem: String, _ line: String) {
        self.invariant = invariant
        self.problem = problem
        self.line = line
    }

    var testDescription: String { "\(invariant) \(problem): \(line)" }

    static let all: [Damage] = [
        // I1: the payload is at exactly one path.
        Damage("I1", "lost", "rm waiting"),
        Damage("I1", "no_payload", "rm $good/payload/good"),
        Damage("I1", "lost", "echo other > waiting"),
        Damage("I1", "doubled", "cp -r $good done/$(date -u +%F)/01900000-0000-7000-8000-000000000001"),
        Damage(
            "I1", "doubled",
            "echo \"q - - twice\" >> $LEDGER; touch twice; mkdir -p twin; cp -r $bad failed/01900000-0000-7000-8000-000000000002"),
        Damage("I1", "two_payloads", "touch $shaky/payload/second"),
        Damage("I1", "no_payload", "rm $shaky/payload/shaky"),
        Damage("I1", "renamed_payload", "mv $bad/payload/bad $bad/payload/worse"),
        // I2: one final state, decided once.
        Damage("I2", "two_places", "cp -r $good failed/"),
        Damage("I2", "wrong_outcome", "mv $bad done/$(date -u +%F)/"),
        Damage("I2", "wrong_outcome", "mv $good failed/"),
        Damage("I2", "wrong_outcome", "rm $good/outcome.json"),
        Damage("I2", "wrong_outcome", "echo '{' > $bad/outcome.json"),
        Damage("I2", "outcome_of_resting", "cp $bad/outcome.json $shaky/"),
        Damage("I2", "foreign_outcome", "cp $(ls -d done/*/* | grep -v ${good##*/} | head -1)/outcome.json $good/"),
        Damage("I2", "changed_outcome", "sed -i 's/\"exit_code\": 65/\"exit_code\": 66/' $bad/outcome.json"),
        Damage("I2", "ran_after_outcome", "sed -i 's/\"started_at\": \"20../\"started_at\": \"2999/' $good/item.json"),
        // I3: at most one live process tree per item, now and in the run log.
        Damage("I3", "overlap", "echo ${good##*/} 01900000-0000-7000-8000-000000000003 1 overlap 1.0 >> $RUNS"),
        Damage(
            "I3", "overlap",
            "i=01900000-0000-7000-8000-00000000000; for e in '1 start 1' '2 start 2' '1 end:0 3' '2 end:0 4'; do set -- $e; echo ${i}9 $i$1 1 $2 $3; done >> $RUNS"
        ),
        Damage("I3", "started_twice", "grep ' start ' $RUNS | head -1 > twice.new; cat twice.new >> $RUNS; rm twice.new"),
        Damage("I3", "torn_line", "echo half a line >> $RUNS"),
        // I4: attempts are recorded and keep their limits.
        Damage("I4", "no_record", "rm $good/item.json"),
        Damage("I4", "no_record", "head -c 100 $shaky/item.json > item; mv item $shaky/item.json"),
        Damage("I4", "too_many_attempts", "sed -i 's/\"failures\": 0/\"failures\": 7/' $bad/item.json"),
        Damage("I4", "too_many_interruptions", "sed -i 's/\"interruptions\": 0/\"interruptions\": 4/' $shaky/item.json"),
        Damage("I4", "hidden_run", "echo ${good##*/} 01900000-0000-7000-8000-000000000004 1 start 1.0 >> $RUNS"),
        // I5: order within a session.
        Damage(
            "I5", "session_order",
            "i=01900000-0000-7000-8000-00000000001; for e in '1 start 1 2' '1 end:0 2 2' '2 start 3 1'; do set -- $e; echo $i$1 ${i}a 1 $2 $3 session=s sequence=$4; done >> $RUNS"
        ),
        Damage(
            "I5", "session_overlap",
            "i=01900000-0000-7000-8000-00000000001; for e in '1 start 1 1' '2 start 2 2' '1 end:0 3 1'; do set -- $e; echo $i$1 ${i}$1 1 $2 $3 session=s sequence=$4; done >> $RUNS"
        ),
        // I6: nothing starts before its time or after its expiry.
        Damage(
            "I6", "before_its_time",
            "sed -i 's/\"fence\": 1/\"fence\": 1, \"envelope\": {\"not_before\": \"2999-01-01T00:00:00Z\"}/' $good/item.json"),
        Damage(
            "I6", "after_its_expiry",
            "sed -i 's/\"fence\": 1/\"fence\": 1, \"envelope\": {\"expires_at\": \"2001-01-01T00:00:00Z\"}/' $good/item.json"),
        Damage(
            "I6", "before_its_back_off",
            "python3 -c 'import json, sys; p = sys.argv[1]; d = json.load(open(p)); a = dict(d[\"attempts\"][0]); a[\"attempt\"] = 2; a[\"started_at\"] = a[\"finished_at\"]; d[\"attempts\"].append(a); json.dump(d, open(p, \"w\"))' $shaky/item.json"
        ),
        // I7: a run is given the bytes that were accepted.
        Damage("I7", "other_size", "echo more >> $bad/payload/bad"),
        Damage("I7", "other_bytes", "sed -i \"/${good##*/} .* seen /s/sum=.*/sum=1:2/\" $RUNS"),
        // I8: lanes.
        Damage(
            "I8", "lower_lane_first",
            "i=01900000-0000-7000-8000-00000000002; for e in '1 ready 1 0' '2 ready 2 1' '2 start 70 1'; do set -- $e; echo $i$1 ${i}a 1 $2 $3 lane=$4; done >> $RUNS"
        ),
        // I9: status files agree with the folders.
        Damage("I9", "contradiction", "sed -i 's/succeeded/failed/' status/good.json"),
        Damage("I9", "contradiction", "sed -i 's/\"retrying\"/\"succeeded\"/' status/shaky.json"),
        Damage("I9", "contradiction", "rm -r $bad"),
        Damage("I9", "no_status", "rm status/good.json"),
        Damage("I9", "no_status_document", "echo nonsense > status/good.json"),
        // I10: nothing is left over.
        Damage("I10", "stray", "touch $good/.outcome.json.new"),
        Damage("I10", "stray", "touch status/.01900000-0000-7000-8000-000000000005.new"),
        Damage("I10", "stray", "touch .f.envelope.new"),
        Damage("I10", "abandoned_claim", "mv $shaky claimed/"),
        Damage("I10", "dead_slots", "mkdir -p claimed/.slots/01900000-0000-7000-8000-000000000006/0"),
        Damage("I10", "dead_instance", "touch $DATA/locks/instances/01900000-0000-7000-8000-000000000007"),
    ]
}
