# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many tasks Application Auto Scaling wants, minute by minute.

Target tracking as AWS documents it: tasks are added after three minutes above a target, and removed after fifteen
below nine tenths of all targets; after either it waits for a cooldown; what is wanted is the tasks there are times the
metric over its target. From 0 tasks a step policy adds one as soon as anything waits, for a product with 0 adds none.
https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking.html
"""

import math
from collections import deque
from dataclasses import dataclass, field

HIGH_MINUTES = 3
LOW_MINUTES = 15
LOW_SHARE = 0.9


@dataclass(frozen=True)
class Policy:
    """Between which numbers tasks are scaled, and what they follow: ``per_task`` pieces of work, and seconds of age."""

    minimum: int
    maximum: int
    per_task: float
    age_seconds: float
    cooldown_out: float = 60.0
    cooldown_in: float = 300.0

    @classmethod
    def fixed(cls, tasks: int) -> "Policy":
        """So many tasks, always."""
        return cls(tasks, tasks, per_task=1, age_seconds=1)


@dataclass
class Scaler:
    """Follows the metrics of each minute; ``desired`` is what it wants."""

    policy: Policy
    desired: int = field(init=False)
    _ratios: deque[float] = field(init=False)
    _rested: float = field(default=-math.inf, init=False)

    def __post_init__(self) -> None:
        self.desired = self.policy.minimum
        self._ratios = deque(maxlen=LOW_MINUTES)

    def minute(self, now: float, backlog: int, age: float, running: int) -> int:
        """What is wanted after a minute in which so much work was there, the oldest of it waiting so long."""
        policy = self.policy
        if policy.minimum == policy.maximum:
            return self.desired
        if self.desired == 0:
            if backlog:
                self._want(1, now)
            return self.desired
        # Per running task: while none runs there is no metric, and nothing is decided.
        if running == 0:
            return self.desired
        self._ratios.append(max(backlog / running / policy.per_task, age / policy.age_seconds))
        recent = list(self._ratios)
        if (
            min(recent[-HIGH_MINUTES:]) > 1
            and len(recent) >= HIGH_MINUTES
            and now - self._rested >= policy.cooldown_out
        ):
            self._want(math.ceil(running * recent[-1]), now)
        elif len(recent) == LOW_MINUTES and max(recent) < LOW_SHARE and now - self._rested >= policy.cooldown_in:
            wanted = math.ceil(running * recent[-1])
            if wanted < self.desired:
                self._want(wanted, now)
        return self.desired

    def _want(self, tasks: int, now: float) -> None:
        wanted = min(self.policy.maximum, max(self.policy.minimum, tasks))
        if wanted != self.desired:
            self.desired, self._rested = wanted, now
