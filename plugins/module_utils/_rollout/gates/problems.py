# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which gates are asked at a stage, and why the settings of a gate cannot be right."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite
from typing import TYPE_CHECKING, Any

from ..._common.amount import amount
from .settings import SPARE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..stages import Stage
    from .model import Gate

#: How long a gate may take at most. One that never ends judges nothing.
LONGEST_SECONDS = 7 * 86_400
# More verdicts in a row than any release needs.
_MOST_SUCCESSES = 1000


def gates_at(gates: Iterable[Gate[Any]], stage: Stage) -> tuple[Gate[Any], ...]:
    """Those of *gates* that are asked at *stage*."""
    return tuple(gate for gate in gates if stage in gate.stages)


def looked_at(gate: Gate[Any], poll_seconds: float) -> Gate[Any]:
    """*gate* where the deployment is looked at every *poll_seconds*: a deadline that was not given leaves time for it.

    Times that cannot be are left to `gate_problems`.
    """
    least = _least_seconds(gate, poll_seconds)
    if gate.deadline_given or not gate.deadline_seconds < least < LONGEST_SECONDS:
        return gate
    return replace(gate, deadline_seconds=min(least + SPARE_SECONDS, LONGEST_SECONDS))


def gate_problems(gate: Gate[Any], poll_seconds: float) -> list[str]:
    """Why the options of *gate* cannot be right, when the deployment is looked at every *poll_seconds*."""
    shared = [*_stage_problems(gate), *_time_problems(gate, poll_seconds)]
    return [f"gate {gate.name}: {problem}" for problem in (*shared, *gate.problems())]


def _stage_problems(gate: Gate[Any]) -> Iterator[str]:
    if not gate.stages:
        yield "stages is empty, so that it would never be asked; leave it out for every stage that it can judge."
    if strays := [stage.value for stage in gate.stages if stage not in gate.possible_stages]:
        able = ", ".join(stage.value for stage in gate.possible_stages)
        yield f"stages names {', '.join(strays)}, where kind {gate.kind} has nothing to judge; it takes {able}."


def _time_problems(gate: Gate[Any], poll_seconds: float) -> Iterator[str]:
    times = {
        name: getattr(gate, name)
        for name in ("bake_seconds", "deadline_seconds", "initial_delay_seconds", "interval_seconds")
    }
    unfit = [name for name, seconds in times.items() if not (isfinite(seconds) and seconds >= 0)]
    if unfit:
        yield f"{' and '.join(unfit)} must be numbers from 0 that end."
    elif long := [name for name, seconds in times.items() if seconds > LONGEST_SECONDS]:
        yield f"{' and '.join(long)} must be at most {LONGEST_SECONDS} (a week)."
    if gate.consecutive_successes < 1:
        yield "consecutive_successes must be at least 1; with fewer nothing would be looked at."
    elif gate.consecutive_successes > _MOST_SUCCESSES:
        yield f"consecutive_successes must be at most {_MOST_SUCCESSES}; with more it could never pass."
    elif not unfit:
        yield from _deadline_problems(gate, poll_seconds)


def _deadline_problems(gate: Gate[Any], poll_seconds: float) -> Iterator[str]:
    delay, deadline = gate.initial_delay_seconds, gate.deadline_seconds
    delayed = f"initial_delay_seconds {delay:g} and " if delay else ""
    pause, times = _pause(gate, poll_seconds), gate.consecutive_successes - gate.continues
    if deadline < delay + gate.bake_seconds:
        yield f"deadline_seconds is below {delayed}bake_seconds, so it could never pass."
    elif gate.aside_seconds > 0 and isfinite(gate.aside_seconds):
        yield from _aside_problems(gate, delayed, poll_seconds)
    elif deadline < _least_seconds(gate, poll_seconds):
        paced_by = "interval_seconds" if gate.interval_seconds >= pause else "poll_interval_seconds"
        yield (
            f"deadline_seconds {deadline:g} is below {delayed}{amount(times, 'time')} {pause:g} s "
            f"(consecutive_successes and {paced_by}), so that it would refuse good releases. Raise it, or leave it out."
        )


def _pause(gate: Gate[Any], poll_seconds: float) -> float:
    return max(gate.interval_seconds, poll_seconds if gate.watches or not gate.interval_seconds else 0.0)


def _least_seconds(gate: Gate[Any], poll_seconds: float) -> float:
    """After how long it can have passed at the earliest, by its measurings alone."""
    times, delay = gate.consecutive_successes, gate.initial_delay_seconds
    if gate.aside_seconds > 0 and isfinite(gate.aside_seconds):
        # Each is begun at a look, and seen to have ended at another one.
        return delay + times * max(gate.aside_seconds, gate.interval_seconds) + (2 * times - 1) * poll_seconds
    # It continues with the look that finds the deployment there; no others before that are sure.
    return delay + _pause(gate, poll_seconds) * (times - gate.continues)


def _aside_problems(gate: Gate[Any], delayed: str, poll_seconds: float) -> Iterator[str]:
    """A deadline that comes before runs can have ended that may take so long."""
    times, longest = gate.consecutive_successes, max(gate.aside_seconds, gate.interval_seconds)
    least = _least_seconds(gate, poll_seconds)
    if gate.deadline_seconds < least:
        yield (
            f"deadline_seconds {gate.deadline_seconds:g} is below {delayed}{amount(times, 'run')} of up to "
            f"{longest:g} s (consecutive_successes; the longer of {gate.kind}_timeout_seconds and interval_seconds) "
            f"with the looks at them every {poll_seconds:g} s: {least:g} s. Leave it out, or raise it."
        )
