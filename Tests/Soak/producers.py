"""The ways in which files come into a folder, with the tools that people use."""

import io
import json
import os
import subprocess
import tarfile
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

HOSTILE = [
    b"new\nline", b"-rf", b"two  words ", b"'q\"uote`$(x)", b"\xff\xfe\x80", b"back\\slash", "\u202egnp.exe".encode(),
    b"*?[a]", b"caf\xc3\xa9", b"%s%n", b"a" * 180, b"~tilde", b"semi;colon|pipe&", b"\x01\x1b[31m",
]
QUIRKS = ["link_inside", "pipe_inside", "expired"]


@dataclass
class Drop:
    """One planned file. `sent` is what the producer knows to have delivered: several contents when it cannot know which."""

    number: int
    queue: str
    style: str
    name: bytes
    content: bytes
    pause: float
    sent: list = field(default_factory=list)


def plan(number, queue, dice):
    style = dice.choice(list(STYLES))
    if queue == "both" and dice.random() < 0.4:
        style = "folder"
    elif dice.random() < 0.02:
        style = dice.choice(QUIRKS)
    name = f"{number}-{queue}".encode()
    kind = dice.random()
    if queue == "shaky" and kind < 0.08:
        name += b"-bad"
    elif kind < 0.25:
        name += b"-" + dice.choice(HOSTILE)
    if kind > 0.97:
        name = name[:20] + b"x" * (255 - len(name[:20]))
    size = dice.choice([1, 40, 40, 2000, 2000, 65536, dice.randrange(1, 300_000), 0 if dice.random() < 0.3 else 7])
    head = f"{number} {dice.getrandbits(64)}\n".encode()
    content = (head * (size // len(head) + 1))[:max(size, len(head))] if size else b""
    if style in NAME_GROWS or style in QUIRKS:
        name = name[:200]
    return Drop(number, queue, style, name, content, dice.random())


class Producer:
    """Drops planned files into the queues below `spool`, from `stage`, which lies on the same file system."""

    def __init__(self, spool, stage, foreign, bobbin, root):
        self.spool, self.stage, self.foreign = os.fsencode(spool), os.fsencode(stage), os.fsencode(foreign)
        self.bobbin, self.root = bobbin, root

    def drop(self, drop):
        """Does it; afterwards `drop.sent` says what must be found."""
        drop.sent = [drop.content]
        target = os.path.join(self.spool, os.fsencode(drop.queue), drop.name)
        SPECIAL.get(drop.style, STYLES.get(drop.style))(self, drop, target)

    def staged(self, drop, folder=None):
        path = os.path.join(folder or self.stage, str(drop.number).encode())
        with open(path, "wb") as file:
            file.write(drop.content)
        return path


def tool(*command, stdin=None):
    done = subprocess.run(command, input=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        raise OSError(f"{command}: exit code {done.returncode}: {done.stderr!r}")


def move(producer, drop, target):
    os.rename(producer.staged(drop), target)


def copy(producer, drop, target):
    source = producer.staged(drop)
    tool("cp", "--", source, target)
    os.unlink(source)


def copy_keeping_times(producer, drop, target):
    source = producer.staged(drop)
    os.utime(source, (1_000_000_000, 1_000_000_000))
    tool("cp", "-p", "--", source, target)
    os.unlink(source)


def move_from_elsewhere(producer, drop, target):
    tool("mv", "--", producer.staged(drop, producer.foreign), target)


def slow_writer(producer, drop, target):
    with open(target, "wb", buffering=0) as file:
        step = max(1, len(drop.content) // 5)
        for start in range(0, len(drop.content), step):
            file.write(drop.content[start:start + step])
            time.sleep(drop.pause / 3)


def append_twice(producer, drop, target):
    """Closes the file half written and opens it again at once, as a shell's `>` and `>>` do."""
    half = len(drop.content) // 2
    with open(target, "wb") as file:
        file.write(drop.content[:half])
    time.sleep(drop.pause * 0.04)
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_APPEND)
    except FileNotFoundError:  # too slow, it was taken as it was: the producer knows it
        drop.sent = [drop.content[:half]]
        return
    with open(descriptor, "ab") as file:
        file.write(drop.content[half:])


def hard_link(producer, drop, target):
    source = producer.staged(drop)
    os.link(source, target)
    os.unlink(source)


def nameless(producer, drop, target):
    """O_TMPFILE, then linkat: the file appears whole."""
    folder = os.path.dirname(target)
    descriptor = os.open(folder, os.O_TMPFILE | os.O_WRONLY, 0o644)
    links = os.open("/proc/self/fd", os.O_RDONLY)  # Python follows the link only when it is given a folder
    with open(descriptor, "wb") as file:
        file.write(drop.content)
        file.flush()
        os.link(str(descriptor), target, src_dir_fd=links, follow_symlinks=True)
    os.close(links)


def rsync(producer, drop, target):
    source = producer.staged(drop)
    tool("rsync", "-a", "--", source, os.path.join(os.path.dirname(target), b"./", drop.name))
    os.unlink(source)


def rsync_in_place(producer, drop, target):
    source = producer.staged(drop)
    tool("rsync", "--inplace", "--whole-file", "--", source, os.path.join(os.path.dirname(target), b"./", drop.name))
    os.unlink(source)


def dd(producer, drop, target):
    tool("dd", b"of=" + target, "bs=4096", "conv=fsync", "status=none", stdin=drop.content)


def tar(producer, drop, target):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT, encoding="utf-8", errors="surrogateescape") as archive:
        member = tarfile.TarInfo(os.fsdecode(drop.name))
        member.size, member.mtime = len(drop.content), 1_100_000_000
        archive.addfile(member, io.BytesIO(drop.content))
    tool("tar", "-x", "-f", "-", "-C", os.path.dirname(target), stdin=packed.getvalue())


def install(producer, drop, target):
    source = producer.staged(drop)
    tool("install", "-m", "640", "--", source, target)
    os.unlink(source)


def temporary_name(producer, drop, target):
    with open(target + b".part", "wb") as file:
        file.write(drop.content)
        time.sleep(drop.pause / 5)
    os.rename(target + b".part", target)


def hidden_name(producer, drop, target):
    hidden = os.path.join(os.path.dirname(target), b"." + drop.name[:254])
    with open(hidden, "wb") as file:
        file.write(drop.content)
    os.rename(hidden, target)


def shell(producer, drop, target):
    tool("sh", "-c", 'cat > "$1"', "sh", target, stdin=drop.content)


def with_envelope(producer, drop, target):
    envelope = {"correlation_id": f"soak-{drop.number}", "properties": {"n": drop.number}}
    if drop.pause < 0.3:
        envelope["not_before"] = instant(drop.pause * 5)
    write_envelope(target, envelope)
    os.rename(producer.staged(drop), target)


def submit(producer, drop, target):
    source = producer.staged(drop)
    tool(producer.bobbin, "submit", "--root", producer.root, drop.queue, source, b"--name=" + drop.name)
    os.unlink(source)


# --- what cannot be run -----------------------------------------------------------------------------------------

def folder(producer, drop, target):
    source = os.path.join(producer.stage, str(drop.number).encode() + b".d")
    os.mkdir(source)
    for name in (b"one", b"two"):
        with open(os.path.join(source, name), "wb") as file:
            file.write(drop.content)
    os.rename(source, target)


def link_inside(producer, drop, target):
    os.symlink("/etc/passwd", target)


def pipe_inside(producer, drop, target):
    os.mkfifo(target)


def expired(producer, drop, target):
    write_envelope(target, {"expires_at": instant(-5)})
    os.rename(producer.staged(drop), target)


def write_envelope(target, envelope):
    with open(target + b".envelope", "w", encoding="utf-8") as file:
        json.dump(envelope, file)


def instant(seconds):
    return (datetime.now(timezone.utc) + timedelta(seconds=seconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


STYLES = {style.__name__: style for style in (
    move, copy, copy_keeping_times, move_from_elsewhere, slow_writer, append_twice, hard_link, nameless, rsync, rsync_in_place,
    dd, tar, install, temporary_name, hidden_name, shell, with_envelope, submit)}
SPECIAL = {style.__name__: style for style in (folder, link_inside, pipe_inside, expired)}
# These make a longer name first, or an envelope beside the file.
NAME_GROWS = {"rsync", "temporary_name", "with_envelope", "submit"}
