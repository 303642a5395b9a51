"""The orchestrators of a soak, and what is done to them."""

import os
import signal
import subprocess
import time


class Fleet:
    """Orchestrators on one root. What ends by itself, or does not end when it is told to, is an anomaly."""

    def __init__(self, bobbin, root, notes):
        self.bobbin, self.root, self.notes = bobbin, root, notes
        self.mark = f"BOBBIN_FILE={root}/spool/".encode()
        self.living, self.leaving = [], []
        self.anomalies = []
        self.started = 0

    def start(self, *options):
        self.started += 1
        log = self.notes / f"bobbin-{self.started}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [self.bobbin, "run", "--root", str(self.root), *options], stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, start_new_session=True)
        process.log = log
        self.living.append(process)
        return process

    def kill(self, process):
        self.living.remove(process)
        process.kill()
        process.wait()

    def stop(self, process, at_once=False):
        self.living.remove(process)
        process.terminate()
        if at_once:
            time.sleep(0.05)
            process.terminate()
        process.limit = time.monotonic() + 60
        self.leaving.append(process)

    def look(self):
        """Finds those that ended by themselves, and collects those that were told to."""
        for process in list(self.living):
            if process.poll() is not None:
                self.living.remove(process)
                self.anomalies.append(f"{process.log.name}: ended by itself with {process.returncode}: {tail(process.log)}")
        for process in list(self.leaving):
            code = process.poll()
            # Told to stop before it could listen, the signal ends it as it ends any program.
            if code not in (None, 0, -signal.SIGTERM):
                self.anomalies.append(f"{process.log.name}: stopped with {code}: {tail(process.log)}")
            if code is None and time.monotonic() > process.limit:
                self.anomalies.append(f"{process.log.name}: did not stop within 60 s")
                process.kill()
                process.wait()
                code = -9
            if code is not None:
                self.leaving.remove(process)

    def drain(self, limit):
        process = self.start("--drain")
        self.living.remove(process)
        try:
            if process.wait(limit) != 0:
                self.anomalies.append(f"{process.log.name}: a drain ended with {process.returncode}: {tail(process.log)}")
        except subprocess.TimeoutExpired:
            self.anomalies.append(f"{process.log.name}: a drain did not end within {limit} s: {tail(process.log)}")
            process.kill()
            process.wait()

    def end(self):
        for process in self.living + self.leaving:
            process.kill()
            process.wait()
        for process in self.scripts():
            kill(process)

    # --- looking at processes -----------------------------------------------------------------------------------

    def watchers(self):
        own = {process.pid for process in self.living + self.leaving}
        return [pid for pid in processes() if parent(pid) in own and read(pid, "comm").strip() == b"bobbin-watch"]

    def scripts(self):
        """Living processes of runs of this root."""
        return [pid for pid in processes() if self.mark in read(pid, "environ")]

    def strays(self):
        """Everything that is left of this root: processes of runs by environment or standard input, and watchers."""
        spool = f"{self.root}/spool/"
        return [pid for pid in processes() if is_alive(pid) and (
            self.mark in read(pid, "environ") or link(pid, "fd/0").startswith(spool) or link(pid, "cwd").startswith(str(self.root)))]


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
        return True
    except ProcessLookupError:
        return False


def processes():
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]


def read(pid, part):
    try:
        with open(f"/proc/{pid}/{part}", "rb") as file:
            return file.read()
    except OSError:
        return b""


def link(pid, part):
    try:
        return os.readlink(f"/proc/{pid}/{part}")
    except OSError:
        return ""


def fields(pid):
    return read(pid, "stat").rpartition(b")")[2].split()


def parent(pid):
    found = fields(pid)
    return int(found[1]) if found else 0


def is_alive(pid):
    found = fields(pid)
    return bool(found) and found[0] not in (b"Z", b"X")


def tail(log):
    return log.read_bytes()[-600:].decode(errors="replace")
