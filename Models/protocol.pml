/* The life of one item between orchestrators that can die at any step: contract §2 as a model for spin(1).
 *
 *     Models/check            the model holds, and each mutant below is found
 *     Models/check 3          mutant 3 alone, with the steps that lead to the violation
 *
 * Two orchestrators, started again after each death, share one queue with one item. Its script may outlive its
 * orchestrator, and may let go of its standard input. An operator puts the item back or cancels it, and may die as well.
 *
 * Each STEP is one system call of the code, or several in a row whose order does not matter, and bears its name there
 * (Sources/Files/Step.swift, with a point for the underscore); ModelTests compares the names. `order_` are the steps of
 * Sources/Spool/ItemOrders.swift, which have no kill points.
 *
 * I1 the payload has one path, nothing is overwritten        I2 one final state, decided once
 * I3 at most one living run                                  I4 failed runs and interruptions are counted and limited
 *
 * Taken for granted: rename, replace and flock are atomic; the locks of the dead are free at once; a process that has
 * emptied its environment keeps its standard input. Power cuts, several files and time are not in the model.
 *
 * Steps of the code that are not steps here:
 *   part of the step that follows, or without effect on what is checked here
 *     claim_open claim_lease claim_ahead claim_blank claim_folder claim_slot retry_open commit_work commit_sync commit_checkpoint
 *     publish_sync publish_clear publish_payload move_day move_clear move_unstatus move_remove
 *     recover_work recover_remove recover_empty recover_slots recover_stray
 *     file_write file_replace status_write status_rename
 *   the same as publishing the status, and as the moves to rest and to the end
 *     publish_swap recover_retry bury_final
 *   the record beside an outcome is for people
 *     bury_record
 *   envelopes and forwards
 *     claim_letter claim_unlink commit_next publish_letter publish_forward recover_letter bury_letter
 *   refused files, which have no script
 *     bury_folder bury_rename
 *   power cuts
 *     recover_torn
 *   final items whose time is over
 *     sweep_status sweep_results sweep_item sweep_day sweep_instance
 */

/* What a mutant takes away. */
#define NO_LOCK                1    /* claims and recovery without flock */
#define RECOVERY_BY_AGE        2    /* recovery takes what is old, whoever holds it */
#define PUBLISH_BEFORE_COMMIT  3    /* results are published, then the outcome is written */
#define RECORD_AFTER_START     4    /* the attempt is recorded when the script runs already */
#define NO_HUNT                5    /* recovery relies on the payload's lock alone */
#define COPY                   6    /* the payload is copied and removed, not renamed */
#define OVERWRITE              7    /* a rename replaces what has the name */
#define RECORD_BEFORE_LOCK     8    /* a retry is claimed with the record that was read before the lock */
#define STALE_RECOVERY         9    /* recovery goes by the record that was read before the lock */
#define RUN_COMMITTED          10   /* recovery does not look for an outcome */
#define RETRY_COMMITTED        11   /* nor does the claim of a retry */
#define SURVIVORS_IGNORED      12   /* recovery goes on though a process could not be ended */
#define INTERRUPTION_UNCOUNTED 13   /* recovery puts the item back as it was */
#define OUTCOME_AFTER_MOVE     14   /* the item moves to its final folder before its outcome is written */
#define PRODUCTS_KEPT          15   /* what a run that was cut off had produced stays in the item's folder */
#define OWN_FORGOTTEN          16   /* recovery passes over what bears its own name and is not held */
#define OUTCOME_ASIDE_FIRST    17   /* an operator's retry takes the outcome aside before it moves the item */
#define CHECKPOINT_UNCHANGED   18   /* (end) exit 85 counts as no failure, though the checkpoint did not change */

#ifndef MUTANT
#define MUTANT 0
#endif
#ifndef CRASHES
#define CRASHES 2
#endif
#ifndef ORDERS
#define ORDERS 1
#endif

#define MAX_ATTEMPTS 2
#define MAX_INTERRUPTIONS 2
#define NOBODY 0
#define DEAD 0
#define OPERATOR 3
#define ORPHAN 4

/* The folders: how many copies of the payload each holds. */
#define INBOX 0
#define CLAIMED 1
#define RETRY 2
#define DONE 3
#define FAILED 4
byte at[5];
bool newer;                         /* a newer file waits under the same name */
#define IS_FINAL (at[DONE] || at[FAILED])

/* What lies in the item's folder, and beside it. */
typedef Record { bool exists; bool running; byte holder; byte failures; byte interruptions; byte number }; /* holder: DEAD, 1, 2 */
Record record;
mtype = { none, retrying, succeeded, failed, cancelled };
mtype outcome = none, status = none;
bool cancel_file;
bool product, published;            /* results in the item's folder; published ones */

byte lock;                          /* of the payload */

/* The one script that may live. */
byte script, script_owner;
bool script_holds;                  /* its standard input, and with it the payload's lock */
mtype ending = none;                /* how the last one ended: succeeded, failed, retrying (exit 85) */

/* What really happened, to be compared with what is recorded. */
bool unaccounted;                   /* a run has started, and nothing says yet how it ended */
byte failed_runs, cut_runs, decisions;
byte crashes, orders, again, stops, stubborn;

/* What bears the own name, and is not held, was left between two steps: of a retry, whose record still names us. */
#define IS_ORPHAN(record) (!record.exists || record.holder == DEAD || (record.holder == self && MUTANT != OWN_FORGOTTEN) \
    || MUTANT == RECOVERY_BY_AGE)

/* Nobody has begun it since it was looked at. */
#define IS_STILL(mine) (record.exists == mine.exists && record.number == mine.number)

#define NEXT(number) (number % 15 + 1)

#define STEP(name, code) atomic { code; if :: crashes < CRASHES -> die(); goto end_idle :: true fi }

inline move(from, to) {
    d_step {
        at[to]++;
#if MUTANT == COPY
        assert(at[INBOX] + at[CLAIMED] + at[RETRY] + at[DONE] + at[FAILED] == 1);
#endif
        at[from]--;
        assert(at[INBOX] + at[CLAIMED] + at[RETRY] + at[DONE] + at[FAILED] == 1) /* I1 */
    }
}

inline try_lock(me) {
#if MUTANT == NO_LOCK
    got = true
#else
    if
    :: lock == NOBODY -> lock = me; got = true
    :: else -> got = false
    fi
#endif
}

inline unlock(me) { if :: lock == me -> lock = NOBODY :: else fi }

inline end_script(how) {
    script = 0;
    ending = how;
    if :: lock == ORPHAN -> lock = NOBODY :: else fi;
    script_owner = NOBODY; script_holds = false
}

/* The kernel lets go of what the dead one held; its script keeps what it has inherited. */
inline die() {
    crashes++;
    if
    :: lock == self && script && script_owner == self && script_holds -> lock = ORPHAN
    :: lock == self && !(script && script_owner == self && script_holds) -> lock = NOBODY
    :: else
    fi;
    if :: script_owner == self -> script_owner = NOBODY :: else fi;
    if :: record.holder == self -> record.holder = DEAD :: else fi
}

inline decide(state) {
    outcome = state;
    decisions++;
    assert(decisions == 1)                                                          /* I2 */
}

inline publish_results() {
    if
    :: product && outcome == succeeded ->
        assert(!published);                                                     /* I2 */
        published = true; product = false
    :: else
    fi
}

inline check_final() {
    assert(!at[DONE] || (outcome == succeeded && published && !product));           /* I2 */
    assert(!at[FAILED] || ((outcome == failed || outcome == cancelled) && !published && !product))
}

inline check_counts() {
    assert(failed_runs <= MAX_ATTEMPTS && cut_runs <= MAX_INTERRUPTIONS)             /* I4 */
}

/* Claims end here: the attempt is recorded, then the script starts. */
inline record_attempt() {
    assert(mine.failures == failed_runs && mine.interruptions == cut_runs);          /* I4 */
    mine.number = NEXT(record.number); mine.exists = true; mine.running = true; mine.holder = self;
    record_is(mine)
}

inline record_is(new) {
    record.exists = new.exists; record.running = new.running; record.holder = new.holder;
    record.failures = new.failures; record.interruptions = new.interruptions; record.number = new.number
}

inline read_record() {
    mine.exists = record.exists; mine.running = record.running; mine.holder = record.holder;
    mine.failures = record.failures; mine.interruptions = record.interruptions; mine.number = record.number
}

inline forget_record() {
    mine.exists = false; mine.running = false; mine.holder = 0; mine.failures = 0; mine.interruptions = 0; mine.number = 0
}

inline start_script() {
    assert(script == 0);                                                            /* I3 */
    assert(outcome == none);                                                        /* I2 */
    assert(!unaccounted);                                                           /* I4 */
    unaccounted = true;
    script = (MUTANT == RECORD_AFTER_START -> NEXT(record.number) : mine.number);
    script_owner = self; script_holds = true; ending = none
}

proctype Script() {
end_idle:
    do
    :: atomic { script && script_holds -> script_holds = false; if :: lock == ORPHAN -> lock = NOBODY :: else fi }
    :: atomic { script -> end_script(succeeded) }
    :: atomic { script -> end_script(failed) }
    :: atomic { script && (again < 1 || MUTANT == CHECKPOINT_UNCHANGED) -> again = 1; end_script(retrying) }
    od
}

proctype Orchestrator(byte self) {
    Record mine;
    bool got, survivor;

end_idle:
    atomic { forget_record(); survivor = false; got = false }
end_wait:
    if
    :: at[INBOX] -> goto claim
    :: at[RETRY] -> goto claim_retry
    :: at[CLAIMED] && IS_ORPHAN(record) -> goto recover
    fi;

claim:
    atomic { try_lock(self); if :: !got -> goto end_idle :: else fi }
    STEP(claim_lock, skip)
    atomic {
        if
        :: !at[INBOX] -> unlock(self); goto end_idle
        :: else -> move(INBOX, CLAIMED); record.exists = false; cancel_file = false; forget_record()
        fi
    }
    STEP(claim_rename, skip)
#if MUTANT != RECORD_AFTER_START
    STEP(claim_record, record_attempt())
#endif
    goto begin;

claim_retry:
#if MUTANT == RECORD_BEFORE_LOCK
    atomic { read_record() }
#endif
    atomic { try_lock(self); if :: !got -> goto end_idle :: else fi }
    STEP(retry_lock, skip)
    atomic {
        if
        :: !at[RETRY] -> unlock(self); goto end_idle
        :: else
#if MUTANT != RECORD_BEFORE_LOCK
            -> read_record()
#endif
        fi
    }
    atomic {
        if
        :: !at[RETRY] -> unlock(self); goto end_idle
        :: else -> move(RETRY, CLAIMED)
        fi
    }
    STEP(retry_rename, skip)
#if MUTANT != RETRY_COMMITTED
    if :: outcome != none -> goto publish :: else fi;
#endif
#if MUTANT != RECORD_AFTER_START
    STEP(claim_record, record_attempt())
#endif

begin:
    STEP(run_start, start_script())
#if MUTANT == RECORD_AFTER_START
    STEP(claim_record, record_attempt())
#endif
    do
    :: script_owner != self -> break
    :: atomic { script_owner == self && cancel_file -> end_script(cancelled) }
    :: atomic { script_owner == self && stops < 1 -> stops++; end_script(none) }    /* an orderly stop */
    :: atomic { script_owner == self && crashes < CRASHES -> die(); goto end_idle }
    od;
    STEP(run_end, skip)
    if
    :: ending == succeeded -> goto succeed
    :: ending == cancelled -> goto cancel
    :: ending == none -> goto give_back
    :: ending == retrying -> goto park
    :: ending == failed && mine.failures + 1 < MAX_ATTEMPTS -> goto park
    :: ending == failed && mine.failures + 1 >= MAX_ATTEMPTS -> goto fail
    fi;

succeed:
    STEP(commit_results, assert(!product); product = true)
#if MUTANT == PUBLISH_BEFORE_COMMIT
    STEP(publish_results, published = true; product = false)
#endif
#if MUTANT != OUTCOME_AFTER_MOVE
    STEP(commit_outcome, decide(succeeded); unaccounted = false)
#endif
    goto publish;
fail:
    STEP(commit_outcome, failed_runs++; unaccounted = false; check_counts(); decide(failed))
    goto publish;
cancel:
    STEP(commit_outcome, unaccounted = false; decide(cancelled))

publish:                                /* recovery joins here */
    STEP(publish_results, publish_results())
    STEP(publish_status, status = outcome)
    atomic {
        if
        :: !at[CLAIMED] -> skip
        :: at[CLAIMED] && (outcome == succeeded || (MUTANT == OUTCOME_AFTER_MOVE && outcome == none)) -> move(CLAIMED, DONE); check_final()
        :: at[CLAIMED] && (outcome == failed || outcome == cancelled) -> move(CLAIMED, FAILED); check_final()
        fi
    }
    STEP(move_final, skip)
    atomic { unlock(self);  goto end_idle }

park:
    STEP(commit_record, mine.running = false;
        if :: ending == failed -> mine.failures++; failed_runs++ :: else fi;
        unaccounted = false; check_counts(); record_is(mine))
    goto rest;

give_back:
    if
    :: mine.failures == 0 && mine.interruptions == 0 && !newer -> goto to_inbox
    :: mine.failures == 0 && mine.interruptions == 0 && newer && MUTANT == OVERWRITE -> newer = false; assert(false) /* I1 */
    :: else -> goto park
    fi;
to_inbox:
    atomic {
        if
        :: newer -> goto park           /* dropped since: rename does not replace */
        :: else -> move(CLAIMED, INBOX); record.exists = false; status = none; unaccounted = false
        fi
    }
    STEP(move_inbox, skip)
    atomic { unlock(self); goto end_idle }

rest:                                   /* recovery joins here */
    STEP(publish_status, if :: at[CLAIMED] -> status = retrying :: else fi)
    atomic {
        if
        :: !at[CLAIMED] -> skip
        :: else -> move(CLAIMED, RETRY)
        fi
    }
    STEP(move_retry, skip)
    atomic { unlock(self);  goto end_idle }

recover:
    atomic { read_record(); if :: !at[CLAIMED] || !IS_ORPHAN(mine) -> goto end_idle :: else fi }
#if MUTANT != NO_HUNT
    atomic {
        if
        :: script && script == mine.number && mine.exists && stubborn < 1 -> stubborn++; survivor = true
        :: script && script == mine.number && mine.exists ->
            assert(script_owner == NOBODY);         /* nobody ends the run of a living orchestrator */
            end_script(failed)
        :: else
        fi
    }
#endif
    STEP(recover_end, skip)
#if MUTANT != SURVIVORS_IGNORED
    if :: survivor -> goto end_idle :: else fi;
#endif
#if MUTANT != RECOVERY_BY_AGE
    atomic { try_lock(self); if :: !got -> goto end_idle :: else fi }
#endif
    STEP(recover_lock, skip)
    atomic {
        if
        :: !at[CLAIMED] -> unlock(self); goto end_idle
#if MUTANT != STALE_RECOVERY
        :: at[CLAIMED] && !IS_STILL(mine) -> unlock(self); goto end_idle
        :: at[CLAIMED] && IS_STILL(mine) -> read_record()
#else
        :: else
#endif
        fi
    }
#if MUTANT != RUN_COMMITTED
    if :: outcome != none -> goto publish :: else fi;
#endif
#if MUTANT != PRODUCTS_KEPT
    STEP(recover_clear, product = false)
#endif
    if
    :: !mine.exists -> goto unrecorded
    :: mine.exists && cancel_file -> goto bury_cancelled
    :: mine.exists && !cancel_file && !mine.running -> goto rest
    :: mine.exists && !cancel_file && mine.running && mine.interruptions + 1 >= MAX_INTERRUPTIONS -> goto bury
    :: else
    fi;
#if MUTANT == INTERRUPTION_UNCOUNTED
    STEP(recover_record, mine.running = false; record_is(mine))
#else
    STEP(recover_record, mine.running = false; mine.interruptions++; cut_runs++; unaccounted = false; check_counts(); record_is(mine))
#endif
    goto rest;
bury:
    STEP(bury_outcome, cut_runs++; unaccounted = false; check_counts(); decide(failed))
    goto publish;
bury_cancelled:
    STEP(bury_outcome, unaccounted = false; decide(cancelled))
    goto publish;
unrecorded:
    atomic {
        if
        :: newer -> mine.exists = true; record_is(mine); goto rest
        :: else -> move(CLAIMED, INBOX)
        fi
    }
    STEP(recover_inbox, skip)
    atomic { unlock(self);  goto end_idle }
}

/* Somebody with `bobbin retry` and `bobbin cancel`, who may be killed as well; and the user, who drops a newer file. */
proctype Operator() {
    byte self = OPERATOR;
    Record mine;
    bool got;

end_idle:
    if
    :: orders < ORDERS && (at[RETRY] || at[FAILED]) -> orders++; goto retry
    :: orders < ORDERS && at[RETRY] -> orders++; goto cancel
    :: atomic { orders < ORDERS && at[CLAIMED] -> orders++; cancel_file = true; goto end_idle }
    :: atomic { ORDERS == 0 && !at[INBOX] && !newer -> newer = true; goto end_idle }
    fi;
retry:
    atomic { try_lock(self); if :: !got -> goto end_idle :: else fi }
    atomic { if :: !(at[RETRY] || at[FAILED]) -> unlock(self); goto end_idle :: else fi }
    STEP(order_record, read_record(); mine.running = false; mine.failures = 0; mine.interruptions = 0; record_is(mine);
        failed_runs = 0; cut_runs = 0; cancel_file = false)
#if MUTANT == OUTCOME_ASIDE_FIRST
    STEP(order_outcome, if :: outcome != none -> outcome = none; decisions-- :: else fi)
#endif
    STEP(order_move, if :: at[FAILED] -> move(FAILED, RETRY) :: else fi)
#if MUTANT != OUTCOME_ASIDE_FIRST
    STEP(order_outcome, if :: outcome != none -> outcome = none; decisions-- :: else fi)
#endif
    STEP(order_status, status = retrying)
    atomic { unlock(self); goto end_idle }
cancel:
    atomic { try_lock(self); if :: !got -> goto end_idle :: else fi }
    atomic { if :: !at[RETRY] -> unlock(self); goto end_idle :: else fi }
    STEP(order_outcome, if :: outcome == none -> decide(cancelled) :: else fi)
    STEP(order_status, status = outcome)
    STEP(order_move, move(RETRY, FAILED); check_final())
    atomic { unlock(self); goto end_idle }
}

/* Whatever dies, the item comes to its end. */
ltl served { <> IS_FINAL }

/* When nothing moves any more, the item is final, and its status says so. */
proctype Quiet() {
    timeout -> assert(IS_FINAL && !script && status == outcome && lock == NOBODY)
}

init {
    atomic {
        at[INBOX] = 1;
        run Orchestrator(1); run Orchestrator(2); run Script(); run Operator(); run Quiet()
    }
}
