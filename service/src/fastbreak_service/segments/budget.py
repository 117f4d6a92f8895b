# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The work that one analysis may be, shared by its segments, who ask for a little of it at a time.

What is granted is charged at once, so all of them together are never more than the whole may be. An attempt that is
handed back, for which the video can do nothing, is not charged. When it gets scarce those that come later wait for the
earlier ones, which are likelier to be done: else all would end unfinished.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

GRANT_SECONDS = 10.0
"""Of estimated work. So much at most is charged to a worker that was killed, and was not done."""
_LEAST_SECONDS = 0.1
_FREE_TAKES = 20
"""How often a segment that is handed back costs nothing: more deployments or reclaims than one meets."""
_PATIENCE_SECONDS = 60.0
"""In which those who run have used what they were granted, or have ended and given back what they did not need."""


@dataclass(frozen=True, slots=True)
class Charge:
    """A segment's share of the work: its number and frames, what is charged to it, and whether it is looked at now."""

    number: int
    packets: int
    seconds: float
    runs: bool


@dataclass(frozen=True, slots=True)
class Used:
    """What this attempt at a segment has been so far, in estimated seconds and in frames of its own.

    `waited_seconds`: for how long it has been asking for more.
    """

    seconds: float
    frames: int
    waited_seconds: float = 0.0


def is_free(attempt: int) -> bool:
    """Whether an attempt that is handed back is not charged: so no video is begun anew for nothing without end."""
    return attempt <= _FREE_TAKES


def is_spent(spent_seconds: float, limit: float) -> bool:
    """Whether too little is left to be granted, with what is charged to all segments."""
    return limit - spent_seconds < _LEAST_SECONDS


def allowed(number: int, earlier_seconds: float, used: Used, charges: Sequence[Charge], limit: float) -> float | None:
    """What an attempt may be in all, in estimated seconds; no more than it was if nothing is left; None: wait.

    `earlier_seconds` is what earlier attempts at the segment were; `charges` are those of the others.
    """
    spent = sum(one.seconds for one in charges) + earlier_seconds + used.seconds
    if is_spent(spent, limit):
        # Whoever has been granted nothing has nothing to give back, and asks in vain, too.
        having = [one for one in charges if one.runs and one.seconds > _LEAST_SECONDS]
        comes_back = used.waited_seconds < _PATIENCE_SECONDS and having
        return None if comes_back or _earlier(number, having) else used.seconds
    left = limit - spent
    granted = min(GRANT_SECONDS, left)
    needed = _needed(number, used, charges)
    return used.seconds + granted if needed <= 0 or left - granted >= needed else None


def _earlier(number: int, charges: Sequence[Charge]) -> list[Charge]:
    return [one for one in charges if one.runs and one.number < number]


def _needed(number: int, used: Used, charges: Sequence[Charge]) -> float:
    """What earlier segments that are looked at will still be, if their frames are as much work as others were."""
    ended = [one for one in charges if not one.runs and one.seconds > 0]
    frames = used.frames + sum(one.packets for one in ended)
    if frames == 0:
        return 0.0
    rate = (used.seconds + sum(one.seconds for one in ended)) / frames
    return sum(max(0.0, rate * one.packets - one.seconds) for one in _earlier(number, charges))
