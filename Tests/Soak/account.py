"""The account of a soak: what was dropped against what is there, from files, run log and processes alone."""

import base64
import collections
import hashlib
import json
import os
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from jobs import MAX_ATTEMPTS, MAX_INTERRUPTIONS

# Bytes of a name that a forward keeps behind the item's id and a dash, before ".envelope".
ROOM = 255 - 37 - 9
RESERVED = {"claimed", "done", "failed", "results", "retry", "status"}


def digest(content):
    return hashlib.sha256(content).hexdigest()[:16]


@dataclass
class Item:
    id: str
    queue: str
    place: str
    folder: Path

    def document(self, name):
        try:
            return json.loads((self.folder / name).read_bytes())
        except (OSError, ValueError):
            return None

    @property
    def payloads(self):
        try:
            return [os.fsencode(name) for name in os.listdir(self.folder / "payload")]
        except OSError:
            return []

    def content(self, name):
        path = os.path.join(os.fsencode(self.folder), b"payload", name)
        if os.path.islink(path) or not os.path.isfile(path):
            return b""
        with open(path, "rb") as file:
            return file.read()


def queues(spool):
    return sorted(folder for folder in spool.iterdir() if not folder.name.startswith("."))


def items(spool):
    for queue in queues(spool):
        for place in ("claimed", "retry", "failed"):
            for folder in sorted((queue / place).glob("[0-9a-f]*")):
                yield Item(folder.name, queue.name, place, folder)
        for folder in sorted((queue / "done").glob("*/*")):
            yield Item(folder.name, queue.name, "done", folder)


def waiting(spool):
    for queue in queues(spool):
        for name in os.listdir(os.fsencode(queue)):
            if name.decode(errors="replace") not in RESERVED and not name.endswith(b".envelope"):
                yield queue.name, name


def name_of(document):
    encoded = document.get("name_base64")
    return base64.b64decode(encoded) if encoded else document["name"].encode()


def instant(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


@dataclass
class Run:
    item: str
    id: str
    started: float = 0.0
    ended: str = ""
    seen: str = ""


class RunLog:
    def __init__(self, file):
        self.runs, self.overlaps, self.torn = {}, [], []
        for line in file.read_text().splitlines() if file.exists() else []:
            words = line.split(" ")
            if len(words) != 5:
                self.torn.append(line)
                continue
            item, run, _, event, at = words
            found = self.runs.setdefault(run, Run(item, run))
            if event == "start":
                found.started = float(at)
            elif event == "overlap":
                self.overlaps.append(f"run {run} of item {item} met another at {at}")
            elif event.startswith("seen:"):
                found.seen = event[5:]
            elif event.startswith("end:"):
                found.ended = event[4:]
        self.by_item = collections.defaultdict(list)
        for run in self.runs.values():
            self.by_item[run.item].append(run)


class Watch:
    """Remembers the first outcome that was seen of each item: a final state is decided once (I2)."""

    def __init__(self, spool):
        self.spool, self.outcomes, self.reopened = spool, {}, set()

    def look(self):
        """Returns what has changed although nobody asked for it."""
        changed = []
        for item in items(self.spool):
            if item.place not in ("done", "failed"):
                continue
            try:
                now = digest((item.folder / "outcome.json").read_bytes())
            except OSError:
                continue
            if self.outcomes.setdefault(item.id, now) != now and item.id not in self.reopened:
                changed.append(f"{item.queue}/{item.id}: its outcome was written twice")
        return changed

    def reopen(self, ids):
        """An operator put these back."""
        self.reopened |= ids
        for id in ids:
            self.outcomes.pop(id, None)


@dataclass
class Account:
    dropped: int = 0
    forwarded: int = 0
    done: int = 0
    failed: int = 0
    runs: int = 0
    repeated: int = 0
    lost: list = field(default_factory=list)
    doubled: list = field(default_factory=list)
    overlapping: list = field(default_factory=list)
    orphans: list = field(default_factory=list)
    wrong: list = field(default_factory=list)

    @property
    def result(self):
        return (f"dropped {self.dropped}, done {self.done}, failed {self.failed}, lost {len(self.lost)}, "
                f"doubled {len(self.doubled)}, overlapping {len(self.overlapping)}, orphans {len(self.orphans)}")

    @property
    def is_clean(self):
        return not (self.lost or self.doubled or self.overlapping or self.orphans or self.wrong)

    def problems(self):
        for kind in ("lost", "doubled", "overlapping", "orphans", "wrong"):
            for text in getattr(self, kind):
                yield f"{kind}: {text}"


def settle(root, notes, drops, cancelled, leftovers):
    """Draws up the account. `drops` = what was dropped, `cancelled` = (queue, name) that an operator cancelled,
    `leftovers` = the processes that are left."""
    spool = root / "spool"
    account = Account(dropped=len(drops))
    log = RunLog(notes / "runs")
    found = list(items(spool))
    account.runs = len(log.runs)
    account.repeated = sum(len(runs) - 1 for runs in log.by_item.values())
    account.overlapping += log.overlaps
    account.wrong += [f"the run log has a torn line: {line!r}" for line in log.torn]

    for queue, name in waiting(spool):
        account.lost.append(f"{queue}/{name!r} still lies in the inbox")
    by_name = collections.defaultdict(list)
    for item in found:
        check_item(account, item, log, cancelled, spool)
        by_name[item.queue, name_of(item.document("outcome.json") or item.document("item.json") or {"name": ""})].append(item)

    expected = {}
    for drop in drops:
        expected[drop.queue, drop.name] = [digest(content) for content in drop.sent]
    for (queue, name), contents in expected.items():
        match(account, f"{queue}/{name!r}", by_name.pop((queue, name), []), contents)
    for item in [item for item in found if item.queue == "shaky" and item.place == "done"]:
        # Each success of shaky forwards its file, once.
        name = name_of(item.document("outcome.json"))
        account.forwarded += 1
        same = by_name.pop(("relay", name), [])
        same += by_name.pop(("relay", item.id.encode() + b"-" + name[-ROOM:]), [])
        match(account, f"relay/{name!r}", same, expected.get(("shaky", name), []))
    for (queue, name), rest in by_name.items():
        account.doubled.append(f"{queue}/{name!r}: nobody dropped it; {[item.id for item in rest]}")
    for item in found:
        if item.queue != "relay":
            account.done += item.place == "done"
            account.failed += item.place == "failed"

    account.orphans += leftovers
    for folder in (root / "spool", root / "data" / "locks"):
        for path in folder.rglob("*"):
            is_temporary = path.name.startswith(".") or path.name.endswith(".new") or path.parent.name == "instances"
            if is_temporary and "payload" not in path.parts:
                account.orphans.append(f"{path} is left")
    return account


def match(account, what, same, contents):
    """One drop, one item, with what was dropped or what a run of it published."""
    if not same:
        account.lost.append(f"{what} is nowhere")
    if len(same) > 1:
        account.doubled.append(f"{what} became {len(same)} items: {[item.id for item in same]}")
    for item in same:
        result = item.folder.parents[0 if item.place != "done" else 1].parent / "results" / item.id / "result"
        kept = [item.content(name) for name in item.payloads]
        if result.exists():
            kept.append(result.read_bytes())
        if not kept:
            account.lost.append(f"{what}: item {item.id} has neither payload nor result")
        for content in kept:
            if content and digest(content) not in contents:
                account.lost.append(f"{what}: item {item.id} holds other bytes ({len(content)}) than were dropped")


def check_item(account, item, log, cancelled, spool):
    what = f"{item.queue}/{item.id}"
    outcome, record = item.document("outcome.json"), item.document("item.json")
    if item.place in ("claimed", "retry"):
        account.lost.append(f"{what} is still in {item.place}")
        return
    if outcome is None or record is None:
        account.wrong.append(f"{what} in {item.place} has no outcome or no record")
        return
    wanted = {"done": ("succeeded",), "failed": ("failed", "cancelled")}[item.place]
    if outcome["state"] not in wanted:
        account.wrong.append(f"{what} is in {item.place}, and its outcome says {outcome['state']}")
    if len(item.payloads) > 1:
        account.doubled.append(f"{what} has {len(item.payloads)} payloads")
    if record["failures"] > MAX_ATTEMPTS or record["interruptions"] > MAX_INTERRUPTIONS:
        account.wrong.append(f"{what} failed {record['failures']} times, was interrupted {record['interruptions']} times")
    runs = log.by_item[item.id]
    name = name_of(outcome)
    if item.place == "done":
        if not any(run.ended == "0" for run in runs):
            account.wrong.append(f"{what} is done, and no run of it ended with 0")
        for run in runs:
            if run.started > instant(outcome["finished_at"]) + 0.001:
                account.doubled.append(f"{what}: run {run.id} began after its success")
        if item.queue != "shaky" and not (spool / item.queue / "results" / item.id).is_dir():
            account.lost.append(f"{what} is done, and its results are not there")
    else:
        if (spool / item.queue / "results" / item.id).exists():
            account.wrong.append(f"{what} failed, and has results")
        problem = unjust(item, outcome, (item.queue, name) in cancelled)
        if problem:
            account.wrong.append(f"{what} {name!r} {problem}")
    for run in runs:
        seen = {digest(item.content(payload)) for payload in item.payloads}
        if item.queue not in ("both", "spent") and run.seen and run.seen not in seen:
            account.wrong.append(f"{what}: run {run.id} saw other bytes")
    status = status_of(spool / item.queue, name)
    if status is None or status.get("id") != item.id or status.get("state") != outcome["state"]:
        account.wrong.append(f"{what} {name!r}: its status file says {status and (status.get('id'), status.get('state'))}")


def status_of(queue, name):
    file = name + b".json"
    if len(file) > 255:
        number = 0xCBF29CE484222325
        for byte in name:
            number = (number ^ byte) * 0x100000001B3 % 2**64
        file = name[:200] + f"~{number:016x}.json".encode()
    try:
        with open(os.path.join(os.fsencode(queue), b"status", file), "rb") as handle:
            return json.load(handle)
    except (OSError, ValueError):
        return None


def unjust(item, outcome, was_cancelled):
    """Why an item should not have failed; None when it had to."""
    reason = outcome["reason"]
    fair = {
        "bad_input": outcome.get("exit_code") == 65,
        "interrupted_too_often": outcome["interruptions"] == MAX_INTERRUPTIONS,
        "not_a_file": True,
        "expired": True,
        "cancelled": was_cancelled,
    }.get(reason, outcome["attempt"] == MAX_ATTEMPTS)
    return None if fair else f"failed for {reason}, attempt {outcome['attempt']}, {outcome['interruptions']} interruptions"
