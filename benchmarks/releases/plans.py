# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is deployed, one after the other: the table's cells, good releases in a row, and many among faults."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice

from benchmarks.releases.kinds import BY_NAME, STRATEGIES, Kind

KILLED_EVERY = 10
# Bad releases that no user meets when they are told in time; with ROLLING users meet them.
_AMONG_FAULTS = (
    ("good", "BLUE_GREEN"),
    ("good", "CANARY"),
    ("status-500", "BLUE_GREEN"),
    ("good", "ROLLING"),
    ("error-body", "CANARY"),
    ("good", "BLUE_GREEN"),
    ("image-missing", "CANARY"),
)
_SOONEST_KILL, _LATEST_KILL = 5.0, 60.0


@dataclass(frozen=True)
class Planned:
    """A deployment of *kind* in a *way*. *number* counts those of a series from 1; the table's cells have 0.

    *killed_after*: so many seconds after it began its controller is killed, and the same command is given again.
    """

    kind: Kind
    way: str
    number: int = 0
    killed_after: float | None = None

    @property
    def key(self) -> tuple[str, str, int]:
        """What tells it from the others of a file."""
        return self.kind.name, self.way, self.number

    @property
    def name(self) -> str:
        """What its log is called."""
        return "-".join([self.kind.name, self.way, *([str(self.number)] if self.number else [])])


def table(kinds: Sequence[Kind], ways: Sequence[str]) -> list[Planned]:
    """The cells, way by way. The peers are tried with some kinds only."""
    return [Planned(kind, way) for way in ways for kind in kinds if way in STRATEGIES or kind.peers]


def in_a_row(ways: Sequence[str], count: int) -> list[Planned]:
    """*count* good releases by each strategy among *ways*."""
    good = BY_NAME["good"]
    return [Planned(good, way, number) for way in ways if way in STRATEGIES for number in range(1, count + 1)]


def among_faults(ways: Sequence[str], count: int, seed: int = 1) -> list[Planned]:
    """*count* releases, good and bad, by the strategies among *ways*; of one in ten the controller is killed."""
    chance = random.Random(seed)  # noqa: S311 - when to kill, no secret
    wanted = [(BY_NAME[kind], way) for kind, way in _AMONG_FAULTS if way in ways]
    return [
        Planned(kind, way, number, chance.uniform(_SOONEST_KILL, _LATEST_KILL) if _is_killed(number) else None)
        for number, (kind, way) in enumerate(islice(cycle(wanted), count), 1)
    ]


def _is_killed(number: int) -> bool:
    """In the middle of each ten, so that the first of a few is killed early enough to be seen."""
    return number % KILLED_EVERY == KILLED_EVERY // 2
