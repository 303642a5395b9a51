#!/usr/bin/env python3
"""Drops files in every way while orchestrators, watchers and scripts are killed, then draws up the account.

    python3 Tests/Soak/soak.py [--minutes 5] [--seed N] [--plan] [--keep]

The seed is printed and gives the same plan again (--plan prints it); what the machine makes of the plan differs each
time. Ends with the line

    dropped N, done N, failed N, lost 0, doubled 0, overlapping 0, orphans 0

and exit code 1 if one of the last four is not 0, or anything else is wrong; then the root is kept. Only the standard
library is used. BOBBIN names the program; default: the newest build.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import account
import fleet
import jobs
import plan
import producers

BUILD = Path(__file__).resolve().parents[2] / ".build"
BACKLOG = 150                   # drops are held back while more files than that are on their way
DRAIN_LIMIT = 300


class Soak:
    def __init__(self, bobbin, seed, seconds):
        self.top = Path(tempfile.mkdtemp(prefix="bobbin-soak-"))
        self.root, self.notes, self.stage = self.top / "root", self.top / "notes", self.top / "stage"
        self.foreign = Path(tempfile.mkdtemp(prefix="bobbin-soak-", dir="/dev/shm"))
        for folder in (self.root, self.notes, self.notes / "locks", self.stage):
            folder.mkdir()
        jobs.make(self.root, self.notes)
        self.bobbin = bobbin
        self.seconds = seconds
        self.steps = plan.make(seed, seconds)
        self.fleet = fleet.Fleet(bobbin, self.root, self.notes)
        self.watch = account.Watch(self.root / "spool")
        self.producer = producers.Producer(self.root / "spool", self.stage, self.foreign, bobbin, self.root)
        self.drops, self.cancelled, self.late, self.wrong = [], set(), [], []
        self.counts = collections.Counter()
        self.due = []               # orchestrators to start again, by time

    def run(self):
        began = time.monotonic()
        self.fleet.start()
        looked = began
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            pending = []
            for step in self.steps:
                while (rest := began + step.at - time.monotonic()) > 0:
                    self.restart()
                    self.fleet.look()
                    time.sleep(min(rest, 0.05))
                if time.monotonic() > began + self.seconds:
                    break           # behind its plan on a slow machine: what is left of it is not done
                self.restart()
                if step.action == "drop":
                    while self.backlog(pending) and time.monotonic() < began + self.seconds:
                        self.restart()
                        self.fleet.look()
                        time.sleep(0.1)
                    pending.append((step.drop, pool.submit(self.producer.drop, step.drop)))
                else:
                    getattr(self, step.action)(step)
                if time.monotonic() - looked > 10:
                    looked = time.monotonic()
                    self.wrong += self.watch.look()
                    pending = self.collect(pending)
                    self.show(looked - began)
            concurrent.futures.wait([future for _, future in pending])
            self.collect(pending)

    def collect(self, pending):
        left = []
        for drop, future in pending:
            if not future.done():
                left.append((drop, future))
            elif error := future.exception():
                self.wrong.append(f"the producer {drop.style} of {drop.queue}/{drop.name!r} failed: {error!r}")
            else:
                self.drops.append(drop)
        return left

    def backlog(self, pending):
        under_way = sum(not future.done() for _, future in pending)
        return under_way + sum(1 for _ in account.waiting(self.root / "spool")) > BACKLOG

    def show(self, at):
        counts = ", ".join(f"{name} {count}" for name, count in sorted(self.counts.items()))
        print(f"{at:6.0f} s  dropped {len(self.drops)}, finished {len(self.watch.outcomes)}; {counts}", flush=True)

    # --- what the plan asks for ---------------------------------------------------------------------------------

    def restart(self):
        for at in [at for at in self.due if at <= time.monotonic()]:
            self.due.remove(at)
            self.fleet.start()
        if not self.fleet.living and not self.due:
            self.fleet.start()

    def one(self, step):
        return self.fleet.living[int(step.pick * len(self.fleet.living))] if self.fleet.living else None

    def goes(self, step):
        """An orchestrator goes; another comes, unless there are two."""
        if len(self.fleet.living) + len(self.due) < 1:
            self.due.append(time.monotonic() + step.pause)
        self.counts[step.action] += 1

    def kill(self, step):
        if victim := self.one(step):
            self.fleet.kill(victim)
            self.goes(step)

    def stop(self, step, at_once=False):
        if victim := self.one(step):
            self.fleet.stop(victim, at_once)
            self.goes(step)

    def stop_at_once(self, step):
        self.stop(step, at_once=True)

    def second(self, step):
        if len(self.fleet.living) < 2:
            self.fleet.start()
            self.counts["second"] += 1

    def kill_one_of(self, pids, step):
        if pids and fleet.kill(pids[int(step.pick * len(pids))]):
            self.counts[step.action] += 1

    def kill_watcher(self, step):
        self.kill_one_of(self.fleet.watchers(), step)

    def kill_script(self, step):
        self.kill_one_of(self.fleet.scripts(), step)

    def command(self, *words):
        return subprocess.run([self.bobbin, words[0], "--root", self.root, *words[1:]], capture_output=True, timeout=900, check=False)

    def retry_failed(self, step):
        failed = {item.id for item in account.items(self.root / "spool") if item.place == "failed" and item.queue == step.queue}
        self.watch.reopen(failed)
        self.command("retry", step.queue, "--all")
        # Those that failed while it was at work.
        self.watch.reopen({item.id for item in account.items(self.root / "spool") if item.queue == step.queue})
        self.counts["retry_failed"] += 1

    def cancel(self, step):
        mine = [drop for drop in self.drops[-40:] if drop.queue == step.queue and b"\n" not in drop.name and not drop.name.startswith(b"-")]
        if mine:
            drop = mine[int(step.pick * len(mine))]
            self.cancelled.add((drop.queue, drop.name))
            self.command("cancel", step.queue, drop.name, "--no-wait")
            self.counts["cancel"] += 1

    # --- the end ------------------------------------------------------------------------------------------------

    def finish(self):
        """Stops or kills what runs, works off the rest, and draws up the account."""
        for process in list(self.fleet.living):
            self.fleet.kill(process)
        deadline = time.monotonic() + 90
        while self.fleet.leaving and time.monotonic() < deadline:
            self.fleet.look()
            time.sleep(0.05)
        for _ in range(5):          # a drain leaves what rests for longer than it waits
            self.fleet.drain(DRAIN_LIMIT)
            open_items = [item for item in account.items(self.root / "spool") if item.place in ("claimed", "retry")]
            if not open_items and not list(account.waiting(self.root / "spool")):
                break
        self.wrong += self.watch.look()
        leftovers = [f"process {pid}: {fleet.read(pid, 'cmdline')!r}" for pid in self.fleet.strays()]
        result = account.settle(self.root, self.notes, self.drops, self.cancelled, leftovers)
        result.wrong += self.wrong + self.fleet.anomalies + self.verify()
        for log in self.notes.glob("bobbin-*.log"):
            if b"Fatal error" in (text := log.read_bytes()) or b"Crash" in text:
                result.wrong.append(f"{log.name}: {fleet.tail(log)}")
        return result

    def verify(self):
        """What Bobbin's own checker of the promises finds, where the program under test has it."""
        done = self.command("doctor", "--verify", "--settled", "--runs", self.notes / "runs")
        if b"Unknown option '--verify'" in done.stderr:
            return []
        lines = done.stdout.decode(errors="replace").splitlines()
        found = [f"doctor --verify: {line} {reason.strip()}" for line, reason in zip(lines, lines[1:]) if line.startswith("VIOLATION")]
        if done.returncode not in (0, 1) or (done.returncode and not found):
            found.append(f"doctor --verify ended with {done.returncode}: {done.stderr[-300:]!r}")
        return found

    def clear(self, keep):
        self.fleet.end()
        shutil.rmtree(self.foreign, ignore_errors=True)
        if not keep:
            shutil.rmtree(self.top, ignore_errors=True)


def program():
    if named := os.environ.get("BOBBIN"):
        return str(Path(named).resolve())
    built = [path for kind in ("release", "debug") if (path := BUILD / kind / "bobbin").exists()]
    if not built:
        sys.exit("soak: there is no bobbin; type: make build")
    return str(max(built, key=lambda path: path.stat().st_mtime))


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--minutes", type=float, default=5)
    options.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    options.add_argument("--plan", action="store_true", help="print the plan, do nothing")
    options.add_argument("--keep", action="store_true", help="keep the root")
    options.add_argument("--report", type=Path, help="write the account there, as JSON")
    options = options.parse_args()
    if options.plan:
        print("\n".join(map(str, plan.make(options.seed, options.minutes * 60))))
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    soak = Soak(program(), options.seed, options.minutes * 60)
    print(f"soak: {options.minutes:g} minutes, seed {options.seed}, {soak.bobbin}, root {soak.top}", flush=True)
    keep = True
    try:
        soak.run()
        result = soak.finish()
        keep = options.keep or not result.is_clean
    finally:
        soak.clear(keep)
    for problem in result.problems():
        print(problem)
    counts = ", ".join(f"{name} {count}" for name, count in sorted(soak.counts.items()))
    print(f"seed {options.seed}: {result.runs} runs, {result.repeated} repeated; forwarded {result.forwarded}; {counts}")
    if keep:
        print(f"kept: {soak.top}")
    if options.report:
        options.report.write_text(json.dumps({
            "seed": options.seed, "minutes": options.minutes, "result": result.result, "runs": result.runs,
            "repeated": result.repeated, "forwarded": result.forwarded, "counts": soak.counts}, indent=1) + "\n")
    print(result.result)
    return 0 if result.is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
