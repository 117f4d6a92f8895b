# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What of a person's landings is for review, with the frames that show it.

A measure is for review when its value clears a reference by more than its error in at least three landings, and in more
than half of those that were measured. Of fewer than three it says so. A difference of left and right counts to one side
at a time: whoever bends now the left and now the right knee more has none. A finding is no diagnosis, and no risk.
"""

from __future__ import annotations

from dataclasses import replace
from statistics import fmean
from typing import TYPE_CHECKING

from fastbreak_service.movement.references import REFERENCES
from fastbreak_service.movement.values import Finding, Shown, Side, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastbreak_service.movement.values import Landing, Name, Reference, Value

NEEDED = 3


def findings(landings: Sequence[Landing]) -> list[Finding]:
    """A finding for each reference and side of which at least one landing was measured."""
    found = []
    for (name, legs), reference in REFERENCES.items():
        for side in Side:
            taken = [
                (landing, value)
                for landing in landings
                if landing.legs is legs
                for value in landing.measures
                if (value.measure, value.side) == (name, side) and value.value is not None
            ]
            if taken:
                found.append(_finding(name, side, reference, taken))
    return found


def _finding(name: Name, side: Side, reference: Reference, taken: Sequence[tuple[Landing, Value]]) -> Finding:
    whose = ""
    if side is Side.BOTH:
        reference, whose = _to_one_side(reference, taken)
    shown = [_shown(landing, value, reference) for landing, value in taken]
    clear = sum(one.clears for one in shown)
    if len(shown) < NEEDED:
        status, words = Status.NOT_ENOUGH_REPETITIONS, f"Not enough repetitions ({len(shown)} of {NEEDED})."
    elif clear >= NEEDED and 2 * clear > len(shown):
        beyond = "above" if reference.above else "below"
        status = Status.FOR_REVIEW
        where = f"{beyond} {reference.limit:g}{whose}"
        words = f"For review: {where} by more than its error in {clear} of {len(shown)} landings."
    else:
        status = Status.NOT_CLEAR
        words = f"Clears {reference.limit:g}{whose} by more than its error in {clear} of {len(shown)} landings."
    landing, value = taken[0]
    return Finding(
        name, side, value.unit, status, words, len(shown), NEEDED, landing.view.view, landing.rate, reference, shown
    )


def _to_one_side(reference: Reference, taken: Sequence[tuple[Landing, Value]]) -> tuple[Reference, str]:
    """The reference of a difference, left less right, with the sign of the side to which it clears more often.

    Where it clears as often to either, the mean tells. With it, in words, which side is larger.
    """
    right = replace(reference, limit=-reference.limit, above=not reference.above)
    lefts, rights = (sum(_clears(value, one) for _, value in taken) for one in (reference, right))
    mean = fmean(value.value for _, value in taken if value.value is not None)
    if lefts > rights or (lefts == rights and mean >= 0):
        return reference, " (the left larger)"
    return right, " (the right larger)"


def _clears(value: Value, reference: Reference) -> bool:
    if value.value is None or value.error is None:
        return False
    if reference.above:
        return value.value - value.error > reference.limit
    return value.value + value.error < reference.limit


def _shown(landing: Landing, value: Value, reference: Reference) -> Shown:
    assert value.value is not None  # noqa: S101 - those without a value were left out
    assert value.error is not None  # noqa: S101 - as above
    frame = landing.deepest_frame if value.frame is None else value.frame
    return Shown(landing.contact_frame, frame, value.value, value.error, _clears(value, reference))
