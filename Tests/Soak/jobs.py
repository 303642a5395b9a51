"""The jobs of a soak: scripts that succeed, fail, checkpoint, publish, forward, and behave badly towards their orchestrator.

Each run writes what it does into one log, a line of one write each: `item run attempt event time`. It holds a lock named
by its item for as long as any of its processes lives; whoever finds that lock taken by a living process overlaps.
"""

import json
import shlex

LIBRARY = r"""
export LC_ALL=C
note() { printf '%s %s %s %s %s\n' "$BOBBIN_ID" "$BOBBIN_RUN_ID" "$BOBBIN_ATTEMPT" "$1" "$EPOCHREALTIME" >> "$NOTES/runs"; }
# Living processes of other runs that hold the item's lock. One that is being killed has lost its memory, and with it its
# command line, some time before its descriptors: it does nothing any more and is no overlap.
holders() {
    local link pid
    find /proc/[0-9]*/fd -maxdepth 1 -lname "$NOTES/locks/$BOBBIN_ID" 2> /dev/null | while IFS=/ read -r _ _ pid _; do
        grep -qsz . "/proc/$pid/cmdline" || continue
        grep -qsxzF "BOBBIN_RUN_ID=$BOBBIN_RUN_ID" "/proc/$pid/environ" || echo "$pid"
    done
}
begin() {
    exec 9>> "$NOTES/locks/$BOBBIN_ID"
    if ! flock -n 9; then
        if [ -n "$(holders)" ] || ! flock -w 10 9; then note overlap; fi
    fi
    note start
    note "seen:$(sha256sum < "$BOBBIN_FILE" | cut -c1-16)"
}
finish() { note "end:$1"; exit "$1"; }
# Differs from run to run: a number below $1.
chance() { echo $(( 16#${BOBBIN_RUN_ID: -6} % $1 )); }
publish() { cat < "$BOBBIN_FILE" > "$BOBBIN_RESULTS/result"; printf '%s' "$BOBBIN_NAME" > "$BOBBIN_RESULTS/name"; }
begin
"""

SETTINGS = {"max_concurrency": 2, "max_attempts": 4, "retry_delay": [0.05, 0.1, 0.2], "stopping_wait_time": 1}

SCRIPTS = {
    # Publishes a result and an output.
    "plain": "publish; echo n=1 >> $BOBBIN_OUTPUT; finish 0",
    # Fails now and then, sometimes for good, sometimes blaming the job; success forwards the file.
    "shaky": """
        case $BOBBIN_NAME in *bad*) finish 65 ;; esac
        case $(chance 12) in
        0) finish 1 ;;
        1) echo oops >&2; finish 75 ;;
        2) kill -9 $$ ;;
        3) [ "$(chance 5)" != 0 ] || finish 78 ;;
        esac
        mkdir "$BOBBIN_NEXT/relay"; cat < "$BOBBIN_FILE" > "$BOBBIN_NEXT/relay/$BOBBIN_NAME"
        finish 0""",
    # What shaky forwards.
    "relay": "publish; finish 0",
    # Three steps; hands over between them now and then.
    "steps": """
        step=$(cat "$BOBBIN_CHECKPOINT" 2> /dev/null || echo 0)
        while [ "$step" -lt 3 ]; do
            sleep 0.2
            step=$((step + 1))
            echo $step > "$BOBBIN_WORK/new"; mv "$BOBBIN_WORK/new" "$BOBBIN_CHECKPOINT"
            echo "$((step * 33)) step $step" > "$BOBBIN_PROGRESS"
            if [ "$step" -lt 3 ] && [ "$(chance 3)" = 0 ]; then finish 85; fi
        done
        publish; finish 0""",
    # Does not hear SIGTERM.
    "deaf": "trap '' TERM; sleep $(( $(chance 4) )).3; publish; finish 0",
    # Leaves processes behind: in a session of their own, orphaned, without environment but with its standard input.
    "daemon": """
        case $(chance 3) in
        0) setsid sleep 20 > /dev/null 2>&1 & ;;
        1) ( setsid sh -c 'trap "" TERM; sleep 20; sleep 20' > /dev/null 2>&1 & ) ;;
        2) setsid env -i sleep 20 <&0 > /dev/null 2>&1 & ;;
        esac
        [ "$(chance 4)" != 0 ] || sleep 1
        publish; finish 0""",
    # Lets go of its standard input, and with it of Bobbin's lock.
    "closed": "exec < /dev/null; sleep 0.$(( $(chance 9) )); publish; finish 0",
    # Whole folders, and files.
    "both": "if [ -d \"$BOBBIN_FILE\" ]; then ls \"$BOBBIN_FILE\" > \"$BOBBIN_RESULTS/names\"; else publish; fi; finish 0",
    # The payload goes after success.
    "spent": "publish; finish 0",
}

MORE_SETTINGS = {
    "deaf": {"max_concurrency": 3},
    "closed": {"max_concurrency": 3},
    "both": {"accept": "both"},
    "spent": {"on_success": "delete"},
}
MAX_ATTEMPTS = SETTINGS["max_attempts"]
MAX_INTERRUPTIONS = 3


def make(root, notes):
    for name, script in SCRIPTS.items():
        folder = root / "jobs" / "triggered" / name
        folder.mkdir(parents=True)
        (folder / "settings.job").write_text(json.dumps(SETTINGS | MORE_SETTINGS.get(name, {})))
        library = LIBRARY if name != "both" else LIBRARY.replace('"$BOBBIN_FILE" | cut', '<(ls -d "$BOBBIN_FILE") | cut')
        (folder / "run.sh").write_text(f"#!/bin/bash\nNOTES={shlex.quote(str(notes))}\n{library}\n{script}\n")
        (root / "spool" / name).mkdir(parents=True)
