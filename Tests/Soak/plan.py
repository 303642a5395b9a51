"""What a soak does, and when: made from the seed alone, before anything is started."""

import random
from dataclasses import dataclass, field

import jobs
import producers

# How often things happen, in mean seconds between two of a kind.
EVERY = {
    "kill": 5.0,            # SIGKILL to an orchestrator, and a new one after a while
    "kill_watcher": 7.0,
    "kill_script": 2.0,
    "stop": 20.0,           # SIGTERM, and a new one after a while
    "stop_at_once": 45.0,   # SIGTERM twice
    "second": 25.0,         # a second orchestrator on the root; it ends as the first one does
    "retry_failed": 30.0,   # bobbin retry QUEUE --all
    "cancel": 10.0,         # bobbin cancel of whatever was dropped last
}
DROPS_A_SECOND = 4.0
WEIGHTS = {"plain": 5, "shaky": 5, "steps": 2, "deaf": 1, "daemon": 2, "closed": 1, "both": 1, "spent": 2}


@dataclass(order=True)
class Step:
    at: float
    number: int
    action: str = field(compare=False)
    queue: str = field(compare=False, default="")
    drop: object = field(compare=False, default=None)
    pause: float = field(compare=False, default=0.0)
    pick: float = field(compare=False, default=0.0)

    def __str__(self):
        words = [f"{self.at:9.3f}", self.action]
        if self.queue:
            words.append(self.queue)
        if self.drop:
            words += [self.drop.style, repr(self.drop.name)]
        return " ".join(words)


def make(seed, seconds):
    dice = random.Random(seed)
    steps = []

    def note(at, action, **more):
        steps.append(Step(at, len(steps), action, pause=dice.choice([0, 0, dice.uniform(0, 2)]), pick=dice.random(), **more))

    for action, mean in EVERY.items():
        at = dice.expovariate(1 / mean)
        while at < seconds:
            note(at, action, queue=dice.choice(list(WEIGHTS)) if action in ("retry_failed", "cancel") else "")
            at += dice.expovariate(1 / mean)
    number = 0
    at = 0.0
    while at < seconds:
        burst = dice.choice([1, 1, 1, 1, 2, 5, 12])
        for _ in range(burst):
            queue = dice.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
            number += 1
            note(at, "drop", queue=queue, drop=producers.plan(number, queue, dice))
        at += dice.expovariate(DROPS_A_SECOND / burst)
    assert set(WEIGHTS) <= set(jobs.SCRIPTS)
    return sorted(steps)
