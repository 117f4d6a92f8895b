# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that every gate has: at which stages it is asked, when it measures, and what its verdict does."""

from __future__ import annotations

from enum import Enum
from math import isfinite
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from ..._errors import RequestError
from ..stages import Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: What a deadline leaves beyond the least time that a gate needs, when it is not given: for each run of what is aside.
SPARE_SECONDS = 60.0
# How often a deployment is looked at by default.
_USUAL_LOOK_SECONDS, _MOST_LOOKS = 5.0, 1000


class AtDeadline(Enum):
    """What a gate does that is INCONCLUSIVE at its deadline.

    EXTEND gives it as much time again, once, and rolls back then. PAUSE holds the deployment where it is.
    """

    ROLLBACK = "rollback"
    EXTEND = "extend"
    PAUSE = "pause"


#: The options of every kind, as an argument spec. What is not given is the kind's own.
SHARED_OPTIONS: Mapping[str, Any] = {
    "name": {"type": "str"},
    "stages": {"type": "list", "elements": "str"},
    "bake_seconds": {"type": "float", "default": 30},
    "deadline_seconds": {"type": "float"},
    "initial_delay_seconds": {"type": "float", "default": 0},
    "interval_seconds": {"type": "float"},
    "consecutive_successes": {"type": "int"},
    "dry_run": {"type": "bool", "default": False},
    "running_version_may_fail": {"type": "bool", "default": False},
    "on_inconclusive": {
        "type": "str",
        "choices": [each.value for each in AtDeadline],
        "default": AtDeadline.ROLLBACK.value,
    },
}


class Kind(Protocol):
    """What a kind of gates says of what is not given."""

    possible_stages: ClassVar[tuple[Stage, ...]]
    usual_interval_seconds: ClassVar[float]
    usual_successes: ClassVar[int]
    watches: ClassVar[bool]


def shared_fields(
    kind: type[Kind], options: Mapping[str, Any], name: str, *, least_seconds: float = 0.0, aside_seconds: float = 0.0
) -> dict[str, Any]:
    """The fields that every gate has, from validated *options*; *name* is what it is called by default.

    *least_seconds* is how long it needs at least, whatever the shared options ask for. *aside_seconds* is how long one
    measuring may take that nothing else waits for. Raises RequestError for a stage that is none.
    """
    interval, successes = options["interval_seconds"], options["consecutive_successes"]
    interval = kind.usual_interval_seconds if interval is None else interval
    successes = kind.usual_successes if successes is None else successes
    delay, bake, deadline = options["initial_delay_seconds"], options["bake_seconds"], options["deadline_seconds"]
    aside = aside_seconds if isfinite(aside_seconds) else 0.0
    least = max(bake, max(interval, aside) * successes, least_seconds)
    # What measures with a look does not know here how often the deployment is looked at.
    looks = _USUAL_LOOK_SECONDS * min(successes, _MOST_LOOKS) if kind.watches or not interval else 0.0
    # What is aside is begun at a look, and seen to have ended at another one.
    spare = SPARE_SECONDS * (max(1, successes) if aside else 1)
    called = options["name"] or name
    return {
        "name": called,
        "stages": kind.possible_stages if options["stages"] is None else _read_stages(called, options["stages"]),
        "bake_seconds": bake,
        "deadline_seconds": delay + max(least + spare, looks) if deadline is None else deadline,
        "deadline_given": deadline is not None,
        "initial_delay_seconds": delay,
        "interval_seconds": interval,
        "consecutive_successes": successes,
        "dry_run": options["dry_run"],
        "running_version_may_fail": options["running_version_may_fail"],
        "on_inconclusive": AtDeadline(options["on_inconclusive"]),
    }


def _read_stages(name: str, given: Iterable[str]) -> tuple[Stage, ...]:
    known = {stage.value: stage for stage in Stage}
    if strays := sorted({*given} - {*known}):
        raise RequestError(f"Gate {name}: stages names {', '.join(strays)}; a stage is one of {', '.join(known)}.")
    return tuple(known[stage] for stage in dict.fromkeys(given))
