#!/usr/bin/env python3
"""Measures Bobbin against a floor in C and the peers that Debian has, all in one run on one machine.

    python3 Benchmarks/run.py [--only burst,latency,backlog,idle] [--without-bobbin] …

Prints Markdown, writes the same as JSON to .build/bench.json. Only the standard library is used. Everything happens
in a folder of its own under .build (the same disk as the sources), which is removed at the end, as are all processes.

What is compared, and what each does for a file:
  floor        Benchmarks/floor.c: notice, claim, run, wait, file away; nothing else
  bobbin       the release build, default settings but for max_concurrency and command
  inotifywait  the shell loop that people write: mv, run, mv, one file after the other
  incron       a rule that starts a handler with the same three steps (burst) or the program itself (latency)
  xargs        find | xargs -P2 over files that are all there already: no noticing, no claim, no filing away
"""

import argparse
import contextlib
import gc
import json
import math
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = HERE.parent / ".build"
BOBBIN = Path(os.environ.get("BOBBIN") or BUILD / "release" / "bobbin").resolve()
PARTS = ["burst", "latency", "backlog", "idle"]
CHILDREN = 2                    # programs at a time, wherever the contender lets us say so
STALL = 20                      # seconds without any outcome after which a contender has lost files


class Failed(Exception):
    """A contender did not do its work; the text is shown in its row."""


# --- the contenders ---------------------------------------------------------------------------------------------

class Contender:
    """A process that watches `inbox` and runs `program` on what is moved there; used as a context."""

    name = ""

    def __init__(self, area, program, count, part):
        area = area.with_name(f"{area.name}-{time.monotonic_ns()}")  # a fresh one for each round
        self.area, self.program, self.count, self.part = area, program, count, part
        self.inbox, self.claimed, self.done = area / "inbox", area / "claimed", area / "done"
        self.stamps, self.output = area / "stamps", area / "output"
        self.process = None

    def __enter__(self):
        try:
            self.area.mkdir()
            self.prepare()
            return self
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        stop(self.process)
        # What is left goes at the very end: ext4 keeps away from inodes freed within the last minutes, and whoever
        # creates files after a mass removal pays for the search.

    def prepare(self):
        for folder in (self.inbox, self.claimed, self.done):
            folder.mkdir()
        self.start()

    def start(self):
        raise NotImplementedError

    def launch(self, command, ready, limit=30):
        """Starts the process and waits until it has said `ready`."""
        environment = dict(os.environ, STAMP_FILE=str(self.stamps))
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                            env=environment, start_new_session=True)
        if ready:
            self.wait_for(ready, limit)

    def wait_for(self, ready, limit):
        end = time.monotonic() + limit
        while ready.encode() not in self.output.read_bytes():
            if self.process.poll() is not None or time.monotonic() > end:
                raise Failed(f"{self.name} never said '{ready}': {self.last_words()}")
            time.sleep(0.005)

    def last_words(self):
        return self.output.read_text(errors="replace").strip()[-400:] or "(no output)"

    def done_folders(self):
        return [self.done]

    def finished(self):
        """Waits for `count` outcomes; the time of the last one, in nanoseconds of the wall clock.

        It looks at the modification time of the folder that outcomes are moved into, and counts only once that
        has stopped changing: a look costs one stat, and the time found is the last outcome's, not the look's."""
        last, since = None, time.monotonic()
        while True:
            time.sleep(0.02)
            folders = self.done_folders()
            stamp = max((os.stat(folder).st_mtime_ns for folder in folders), default=0)
            if stamp != last:
                last, since = stamp, time.monotonic()
                continue
            number = sum(entries(folder) for folder in folders)
            if number >= self.count:
                return last
            if time.monotonic() - since > STALL:
                raise Failed(f"only {number} of {self.count} files done after {STALL} s of silence")
            time.sleep(0.1)

    def check(self):
        """Raises when the work is not as complete as `finished` says."""
        left = entries(self.inbox) + entries(self.claimed)
        if left:
            raise Failed(f"{left} files left behind")


class Floor(Contender):
    name = "floor"

    def start(self):
        self.launch([self.area.parent / "floor", self.inbox, self.claimed, self.done,
                     str(CHILDREN), str(self.count), self.program], "ready")


class FloorWithFiles(Contender):
    """The floor that leaves on the disk what the contract says an item leaves there."""
    name = "floor + files"

    def start(self):
        status = self.area / "status"
        status.mkdir()
        self.launch([self.area.parent / "floor", self.inbox, self.claimed, self.done,
                     str(CHILDREN), str(self.count), self.program, status], "ready")


class Inotifywait(Contender):
    name = "inotifywait"
    LOOP = """inotifywait -m -e moved_to,close_write --format %f "$1" | while IFS= read -r name; do
        mv "$1/$name" "$2/$name" && "$4" "$2/$name" && mv "$2/$name" "$3/$name"
    done"""

    def start(self):
        self.launch(["bash", "-c", self.LOOP, "loop", self.inbox, self.claimed, self.done, self.program],
                    "Watches established")


class Incron(Contender):
    name = "incron"

    def start(self):
        if os.geteuid() != 0:
            raise Failed("not measured: incrond must be root")
        tables = self.area / "tables"
        tables.mkdir()
        (self.area / "users").mkdir()
        handler = self.area / "handler"
        handler.write_text(f'#!/bin/sh\nname=${{1##*/}}\nmv "$1" "{self.claimed}/$name" && {self.program} '
                           f'"{self.claimed}/$name" && mv "{self.claimed}/$name" "{self.done}/$name"\n')
        handler.chmod(0o755)
        command = handler if self.part == "burst" else self.program
        (tables / "table").write_text(f"{self.inbox} IN_MOVED_TO {command} $@/$#\n")
        settings = self.area / "incron.conf"
        settings.write_text(f"system_table_dir = {tables}\nuser_table_dir = {self.area}/users\n"
                            f"lockfile_dir = {self.area}\nlockfile_name = incrond\n")
        self.launch(["incrond", "-n", "-f", settings], None)
        # incrond says nothing on its output; it is ready when a file that is moved in has been noticed.
        probe, seen = self.area / "probe", self.done if self.part == "burst" else self.stamps
        end = time.monotonic() + 10
        while not (entries(seen) if seen.is_dir() else seen.exists()):
            if self.process.poll() is not None or time.monotonic() > end:
                raise Failed(f"incrond did not start: {self.last_words()}")
            probe.write_text("probe\n")
            os.rename(probe, self.inbox / "probe")
            time.sleep(0.3)
        for left in (self.inbox / "probe", self.done / "probe", self.stamps):
            left.unlink(missing_ok=True)


class Xargs(Contender):
    name = "xargs"

    def start(self):
        pass

    def finished(self):
        find = subprocess.Popen(["find", self.inbox, "-type", "f", "-print0"], stdout=subprocess.PIPE)
        try:
            subprocess.run(["xargs", "-0", "-P", str(CHILDREN), "-n", "1", self.program], stdin=find.stdout, check=True)
        finally:
            find.stdout.close()
            find.wait()
        return time.time_ns()

    def check(self):
        pass


class Bobbin(Contender):
    name = "bobbin"

    def __init__(self, area, program, count, part, queues=("q",), settings=None, wait=True):
        super().__init__(area, program, count, part)
        self.root, self.queues, self.settings, self.wait = self.area / "root", queues, settings or {}, wait
        self.inbox = self.root / "spool" / queues[0]
        self.claimed, self.done = self.inbox / "claimed", self.inbox / "done"

    def prepare(self):
        for queue in self.queues:
            job = self.root / "jobs" / "triggered" / queue
            job.mkdir(parents=True)
            (self.root / "spool" / queue).mkdir(parents=True)
            settings = {"command": [str(self.program)], "max_concurrency": CHILDREN,
                        "environment": {"STAMP_FILE": str(self.stamps)}, **self.settings}
            (job / "settings.job").write_text(json.dumps(settings))
        if self.wait:
            self.start()

    def start(self):
        self.begun = time.monotonic_ns()
        self.launch([BOBBIN, "run", "--root", self.root], "bobbin: ready" if self.wait else None)

    def done_folders(self):
        return [day.path for day in os.scandir(self.done)] if self.done.is_dir() else []

    def check(self):
        waiting = [entry.name for entry in os.scandir(self.inbox) if entry.is_file() and entry.name[0] != "."]
        left = [entry for state in ("claimed", "retry", "failed") for entry in os.listdir(self.inbox / state)]
        lost = len(waiting) + sum(entry[0] != "." for entry in left)  # Bobbin's own folders are hidden
        if lost:
            raise Failed(f"{lost} items are waiting, claimed, retrying or failed: {self.last_words()}")

    def processes(self):
        """The ids of bobbin and of its watcher, by name."""
        found = {"bobbin": self.process.pid}
        for task in os.listdir(f"/proc/{self.process.pid}/task"):
            with contextlib.suppress(OSError):
                for child in Path(f"/proc/{self.process.pid}/task/{task}/children").read_text().split():
                    if Path(f"/proc/{child}/comm").read_text().strip() == "bobbin-watch":
                        found["bobbin-watch"] = int(child)
        return found


# --- helpers ----------------------------------------------------------------------------------------------------

def entries(folder):
    try:
        with os.scandir(folder) as found:
            return sum(1 for _ in found)
    except FileNotFoundError:
        return 0


def stop(process):
    """Ends a process that we started, and its group, in order and then by force."""
    if process is None:
        return
    for sign, patience in ((signal.SIGTERM, 45), (signal.SIGKILL, 10)):
        if process.poll() is None:
            os.kill(process.pid, sign)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(patience)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def stage(area, count):
    """Small files beside the inbox, ready to be renamed into it. Not empty: an empty file may be unfinished."""
    area.mkdir()
    folder = os.open(area, os.O_DIRECTORY)
    try:
        for number in range(count):
            file = os.open(f"f{number:07}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644, dir_fd=folder)
            os.write(file, b"payload\n")
            os.close(file)
    finally:
        os.close(folder)
    return [f"f{number:07}" for number in range(count)]


def percentile(values, share):
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def field(path, key):
    """A figure in KiB or a count from a /proc file of "Key: value" lines."""
    for line in Path(path).read_text().splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1])
    return 0


def memory(pid):
    status, rollup = f"/proc/{pid}/status", f"/proc/{pid}/smaps_rollup"
    figures = {key: field(status, key) for key in ("VmRSS", "VmHWM", "RssAnon", "RssFile")}
    with contextlib.suppress(OSError):
        figures["Pss"] = field(rollup, "Pss")
    return figures


def megabytes(kib):
    """The bars are in MB of a million bytes; /proc counts in KiB although it says kB."""
    return kib * 1024 / 1e6


def switches(pid):
    """Context switches of every thread: each is a time it was woken and went back to sleep, or was pushed aside."""
    found = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        with contextlib.suppress(OSError):
            status = f"/proc/{pid}/task/{task}/status"
            found[task] = field(status, "voluntary_ctxt_switches") + field(status, "nonvoluntary_ctxt_switches")
    return found


def machine(place):
    model = next((line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    disk = subprocess.run(["df", "--output=fstype", place], capture_output=True, text=True).stdout.split()[-1]
    return {"kernel": platform.release(), "cores": os.cpu_count(), "cpu": model, "file_system": disk,
            "memory_gib": round(field("/proc/meminfo", "MemTotal") / 2**20, 1), "load_before": os.getloadavg()[0],
            "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())}


def say(text):
    print(text, file=sys.stderr, flush=True)


def bar(figure, limit, text, lower=True):
    """The promise beside the figure: met or missed, or unknown when there is no figure."""
    met = None if figure is None else figure <= limit if lower else figure >= limit
    return {"bar": text, "met": met, "shown": f"{text}: {'not measured' if met is None else 'met' if met else 'MISSED'}"}


def table(header, rows):
    print("| " + " | ".join(header) + " |")
    print("|" + "|".join("---" if not index else "--:" for index in range(len(header))) + "|")
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")
    print(flush=True)


def rounds_of(contenders, rounds, measure):
    """Every contender in turn, several times, each second time in reverse, so that drift of the machine hits all."""
    results = {contender.name: [] for contender in contenders}
    failures = {}
    for number in range(rounds):
        for contender in contenders if number % 2 == 0 else contenders[::-1]:
            if contender.name in failures:
                continue
            try:
                results[contender.name].append(measure(contender, number))
            except (Failed, OSError, subprocess.SubprocessError) as error:
                failures[contender.name] = str(error)
                say(f"  {contender.name}: {error}")
    return results, failures


# --- the four parts ---------------------------------------------------------------------------------------------

def burst(options, work, contenders):
    def measure(contender, number):
        area = work / f"burst-{contender.name}"
        with contender(area, "/bin/true", options.files, "burst") as running:
            names = stage(running.area / "stage", options.files)
            time.sleep(0.5)
            begun = time.time_ns()
            for name in names:
                os.rename(running.area / "stage" / name, running.inbox / name)
            rate = options.files / (running.finished() - begun) * 1e9
            running.check()
        say(f"  burst {number + 1}: {contender.name} {rate:,.0f} files/s")
        return rate

    results, failures = rounds_of(contenders, options.rounds, measure)
    medians = {name: statistics.median(rates) for name, rates in results.items() if rates}
    floor, bobbin, loop = (medians.get(name) for name in ("floor", "bobbin", "inotifywait"))
    bars = [bar(bobbin and floor and bobbin / floor, 0.75, "bobbin >= 0.75 x floor", lower=False),
            bar(bobbin and loop and bobbin / loop, 3, "bobbin >= 3 x inotifywait", lower=False)]

    print(f"### Burst: {options.files:,} files renamed in, /bin/true on each, {CHILDREN} at a time\n")
    table(["", "files/s, median", "x floor", "rounds"],
          [[name, f"{medians[name]:,.0f}", f"{medians[name] / floor:.2f}" if floor else "",
            " ".join(f"{rate:,.0f}" for rate in results[name])] if name in medians else [name, failures.get(name), "", ""]
           for name in results])
    return {"files": options.files, "files_per_second": results, "median": medians, "failures": failures, "bars": bars}


def latency(options, work, contenders):
    def measure(contender, number):
        area = work / f"latency-{contender.name}"
        with contender(area, work / "stamp", options.latency_files, "latency") as running:
            names = stage(running.area / "stage", options.latency_files)
            time.sleep(1)
            moved, due = {}, time.monotonic()
            for name in names:
                due += 0.02
                time.sleep(max(0, due - time.monotonic()))
                moved[name] = time.monotonic_ns()
                os.rename(running.area / "stage" / name, running.inbox / name)
            end = time.monotonic() + STALL
            while len(started := stamps(running.stamps)) < len(names):
                if time.monotonic() > end:
                    raise Failed(f"only {len(started)} of {len(names)} programs ever started")
                time.sleep(0.05)
        times = [(started[name] - moved[name]) / 1e6 for name in names]
        say(f"  latency {number + 1}: {contender.name} median {statistics.median(times):.2f} ms")
        return times

    results, failures = rounds_of([each for each in contenders if each is not Xargs], options.rounds, measure)
    pooled = {name: [one for times in runs for one in times] for name, runs in results.items() if runs}
    median = {name: statistics.median(times) for name, times in pooled.items()}
    floor, bobbin = median.get("floor"), median.get("bobbin")
    bars = [bar(bobbin and floor and bobbin / floor, 1.5, "bobbin's median <= 1.5 x floor"),
            bar(bobbin and percentile(pooled["bobbin"], 0.99), 3, "bobbin's 99th percentile <= 3 ms")]

    print("### Latency: from rename to the program's first instruction, "
          f"{options.latency_files} files, one each 20 ms, {options.rounds} rounds\n")
    table(["", "median, ms", "99 %, ms", "longest, ms", "x floor"],
          [[name, f"{median[name]:.2f}", f"{percentile(pooled[name], 0.99):.2f}", f"{max(pooled[name]):.2f}",
            f"{median[name] / floor:.2f}" if floor else ""] if name in median else [name, failures.get(name), "", "", ""]
           for name in results])
    return {"files": options.latency_files, "milliseconds": pooled, "median": median,
            "p99": {name: percentile(times, 0.99) for name, times in pooled.items()}, "failures": failures, "bars": bars}


def stamps(path):
    """Name -> nanoseconds of the first start, from whole lines only."""
    found = {}
    with contextlib.suppress(FileNotFoundError):
        for line in path.read_text().splitlines(keepends=True):
            if line.endswith("\n"):
                name, moment = line.split()
                found.setdefault(name, int(moment))
    return found


def backlog(options, work, _):
    def measure(count):
        area = work / f"backlog-{count}"
        with Bobbin(area, work / "stamp", count, "backlog", wait=False) as running:
            say(f"  backlog: creating {count:,} files")
            running.inbox.rmdir()
            begun = time.monotonic()
            stage(running.inbox, count)
            created = time.monotonic() - begun
            time.sleep(2)                                       # older than settle_time, and the disk is quiet again
            running.start()
            first = None
            end = time.monotonic() + 60
            while first is None:
                if time.monotonic() > end or running.process.poll() is not None:
                    raise Failed(f"no item started within 60 s: {running.last_words()}")
                if running.stamps.exists():
                    first = min(stamps(running.stamps).values(), default=None)
                time.sleep(0.01)
            samples, peaks = [], {}
            end = time.monotonic() + options.backlog_seconds
            while time.monotonic() < end and running.process.poll() is None:
                found = {name: memory(pid) for name, pid in running.processes().items()}
                samples.append(megabytes(sum(each["VmRSS"] for each in found.values())))
                peaks.update({name: megabytes(each["VmHWM"]) for name, each in found.items()})
                time.sleep(0.25)
            worked = len(stamps(running.stamps))
            say(f"  backlog: {count:,} files, first start after {(first - running.begun) / 1e9:.2f} s; cleaning up")
        return {"files": count, "created_seconds": created, "first_start_seconds": (first - running.begun) / 1e9,
                "rss_mb_median": statistics.median(samples), "rss_mb_highest": max(samples),
                "peak_mb": sum(peaks.values()), "peaks_mb": peaks, "items_started": worked}

    results = {count: measure(count) for count in (1_000, options.million)}
    small, large = results[1_000], results[options.million]
    bars = [bar(large["first_start_seconds"], 2, "first item starts within 2 s"),
            bar(large["peak_mb"], 64, "resident memory under 64 MB"),
            bar(large["peak_mb"] - small["peak_mb"], 8, "no more than 8 MB above the run with 1,000 files")]

    print(f"### Backlog: files that wait when bobbin starts, memory of both processes over {options.backlog_seconds} s\n")
    table(["waiting", "first start, s", "RSS median, MB", "peak (VmHWM), MB", "started meanwhile"],
          [[f"{count:,}", f"{each['first_start_seconds']:.2f}", f"{each['rss_mb_median']:.1f}",
            f"{each['peak_mb']:.1f}", f"{each['items_started']:,}"] for count, each in results.items()])
    return {"runs": list(results.values()), "bars": bars}


def idle(options, work, _):
    queues = [f"queue-{number:03}" for number in range(options.queues)]
    with Bobbin(work / "idle", "/bin/true", 0, "idle", queues=queues) as running:
        say(f"  idle: {options.queues} queues, {options.idle_seconds} s")
        time.sleep(5)
        before = {name: (pid, switches(pid)) for name, pid in running.processes().items()}
        begun = time.monotonic()
        time.sleep(options.idle_seconds)
        seconds = time.monotonic() - begun
        rows = {}
        for name, (pid, then) in before.items():
            now = switches(pid)
            woken = sum(count - then.get(task, 0) for task, count in now.items()) / seconds
            rows[name] = {**memory(pid), "threads": len(now), "wakeups_per_second": woken}
    total = {key: sum(row.get(key, 0) for row in rows.values()) for key in next(iter(rows.values()))}
    if "bobbin-watch" not in rows:
        say("  idle: no process named bobbin-watch below bobbin: it polls, or the figures are not whole")
    bars = [bar(megabytes(total["VmRSS"]), 30, "resident memory of both under 30 MB"),
            bar(total["wakeups_per_second"], 1, "under 1 wake-up per second")]

    print(f"### Idle: {options.queues} queues, nothing to do, {options.idle_seconds} s\n")
    keys = ["VmRSS", "RssAnon", "RssFile", "Pss"]
    table(["", "RSS, MB", "of it private", "of it file-backed", "PSS, MB", "threads", "wake-ups/s"],
          [[name, *(f"{megabytes(row.get(key, 0)):.1f}" for key in keys), row["threads"], f"{row['wakeups_per_second']:.2f}"]
           for name, row in [*rows.items(), ("both", total)]])
    return {"queues": options.queues, "seconds": seconds, "processes": rows, "both": total, "bars": bars}


# --- the run ----------------------------------------------------------------------------------------------------

def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default=",".join(PARTS), help="parts, separated by commas: " + ", ".join(PARTS))
    parser.add_argument("--rounds", type=int, default=3, help="rounds of burst and latency (3)")
    parser.add_argument("--files", type=int, default=2_000, help="files of the burst (2000)")
    parser.add_argument("--latency-files", type=int, default=300, help="files of one latency round (300)")
    parser.add_argument("--million", type=int, default=1_000_000, help="waiting files of the backlog (1000000)")
    parser.add_argument("--backlog-seconds", type=int, default=20, help="how long memory is sampled (20)")
    parser.add_argument("--queues", type=int, default=100, help="queues of the idle part (100)")
    parser.add_argument("--idle-seconds", type=int, default=60, help="how long idling is watched (60: one slow rescan)")
    parser.add_argument("--place", type=Path, default=BUILD,
                        help="folder on the file system to measure on; /dev/shm leaves the disk out (.build)")
    parser.add_argument("--without-bobbin", action="store_true", help="measure the floor and the peers only")
    parser.add_argument("--strict", action="store_true", help="exit 1 when a bar is missed")
    options = parser.parse_args()

    chosen = options.only.split(",")
    if unknown := [part for part in chosen if part not in PARTS]:
        parser.error(f"no part is called {unknown[0]!r}; there are {', '.join(PARTS)}")
    if options.without_bobbin:
        chosen = [part for part in chosen if part in ("burst", "latency")]
    elif not os.access(BOBBIN, os.X_OK):
        parser.error(f"{BOBBIN} is not there; build it (make build), name it in $BOBBIN, or use --without-bobbin")
    contenders = [each for each in (Floor, FloorWithFiles, Bobbin, Inotifywait, Incron, Xargs)
                  if not (each is Bobbin and options.without_bobbin)]

    BUILD.mkdir(exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="bench-", dir=options.place))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))     # so that the clean-up below runs
    gc.disable()
    facts = machine(options.place)
    report = {"machine": facts, "options": vars(options)}
    try:
        for name in ("floor", "stamp"):
            subprocess.run(["gcc", "-O2", "-Wall", "-o", work / name, HERE / f"{name}.c"], check=True)
        print(f"{facts['cpu']}, {facts['cores']} cores, {facts['memory_gib']} GiB, Linux {facts['kernel']}, "
              f"{facts['file_system']}, load {facts['load_before']:.2f}, {facts['date']}\n", flush=True)
        for part in chosen:
            say(f"{part}:")
            try:
                report[part] = {"burst": burst, "latency": latency, "backlog": backlog, "idle": idle}[part](
                    options, work, contenders)
            except (Failed, OSError) as error:
                say(f"  {part} failed: {error}")
                report[part] = {"failed": str(error), "bars": []}
            for each in report[part]["bars"]:
                print(f"- {each['shown']}")
            print(flush=True)
    finally:
        subprocess.run(["rm", "-rf", "--", work], check=False)
        (BUILD / "bench.json").write_text(json.dumps(report, indent=2, default=str) + "\n")

    missed = [each["bar"] for part in chosen for each in report[part]["bars"] if each["met"] is False]
    failed = [part for part in chosen if "failed" in report[part]]
    return 1 if failed or (options.strict and missed) else 0


if __name__ == "__main__":
    sys.exit(main())
